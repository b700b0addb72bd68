import { engines, expect, test } from "./fixtures/workbench";

test("the log is empty until something changes, and says so", async ({ workbench }) => {
  await expect(workbench.log.rows).toHaveCount(0);
  await expect(workbench.log.panel).toContainText("Nothing has changed since the page was opened");
});

for (const engine of engines) {
  test.describe(`on the ${engine} engine`, () => {
    test("an entry tells time, key, values before and after, and source", async ({ visit }) => {
      await visit.open({ engine });
      await visit.mfe("profile").count("Add 1");
      const row = visit.log.newest("counter");
      await row.expect({ key: "counter", old: "42", new: "43", source: "profile" });
      await expect(row.time).toHaveText(/^\d\d:\d\d:\d\d$/);
      await expect(row.source).toContainText("mfe");
    });

    test("the newest entry comes first, and fifty are kept", async ({ visit }) => {
      await visit.open({ engine });
      // Each edit is two changes: the counter, and the count of edits.
      for (let edit = 1; edit <= 26; edit++) {
        await visit.mfe("activity").count("Add 10");
      }
      await expect(visit.log.rows).toHaveCount(50);
      await visit.log.row(0).expect({
        key: "@activity/edits",
        old: "25",
        new: "26",
        source: "activity",
      });
      await visit.log.row(1).expect({
        key: "counter",
        old: "292",
        new: "302",
        source: "activity",
      });
      await visit.log.row(49).expect({
        key: "counter",
        old: "52",
        new: "62",
        source: "activity",
      });
      await expect(visit.log.panel).toContainText("the last 50 of 52");
    });
  });
}

for (const engine of engines) {
  test(`an entry tells where inside of the value it changed, on ${engine}`, async ({ visit }) => {
    await visit.open({ engine });
    await visit.mfe("profile").setEmail("ada@example.com");
    await visit.log.expectNewest({
      key: "user",
      path: "/email",
      old: 'email: "ada@example.org"',
      new: 'email: "ada@example.com"',
      source: "profile",
    });
    await visit.mfe("activity").setName("Grace");
    const { path } = visit.log.newest("user");
    await expect(path).toHaveText("/name");
    await expect(path).toHaveAttribute("title", "/name");

    await visit.reset();
    await expect(visit.log.newest("user").path.locator("code")).toHaveText(["/email", "/name"]);
    await visit.clear();
    await expect(visit.log.newest("user").path).toHaveText("whole value");
  });
}

test("a long value is cut, and whole in its title", async ({ workbench }) => {
  const long = "Ada ".repeat(100);
  await workbench.mfe("profile").setName(long);
  const value = workbench.log.newest("user").change.locator("code").last();
  await expect(value).toHaveText(/…$/);
  await expect(value).toHaveAttribute("title", new RegExp(`"name":"${long}"`));
  expect((await value.innerText()).length).toBeLessThan(80);
});

test("what the operator does names the workbench as its source", async ({ workbench }) => {
  await workbench.clear();
  await workbench.log.expectNewest({
    key: "counter",
    old: "42",
    new: "unset",
    source: "workbench",
  });
});
