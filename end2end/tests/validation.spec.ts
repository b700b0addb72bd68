import { engines, expect, test } from "./fixtures/workbench";

for (const engine of engines) {
  test.describe(`on the ${engine} engine`, () => {
    test("an e-mail address without @ is refused beside its field, and the state stays", async ({
      visit,
    }) => {
      await visit.open({ engine });
      const profile = visit.mfe("profile");
      await profile.setEmail("grace");

      await expect(profile.refusal).toHaveText(
        "Not saved: an e-mail address needs an “@”, or nothing at all",
      );
      await expect(profile.email).toHaveAccessibleDescription(/Not saved/);
      await expect(profile.email).toHaveAttribute("aria-invalid", "true");
      // What was typed stays in the field, to be corrected.
      await expect(profile.email).toHaveValue("grace");
      for (const other of visit.mfes("profile")) {
        await other.expectEmail("ada@example.org");
        await expect(other.refusal).toHaveCount(0);
      }
      await expect(visit.log.rows).toHaveCount(0);
      await expect(profile.edits).toHaveText("No edits made here yet");

      await profile.email.pressSequentially("@example.org");
      await expect(profile.refusal).toHaveCount(0);
      await visit.mfe("activity").expectEmail("grace@example.org");
    });

    test("the counter stays within its limits", async ({ visit }) => {
      await visit.open({ engine });
      const activity = visit.mfe("activity");
      await activity.setCounter(999_995);
      await visit.mfe("profile").expectCounter(999_995);
      await activity.count("Add 10");
      await expect(activity.refusal).toHaveText("Not saved: the counter stays within ±1,000,000");
      await visit.expectValue("counter", 999_995);

      await activity.setCounter(-1_000_001);
      await expect(activity.refusal.last()).toContainText("±1,000,000");
      await visit.expectValue("counter", 999_995);

      await activity.setCounter(-1_000_000);
      await visit.mfe("profile").expectCounter(-1_000_000);
      await expect(activity.refusal).toHaveCount(0);
    });
  });
}

test("a refusal stands only as long as what it is about", async ({ workbench }) => {
  const profile = workbench.mfe("profile");
  await profile.setEmail("grace");
  await expect(profile.refusal).toBeVisible();
  await workbench.mfe("activity").setEmail("ada@example.com");
  await profile.expectEmail("ada@example.com");
  await expect(profile.refusal).toHaveCount(0);
});

test("an empty e-mail address is allowed", async ({ workbench }) => {
  await workbench.mfe("profile").setEmail("");
  await workbench.mfe("activity").expectEmail("");
  await expect(workbench.mfe("profile").place).toContainText("no e-mail address");
});
