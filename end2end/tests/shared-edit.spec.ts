import { engines, expect, test } from "./fixtures/workbench";

for (const engine of engines) {
  test.describe(`on the ${engine} engine`, () => {
    test("a name typed in one micro-frontend shows in the others and in the log", async ({
      visit,
    }) => {
      await visit.open({ engine });
      await visit.mfe("profile").setName("Grace Hopper");

      for (const mfe of visit.mfes()) {
        await mfe.expectName("Grace Hopper");
      }
      await visit.log.expectNewest({
        key: "user",
        path: "/name",
        old: 'name: "Ada Lovelace"',
        new: 'name: "Grace Hopper"',
        source: "profile",
      });
      await expect(visit.figure("Last source")).toHaveText("profile");
    });

    test("edits made in turn in all micro-frontends meet in one state", async ({ visit }) => {
      await visit.open({ engine });
      await visit.mfe("preferences").setName("Grace");
      await visit.mfe("activity").setEmail("grace@example.org");
      await visit.mfe("profile").setCounter(7);

      for (const mfe of visit.mfes()) {
        await mfe.expectName("Grace");
        await mfe.expectEmail("grace@example.org");
        await mfe.expectCounter(7);
      }
      await visit.expectValue("user", { email: "grace@example.org", name: "Grace" });
    });

    test("typing into the middle of a text keeps the caret there", async ({ visit }) => {
      await visit.open({ engine });
      const { name } = visit.mfe("profile");
      await name.focus();
      await name.press("Home");
      await name.pressSequentially("Lady ");
      await expect(name).toHaveValue("Lady Ada Lovelace");
      await visit.mfe("activity").expectName("Lady Ada Lovelace");
      expect(await name.evaluate((input: HTMLInputElement) => input.selectionStart)).toBe(5);
    });
  });
}
