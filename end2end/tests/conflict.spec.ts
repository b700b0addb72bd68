import { expect, test, type Workbench } from "./fixtures/workbench";

const CONFLICTS = Number(process.env.CONFLICTS ?? 200);

/** After so many conflicts a page is opened anew. */
const RELOAD = 10;

/** Writes the counter at a moment, in a turn in which the wall clock shows nothing else. */
async function writeAt(tab: Workbench, moment: number, value: number) {
  await tab.page.evaluate(
    async ({ moment, value }) => {
      const input = document.querySelector<HTMLInputElement>("#profile-counter");
      if (!input) throw new Error("no counter");
      const { now } = Date;
      while (now() < moment);
      Date.now = () => moment;
      input.value = String(value);
      input.dispatchEvent(new Event("change", { bubbles: true }));
      await new Promise((done) => setTimeout(done));
      Date.now = now;
    },
    { moment, value },
  );
}

function counter(tab: Workbench) {
  return tab.page.evaluate(
    () => document.querySelector<HTMLInputElement>("#profile-counter")?.value,
  );
}

test(`${CONFLICTS} conflicts of one millisecond: pages, storage and a reload agree every time`, async ({
  tabs,
  context,
}) => {
  test.setTimeout(600_000);
  const [one, other] = await tabs(2);
  let [conflicts, first, rounds] = [0, 0, 0];
  while (conflicts < CONFLICTS) {
    rounds += 1;
    // A machine that is busy with other things may run one tab after the other.
    expect(rounds).toBeLessThan(3 * CONFLICTS);
    const values = [rounds * 2, rounds * 2 + 1];
    const moment = Date.now() + 80;
    await Promise.all([writeAt(one, moment, values[0]), writeAt(other, moment, values[1])]);
    // Twice the same: a process may see what another one stored a little later than its message.
    let [value, last]: (number | undefined)[] = [];
    const agreed = async () => {
      const [here, there, stored] = await Promise.all([
        counter(one),
        counter(other),
        one.edges.stored("counter"),
      ]);
      const now = here === there && Number(here) === stored ? stored : undefined;
      value = now === last ? now : undefined;
      last = now;
      return value;
    };
    const agree = expect.poll(agreed, { intervals: [10, 20], message: `round ${rounds}` });
    await agree.not.toBeUndefined();
    expect(values).toContain(value);
    if ((await one.edges.knownToWriter("counter")) > 0) continue;
    conflicts += 1;
    if (value === values[0]) first += 1;
    if (conflicts % RELOAD === 0) {
      const page = await context.newPage();
      await page.goto("/");
      await expect(page.locator("#profile-counter")).toHaveValue(String(value));
      await page.close();
    }
  }
  console.log(`${conflicts} conflicts in ${rounds} rounds: the first tab won ${first}`);
  for (const tab of [one, other]) {
    await expect(tab.edges.fact("Repaired")).toHaveText("0");
  }
});
