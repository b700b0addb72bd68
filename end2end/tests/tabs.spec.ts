import { expect, mfes, test, type Workbench } from "./fixtures/workbench";

/** What all tabs show, once they show the same. */
async function expectAgreed(tabs: Workbench[]) {
  const shown = () =>
    Promise.all(tabs.map((tab) => tab.mfe("profile").snapshot.locator("pre").textContent()));
  await expect.poll(async () => new Set(await shown()).size).toBe(1);
}

for (const count of [2, 4]) {
  test(`every edit in one of ${count} tabs is in the others`, async ({ tabs }) => {
    const all = await tabs(count);
    for (const [index, tab] of all.entries()) {
      const mfe = tab.mfe(mfes[index % mfes.length]);
      await mfe.setName(`Grace ${index}`);
      await mfe.setEmail(`grace${index}@example.org`);
      await mfe.setCounter(1_000 + index);
      const theme = index % 2 === 0 ? "Dark" : "Light";
      await mfe.chooseTheme(theme);
      for (const other of all) {
        for (const shown of other.mfes()) {
          await shown.expectName(`Grace ${index}`);
          await shown.expectEmail(`grace${index}@example.org`);
          await shown.expectCounter(1_000 + index);
          await shown.expectTheme(theme);
        }
        await other.edges.expectSaved();
      }
    }
    for (const tab of all) {
      await expect(tab.edges.fact("Refused")).toHaveText("nothing");
      await expect(tab.edges.fact("Repaired")).toHaveText("0");
      await expect(tab.edges.fact("Last sync")).toHaveText(/^\d\d:\d\d:\d\d$/);
    }
  });

  test(`${count} tabs that are edited at once agree, and so does a reload`, async ({ tabs }) => {
    const all = await tabs(count);
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(
        all.map(async (tab, index) => {
          await tab.mfe("profile").setName(`${round} of ${index}`);
          await tab.mfe("activity").setCounter(round * 10 + index);
        }),
      );
      await expectAgreed(all);
    }
    const name = await all[0].mfe("profile").name.inputValue();
    await all[0].page.reload();
    await all[0].mfe("profile").expectName(name);
    await expectAgreed(all);
  });
}

test("a change that comes from another tab says so, and names who made it", async ({ tabs }) => {
  const [one, other] = await tabs(2);
  await one.mfe("activity").count("Add 100");
  await other.log.expectNewest({ key: "counter", old: "42", new: "142", source: "activity" });
  // It is that tab's to take back.
  await other.history.expectPosition(0, 0);
  await one.history.expectPosition(1, 1);
  await one.history.undo.click();
  await other.mfe("profile").expectCounter(42);
});

test("two fields of one value that are edited at once are both kept", async ({ tabs }) => {
  const [one, other] = await tabs(2);
  await one.mfe("profile").setName("Ada");
  await other.mfe("profile").expectName("Ada");
  // Neither hears of the other until both have written.
  await one.edges.hide();
  await one.mfe("profile").setName("Grace");
  await other.mfe("profile").setEmail("grace@example.org");
  await one.edges.show();
  for (const tab of [one, other]) {
    await tab.mfe("activity").expectName("Grace");
    await tab.mfe("activity").expectEmail("grace@example.org");
  }
});

test("clearing and resetting reach the other tab", async ({ tabs }) => {
  const [one, other] = await tabs(2);
  await one.mfe("profile").setName("Grace");
  await one.mfe("activity").count("Add 100");
  await other.mfe("activity").expectName("Grace");
  await other.clear();
  // Those count the edits of this tab.
  await one.expectKeys(["@activity/edits", "@profile/edits"]);
  await one.reset();
  await other.mfe("activity").expectName("Ada Lovelace");
  await other.mfe("activity").expectCounter(42);
});

test("each tab counts its own edits, and keeps them to itself", async ({ tabs }) => {
  const [one, other] = await tabs(2);
  await one.mfe("profile").setName("Grace");
  await other.mfe("profile").expectName("Grace");
  await expect(one.mfe("profile").edits).toHaveText("1 edit made here");
  await expect(other.mfe("profile").edits).toHaveText("No edits made here yet");
  expect(await one.edges.stored("@profile/edits")).toBeUndefined();
});

test("tabs come and go", async ({ tabs, context }) => {
  const [one, other] = await tabs(2);
  const idOf = (tab: Workbench) => tab.edges.fact("This tab").innerText();
  expect(await idOf(one)).not.toBe(await idOf(other));
  await expect(one.edges.fact("Other tabs")).toContainText(await idOf(other));

  const [third] = await Promise.all([
    context.waitForEvent("page"),
    one.edges.panel.getByRole("link", { name: "Open a second tab" }).click(),
  ]);
  await expect(third).toHaveTitle("Workbench · universal-state");
  await one.edges.expectTabs(2);
  await other.edges.expectTabs(2);
  await third.close();
  await one.edges.expectTabs(1);
  await other.page.goto("about:blank");
  await one.edges.expectTabs(0);
});

test("a tab that joins has what the others have, though it is not stored", async ({ tabs }) => {
  const [one] = await tabs(1, { storage: "memory" });
  await one.mfe("profile").setName("Grace");
  const context = one.page.context();
  const page = await context.newPage();
  await page.goto("/?storage=memory");
  await expect(
    page.getByRole("region", { name: "Profile" }).getByRole("textbox", { name: "Name" }),
  ).toHaveValue("Grace");
});

test("without BroadcastChannel tabs hear each other by storage events", async ({
  tabs,
  context,
}) => {
  await context.addInitScript(() => {
    Object.defineProperty(window, "BroadcastChannel", { value: undefined });
  });
  const [one, other] = await tabs(2);
  await expect(one.edges.fact("Channel")).toHaveText("storage events");
  await one.mfe("profile").setName("Grace");
  await other.mfe("activity").expectName("Grace");
  await other.mfe("activity").count("Add 100");
  await one.mfe("profile").expectCounter(142);
  const names = await one.page.evaluate(() => Object.keys(localStorage));
  expect(names.filter((name) => name.includes("channel"))).toEqual([]);
});
