import { engines, expect, test } from "./fixtures/workbench";

for (const engine of engines) {
  test.describe(`on the ${engine} engine`, () => {
    test("undo takes back what any micro-frontend did, and redo does it again", async ({
      visit,
    }) => {
      const { history } = visit;
      await visit.open({ engine });
      await history.expectPosition(0, 0);
      await visit.mfe("profile").setName("Grace");
      await visit.mfe("activity").count("Add 100");
      await visit.mfe("preferences").chooseTheme("Dark");
      await history.expectPosition(3, 3);

      await history.undo.click();
      await visit.mfe("profile").expectTheme("Light");
      await history.expectPosition(2, 3);
      await expect(history.report).toHaveText("Undone: theme.");
      await visit.log.expectNewest({
        key: "theme",
        old: '"dark"',
        new: '"light"',
        source: "history",
      });
      await history.undo.click();
      await history.undo.click();
      for (const mfe of visit.mfes()) {
        await mfe.expectName("Ada Lovelace");
        await mfe.expectCounter(42);
      }
      await history.expectPosition(0, 3);

      await history.redo.click();
      await visit.mfe("activity").expectName("Grace");
      await expect(history.report).toHaveText("Redone: user.");
      await history.redo.click();
      await history.redo.click();
      for (const mfe of visit.mfes()) {
        await mfe.expectTheme("Dark");
        await mfe.expectCounter(142);
      }
      await history.expectPosition(3, 3);
    });

    test("two keys written in one transaction are one step", async ({ visit }) => {
      await visit.open({ engine });
      await visit.mfe("preferences").count("Night, 0");
      await visit.history.expectPosition(1, 1);
      await expect(visit.history.step(1)).toContainText("theme, counter");
      await visit.history.undo.click();
      await visit.mfe("profile").expectCounter(42);
      await visit.mfe("profile").expectTheme("Light");
    });

    test("a step can be gone to, back and forth", async ({ visit }) => {
      const { history } = visit;
      await visit.open({ engine });
      await visit.mfe("profile").setName("Grace");
      await visit.mfe("activity").count("Add 100");
      await visit.mfe("preferences").chooseTheme("Dark");
      await expect(history.step(2)).toContainText("activity");
      const version = await visit.number("Version");

      await history.step(1).click();
      await history.expectPosition(1, 3);
      await visit.mfe("activity").expectCounter(42);
      await visit.mfe("activity").expectTheme("Light");
      await visit.mfe("activity").expectName("Grace");
      // However far it is, it is one transaction.
      await expect(visit.figure("Version")).toHaveText(String(version + 1));

      await history.step(3).click();
      await history.expectPosition(3, 3);
      await visit.mfe("activity").expectCounter(142);
      await history.step(0).click();
      await history.expectPosition(0, 3);
      await expect(history.report).toContainText("Back at the beginning");
      await visit.mfe("activity").expectName("Ada Lovelace");
      await history.step(0).click();
      await expect(history.report).toHaveText("There is no such step.");
    });

    test("the history goes on when the engine is exchanged", async ({ visit }) => {
      const { history } = visit;
      await visit.open({ engine });
      await visit.mfe("profile").setName("Grace");
      await visit.mfe("activity").count("Add 100");
      await history.undo.click();
      await history.expectPosition(1, 2);

      await visit.switchEngine(engine === "map" ? "signal" : "map");
      await history.expectPosition(1, 2);
      await history.redo.click();
      await visit.mfe("profile").expectCounter(142);
      await visit.mfe("preferences").count("Add 1");
      await history.expectPosition(3, 3);

      await visit.switchEngine(engine);
      await history.step(0).click();
      await visit.mfe("profile").expectCounter(42);
      await visit.mfe("profile").expectName("Ada Lovelace");
    });

    test("clearing and resetting can be taken back", async ({ visit }) => {
      await visit.open({ engine });
      await visit.mfe("profile").setName("Grace");
      await visit.clear();
      await expect(visit.figure("Keys")).toHaveText("0");
      await visit.history.undo.click();
      await visit.mfe("activity").expectName("Grace");
      await visit.mfe("activity").expectCounter(42);

      await visit.reset();
      await visit.mfe("activity").expectName("Ada Lovelace");
      await visit.history.undo.click();
      await visit.mfe("activity").expectName("Grace");
    });
  });
}

test("an edit after an undo forgets what could be redone", async ({ workbench }) => {
  const { history } = workbench;
  await workbench.mfe("activity").count("Add 100");
  await workbench.mfe("profile").count("Add 1");
  await history.expectPosition(2, 2);
  await history.undo.click();
  await history.expectPosition(1, 2);
  await workbench.mfe("preferences").chooseTheme("Dark");
  await history.expectPosition(2, 2);
  await expect(history.step(2)).toContainText("theme");
});

