import { storages } from "./fixtures/edges";
import { expect, test } from "./fixtures/workbench";

// Playwright switches the back/forward cache off. With it, a page that is left is frozen and comes back
// as it was (HTML, section 7.4.6.1).
test.use({
  launchOptions: [
    async ({ launchOptions }, use) => {
      await use({ ...launchOptions, ignoreDefaultArgs: ["--disable-back-forward-cache"] });
    },
    { scope: "worker" },
  ],
});

for (const storage of storages) {
  test(`a page that comes back from the cache has what it missed, stored in ${storage}`, async ({
    tabs,
  }) => {
    const [one, other] = await tabs(2, { storage });
    await one.mfe("profile").setEmail("grace@example.org");
    await other.mfe("profile").expectEmail("grace@example.org");
    await one.page.evaluate(() => {
      addEventListener("pageshow", (event) => Object.assign(window, { kept: event.persisted }));
    });
    await one.page.goto("/robots.txt");
    await other.edges.expectTabs(0);
    await other.mfe("profile").setName("Grace");
    await other.mfe("activity").count("Add 100");
    await other.mfe("preferences").chooseTheme("Dark");
    await other.edges.expectSaved();

    await one.page.goBack({ waitUntil: "commit" });
    await expect.poll(() => one.page.evaluate(() => "kept" in window && window.kept)).toBe(true);
    for (const mfe of one.mfes()) {
      await mfe.expectName("Grace");
      await mfe.expectEmail("grace@example.org");
      await mfe.expectCounter(142);
      await mfe.expectTheme("Dark");
    }
    await one.edges.expectTabs(1);
    await other.edges.expectTabs(1);
    await one.mfe("activity").count("Add 1");
    await other.mfe("activity").expectCounter(143);
    await expect(one.edges.fact("Refused")).toHaveText("nothing");
  });
}

test("a page that wrote while it was left is heard when it is back", async ({ tabs }) => {
  const [one, other] = await tabs(2);
  await one.edges.hide();
  await other.edges.expectTabs(0);
  await other.mfe("profile").setName("Grace");
  await one.mfe("profile").expectName("Ada Lovelace");
  await one.mfe("activity").count("Add 100");
  await one.edges.show();
  for (const tab of [one, other]) {
    await tab.mfe("preferences").expectName("Grace");
    await tab.mfe("preferences").expectCounter(142);
  }
});

test("a page that is hidden has stored what was written, and shown again it looks around", async ({
  tabs,
}) => {
  const [one, other] = await tabs(2);
  const turn = (hidden: boolean) =>
    one.page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, hidden);
  await one.mfe("activity").count("Add 100");
  await turn(true);
  expect(await one.edges.stored("counter")).toBe(142);
  // It is still there for the others.
  await other.edges.expectTabs(1);
  await other.mfe("activity").count("Add 1");
  await one.mfe("activity").expectCounter(143);
  await turn(false);
  await one.mfe("activity").count("Add 1");
  await other.mfe("activity").expectCounter(144);
});
