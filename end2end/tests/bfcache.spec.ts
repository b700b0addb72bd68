import { expect, test } from "./fixtures/workbench";

test("a page that was away has on its return what it missed, and others have what it wrote", async ({
  tabs,
}) => {
  const [one, other] = await tabs(2);
  await one.edges.hide();
  await other.edges.expectTabs(0);
  await other.mfe("profile").setName("Grace");
  await other.mfe("activity").count("Add 100");
  await other.mfe("preferences").chooseTheme("Dark");
  await other.edges.expectSaved();
  // It is away: nothing reaches it.
  await one.mfe("profile").expectName("Ada Lovelace");

  await one.edges.show();
  for (const mfe of one.mfes()) {
    await mfe.expectName("Grace");
    await mfe.expectCounter(142);
    await mfe.expectTheme("Dark");
  }
  await one.edges.expectTabs(1);
  await other.edges.expectTabs(1);
  await one.mfe("activity").count("Add 1");
  await other.mfe("activity").expectCounter(143);
  await expect(one.edges.fact("Refused")).toHaveText("nothing");
});

test("a page comes back from the history of the browser with everything", async ({ tabs }) => {
  const [one, other] = await tabs(2);
  await one.mfe("profile").setName("Grace");
  await one.page.goto("about:blank");
  await other.edges.expectTabs(0);
  await other.mfe("activity").count("Add 100");
  await one.page.goBack();
  await one.mfe("profile").expectName("Grace");
  await one.mfe("profile").expectCounter(142);
  await other.edges.expectTabs(1);
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
