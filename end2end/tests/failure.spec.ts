import { engines, expect, mfes, test } from "./fixtures/workbench";

for (const engine of engines) {
  for (const id of mfes) {
    test(`a failing ${id} is contained and comes back, on ${engine}`, async ({ visit }) => {
      await visit.open({ engine });
      const mfe = visit.mfe(id);
      await visit.toggle(id, "Fail").click();

      await expect(mfe.place.getByRole("alert")).toContainText(
        new RegExp(`micro-frontend "${id}" failed: the \\w+ service does not answer`),
      );
      await expect(mfe.name).toHaveCount(0);
      await expect(visit.notices).toContainText(`micro-frontend "${id}" failed`);
      await expect(visit.figure("Errors")).toHaveText("1");

      // The rest of the page goes on.
      const [first, second] = visit.mfes(id);
      await first.setName("Grace");
      await second.expectName("Grace");

      await visit.toggle(id, "Fail").click();
      await mfe.expectName("Grace");
      await expect(mfe.place.getByRole("alert").filter({ hasText: "failed" })).toHaveCount(0);
    });
  }
}

test("a micro-frontend that fails can be unmounted and mounted again", async ({ workbench }) => {
  await workbench.toggle("profile", "Fail").click();
  await workbench.toggle("profile", "Mounted").click();
  await expect(workbench.mfe("profile").place).toContainText("Not mounted");
  await workbench.toggle("profile", "Fail").click();
  await workbench.toggle("profile", "Mounted").click();
  await workbench.mfe("profile").expectAtWork();
});
