import { engines, expect, mfes, test } from "./fixtures/workbench";

for (const engine of engines) {
  test.describe(`on the ${engine} engine`, () => {
    for (const id of mfes) {
      test(`${id} leaves nothing behind when it is unmounted, and can come back`, async ({
        visit,
      }) => {
        await visit.open({ engine });
        await visit.mfe(id).setName("Grace");
        await expect(visit.key(`@${id}/edits`)).toBeVisible();
        const listeners = await visit.number("Listeners");

        await visit.toggle(id, "Mounted").click();
        await expect(visit.mfe(id).place).toContainText("Not mounted");
        await expect(visit.registryRow(id)).toHaveCount(0);
        await visit.expectKeys(["counter", "theme", "user"]);
        // Activity alone has a listener, for its line of recent values.
        await expect(visit.figure("Listeners")).toHaveText(
          String(id === "activity" ? listeners - 1 : listeners),
        );
        for (const other of visit.mfes(id)) {
          await other.expectName("Grace");
          await expect(visit.registryRow(other.id)).toHaveCount(1);
        }

        await visit.toggle(id, "Mounted").click();
        await visit.mfe(id).expectName("Grace");
        await expect(visit.registryRow(id)).toHaveCount(1);
        await expect(visit.mfe(id).edits).toHaveText("No edits made here yet");
        await expect(visit.figure("Listeners")).toHaveText(String(listeners));
        await visit.mfe(id).setName("Ada");
        for (const mfe of visit.mfes()) {
          await mfe.expectName("Ada");
        }
      });
    }
  });
}

test("with none mounted the registry says so, and a button on the page brings one back", async ({
  workbench,
}) => {
  for (const id of mfes) {
    await workbench.toggle(id, "Mounted").click();
  }
  await expect(workbench.registry).toContainText("No micro-frontend is mounted");
  await workbench.page.getByRole("button", { name: "Mount Profile" }).click();
  await workbench.mfe("profile").expectName("Ada Lovelace");
});
