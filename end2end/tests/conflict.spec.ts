import { expect, test, type Workbench } from "./fixtures/workbench";

const CONFLICTS = 200;

/** After so many conflicts a page is opened anew. */
const RELOAD = 10;

/** Writes the counter at a moment of the real clock, which all tabs share. */
async function writeAt(tab: Workbench, moment: number, value: number) {
  await tab.page.evaluate(
    ({ moment, value }) => {
      const input = document.querySelector<HTMLInputElement>("#profile-counter");
      if (!input) throw new Error("no counter");
      while (performance.timeOrigin + performance.now() < moment);
      input.value = String(value);
      input.dispatchEvent(new Event("change", { bubbles: true }));
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
  test.setTimeout(300_000);
  // The wall clock of all pages stands still: all stamps are of one millisecond.
  await context.clock.setFixedTime(new Date("2026-01-02T12:00:00Z"));
  const [one, other] = await tabs(2);
  let first = 0;
  for (let round = 1; round <= CONFLICTS; round += 1) {
    const values = [round * 2, round * 2 + 1];
    const moment = Date.now() + 20;
    await Promise.all([
      writeAt(one, moment, values[0]),
      writeAt(other, moment, values[1]),
    ]);
    const shown = async () => {
      const [here, there] = await Promise.all([counter(one), counter(other)]);
      return here === there ? Number(here) : undefined;
    };
    await expect.poll(shown, { intervals: [5, 20] }).toBeDefined();
    await expect
      .poll(
        async () => {
          const [agreed, stored] = [await shown(), await one.edges.stored("counter")];
          return agreed !== undefined && values.includes(agreed) && stored === agreed;
        },
        { intervals: [5, 20], message: `round ${round}: storage agrees` },
      )
      .toBe(true);
    if ((await shown()) === values[0]) first += 1;
    if (round % RELOAD === 0) {
      const page = await context.newPage();
      await page.goto("/");
      await expect(page.locator("#profile-counter")).toHaveValue(String(await shown()));
      await page.close();
    }
  }
  console.log(`${CONFLICTS} conflicts: the first tab won ${first}, the second ${CONFLICTS - first}`);
  for (const tab of [one, other]) {
    await expect(tab.edges.fact("Repaired")).toHaveText("0");
  }
});