test("what belongs to one micro-frontend alone is no step", async ({ workbench }) => {
  await workbench.mfe("profile").setName("Grace");
  await expect(workbench.mfe("profile").edits).toHaveText("1 edit made here");
  await expect(workbench.history.step(1)).not.toContainText("edits");
  await workbench.history.undo.click();
  await workbench.mfe("profile").expectName("Ada Lovelace");
  await expect(workbench.mfe("profile").edits).toHaveText("1 edit made here");
});

test("typing is one step until it pauses", async ({ visit }) => {
  const { history } = visit;
  const start = new Date("2026-01-02T12:00:00Z");
  await visit.page.clock.setFixedTime(start);
  await visit.open();
  const { name } = visit.mfe("profile");
  await name.press("End");
  await name.pressSequentially(", Lady");
  await visit.mfe("activity").expectName("Ada Lovelace, Lady");
  await history.expectPosition(1, 1);

  await visit.page.clock.setFixedTime(start.getTime() + 5_000);
  await name.pressSequentially("!!");
  await visit.mfe("activity").expectName("Ada Lovelace, Lady!!");
  await history.expectPosition(2, 2);
  await history.undo.click();
  await visit.mfe("activity").expectName("Ada Lovelace, Lady");
});

for (const command of ["Control", "Meta"]) {
  test(`${command}+Z undoes and ${command}+Shift+Z redoes`, async ({ workbench }) => {
    const { history, page } = workbench;
    await workbench.mfe("activity").count("Add 100");
    await workbench.mfe("preferences").chooseTheme("Dark");
    await history.expectPosition(2, 2);
    await page.keyboard.press(`${command}+z`);
    await history.expectPosition(1, 2);
    await workbench.mfe("profile").expectTheme("Light");
    await page.keyboard.press(`${command}+z`);
    await history.expectPosition(0, 2);
    await page.keyboard.press(`${command}+z`);
    await history.expectPosition(0, 2);
    await page.keyboard.press(`${command}+Shift+Z`);
    await history.expectPosition(1, 2);
    await workbench.mfe("profile").expectCounter(142);
    // Neither the letter alone nor another combination does anything.
    await page.keyboard.press("z");
    await page.keyboard.press(`${command}+Alt+z`);
    await page.keyboard.press(`${command}+x`);
    await history.expectPosition(1, 2);
  });
}

test("in a field for text the keys belong to the field", async ({ workbench }) => {
  const { history, page } = workbench;
  await workbench.mfe("activity").count("Add 100");
  await history.expectPosition(1, 1);
  for (const field of [workbench.mfe("profile").name, workbench.mfe("profile").counter]) {
    await field.focus();
    await page.keyboard.press("Control+z");
    await page.keyboard.press("Meta+z");
  }
  await history.expectPosition(1, 1);
  await workbench.mfe("profile").expectCounter(142);
});

test("the buttons say their keys, and keep the focus when there is nothing left", async ({
  workbench,
}) => {
  const { history, page } = workbench;
  await expect(history.undo).toHaveAttribute("aria-keyshortcuts", "Control+Z Meta+Z");
  await expect(history.redo).toHaveAttribute("aria-keyshortcuts", "Control+Shift+Z Meta+Shift+Z");
  await workbench.mfe("activity").count("Add 100");
  await history.expectPosition(1, 1);
  await history.undo.focus();
  await page.keyboard.press("Enter");
  await history.expectPosition(0, 1);
  await expect(history.undo).toBeFocused();
  await page.keyboard.press("Enter");
  await history.expectPosition(0, 1);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await history.expectPosition(1, 1);
  await expect(history.redo).toBeFocused();
});

test("thirty steps are kept, and the newest of them can be seen", async ({ workbench }) => {
  const { history } = workbench;
  const height = await history.panel.evaluate((panel) => panel.getBoundingClientRect().height);
  for (let step = 0; step < 17; step++) {
    await workbench.mfe("profile").count("Add 1");
    await workbench.mfe("activity").count("Add 10");
  }
  await history.expectPosition(30, 30);
  await history.step(30).scrollIntoViewIfNeeded();
  await expect(history.step(30)).toBeInViewport();
  expect(await history.panel.evaluate((panel) => panel.getBoundingClientRect().height)).toBe(height);
  await history.step(0).click();
  await history.expectPosition(0, 30);
  await workbench.mfe("profile").expectCounter(42 + 2 * 11);
});
