import { engines, expect, test } from "./fixtures/workbench";

for (const engine of engines) {
  test.describe(`on the ${engine} engine`, () => {
    test("clearing removes every key in one transaction, and editing goes on from nothing", async ({
      visit,
    }) => {
      await visit.open({ engine });
      await visit.mfe("profile").setName("Grace");
      await expect(visit.key("@profile/edits")).toBeVisible();
      const version = await visit.number("Version");

      await visit.clear();
      await expect(visit.figure("Keys")).toHaveText("0");
      await expect(visit.figure("Version")).toHaveText(String(version + 1));
      await expect(visit.allKeys).toContainText("The store holds no key");
      await expect(visit.mfe("profile").place).toContainText("Nobody yet");
      for (const mfe of visit.mfes()) {
        await expect(mfe.name).toHaveValue("");
        await expect(mfe.counter).toHaveValue("0");
        await expect(mfe.edits).toHaveText("No edits made here yet");
      }

      await visit.mfe("activity").setName("Katherine");
      await visit.mfe("profile").expectName("Katherine");
      await visit.expectKeys(["user", "@activity/edits"]);
    });

    test("resetting brings the state of the beginning back", async ({ visit }) => {
      await visit.open({ engine });
      await visit.mfe("profile").setName("Grace");
      await visit.mfe("activity").count("Add 100");
      await visit.mfe("preferences").chooseTheme("Dark");
      await visit.mfe("profile").expectTheme("Dark");

      await visit.reset();
      for (const mfe of visit.mfes()) {
        await mfe.expectName("Ada Lovelace");
        await mfe.expectCounter(42);
        await mfe.expectTheme("Light");
      }
      await visit.expectKeys(["counter", "theme", "user"]);
      await expect(visit.log.newest("counter").source).toContainText("restore");

      await visit.clear();
      await expect(visit.figure("Keys")).toHaveText("0");
      await visit.reset();
      await visit.mfe("activity").expectName("Ada Lovelace");
    });
  });
}
