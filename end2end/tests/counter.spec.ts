import { engines, expect, test } from "./fixtures/workbench";

for (const engine of engines) {
  test.describe(`on the ${engine} engine`, () => {
    test("all micro-frontends count one counter", async ({ visit }) => {
      await visit.open({ engine });
      await visit.mfe("profile").count("Add 1");
      await visit.mfe("preferences").count("Add 1");
      await visit.mfe("activity").count("Subtract 10");
      for (const mfe of visit.mfes()) {
        await mfe.expectCounter(34);
      }
      await expect(visit.mfe("activity").place.locator("output")).toHaveText("34");
      await visit.log.expectNewest({ key: "counter", old: "44", new: "34", source: "activity" });
    });

    test("a preset changes theme and counter in one transaction", async ({ visit }) => {
      await visit.open({ engine });
      const before = await visit.number("Version");
      await visit.mfe("preferences").count("Night, 0");
      for (const mfe of visit.mfes()) {
        await mfe.expectCounter(0);
        await mfe.expectTheme("Dark");
      }
      await expect(visit.figure("Version")).toHaveText(String(before + 1));
    });
  });
}

test("what is no number is refused beside the field", async ({ workbench }) => {
  const profile = workbench.mfe("profile");
  await profile.setCounter("lots");
  await expect(profile.refusal).toHaveText("Not saved: “lots” is no whole number");
  await workbench.expectValue("counter", 42);
});
