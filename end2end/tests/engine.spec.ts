import { engines, expect, test } from "./fixtures/workbench";

for (const from of engines) {
  const to = from === "map" ? "signal" : "map";

  test(`nothing is lost when ${from} is exchanged for ${to} and back`, async ({ visit }) => {
    await visit.open({ engine: from });
    await visit.expectEngine(from);
    await visit.mfe("profile").setName("Grace");
    await visit.mfe("activity").count("Add 100");
    await visit.mfe("profile").expectCounter(142);
    const version = await visit.number("Version");
    const listeners = await visit.number("Listeners");
    const entries = await visit.log.rows.count();

    await visit.switchEngine(to);
    await visit.expectEngine(to);
    await expect(visit.engineReport).toHaveText(
      `Carried over: 5 keys, version ${version}, ${listeners} listeners.`,
    );
    await expect(visit.figure("Version")).toHaveText(String(version));
    await expect(visit.log.rows).toHaveCount(entries);
    for (const mfe of visit.mfes()) {
      await mfe.expectName("Grace");
      await mfe.expectCounter(142);
    }

    // The subscription of the log, the hooks and the rules go on.
    await visit.mfe("preferences").setName("Katherine");
    for (const mfe of visit.mfes()) {
      await mfe.expectName("Katherine");
    }
    await visit.log.expectNewest({
      key: "user",
      path: "/name",
      old: 'name: "Grace"',
      new: 'name: "Katherine"',
      source: "preferences",
    });
    await visit.mfe("profile").setEmail("nobody");
    await expect(visit.mfe("profile").refusal).toBeVisible();

    await visit.switchEngine(from);
    await visit.expectEngine(from);
    await visit.mfe("activity").count("Subtract 100");
    await visit.mfe("profile").expectCounter(42);
  });

  test(`the address can ask for ${from}`, async ({ visit }) => {
    await visit.open({ engine: from });
    await visit.expectEngine(from);
    await expect(visit.notices).toHaveText("");
  });
}

test("an engine that does not exist is named in a notice, and the page runs on the default", async ({
  visit,
}) => {
  await visit.open({ engine: "steam" });
  await expect(visit.notices).toContainText(
    'there is no engine "steam"; known engines: map, signal',
  );
  await visit.expectEngine("signal");
  await visit.mfe("profile").setName("Grace");
  await visit.mfe("activity").expectName("Grace");

  await visit.notices.getByRole("button", { name: "Dismiss" }).click();
  await expect(visit.notices).toHaveText("");
});
