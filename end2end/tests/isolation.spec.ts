import { engines, expect, test } from "./fixtures/workbench";

for (const engine of engines) {
  test(`each micro-frontend counts its own edits under a key of its own, on ${engine}`, async ({
    visit,
  }) => {
    await visit.open({ engine });
    await visit.mfe("profile").setName("Grace");
    await visit.mfe("profile").setName("Grace H");
    await visit.mfe("activity").count("Add 10");

    await expect(visit.mfe("profile").edits).toHaveText("2 edits made here");
    await expect(visit.mfe("activity").edits).toHaveText("1 edit made here");
    await expect(visit.mfe("preferences").edits).toHaveText("No edits made here yet");
    await visit.expectValue("@profile/edits", 2);
    await visit.expectValue("@activity/edits", 1);
    // What a micro-frontend sees of the state is what is shared.
    await expect(visit.mfe("profile").snapshot).not.toContainText("edits");
  });
}

test("an edit and its count are one transaction", async ({ workbench }) => {
  const before = await workbench.number("Version");
  await workbench.mfe("profile").setName("Grace");
  await expect(workbench.figure("Version")).toHaveText(String(before + 1));
  await expect(workbench.key("@profile/edits")).toBeVisible();
});

test("shared keys that are read-only cannot be changed by a micro-frontend, and the operator sees who tried", async ({
  workbench,
}) => {
  await expect(workbench.figure("Denied")).toHaveCount(0);
  const lock = workbench.controls.getByRole("button", { name: "Read-only for MFEs" });
  await lock.click();
  const activity = workbench.mfe("activity");
  await activity.count("Add 10");

  await expect(activity.refusal).toContainText("may not write");
  await expect(workbench.notices).toContainText('micro-frontend "activity" may not write');
  await expect(workbench.figure("Denied")).toHaveText("1");
  await workbench.expectValue("counter", 42);
  await expect(workbench.key("@activity/edits")).toHaveCount(0);

  await lock.click();
  await activity.count("Add 10");
  await workbench.mfe("profile").expectCounter(52);
});
