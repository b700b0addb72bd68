import { engines, expect, test } from "./fixtures/workbench";

for (const engine of engines) {
  test(`loading and using the page on ${engine} leaves the console clean`, async ({ visit }) => {
    const said: string[] = [];
    visit.page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) said.push(message.text());
    });
    visit.page.on("pageerror", (error) => said.push(error.message));
    await visit.open({ engine });
    await visit.mfe("profile").setName("Grace");
    await visit.mfe("preferences").chooseTheme("Dark");
    await visit.mfe("activity").count("Add 100");
    await visit.toggle("profile", "Mounted").click();
    await visit.toggle("profile", "Mounted").click();
    await visit.mfe("profile").expectName("Grace");
    // The monitor's warnings of slow updates are about this machine, not about the page.
    expect(said.filter((text) => !text.startsWith("slow "))).toEqual([]);
  });
}

test("nothing jumps while the page loads", async ({ visit }) => {
  await visit.page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
    }).observe({ type: "layout-shift", buffered: true });
  });
  await visit.open();
  await visit.page.evaluate(
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  );
  const shifts = await visit.page.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
  expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.02);
});

for (const width of [360, 820, 1280]) {
  test.describe(`${width} px wide`, () => {
    test.use({ viewport: { width, height: 740 } });

    test("the outline stands where the page will stand", async ({ visit }) => {
      const tops = () =>
        visit.page.evaluate(() =>
          ["h1", ".places", ".place"].map(
            (part) => document.querySelector(part)?.getBoundingClientRect().top ?? Number.NaN,
          ),
        );
      await visit.page.route("**/*.wasm", (route) => route.abort());
      await visit.page.goto("/");
      await expect(visit.page.locator("#skeleton")).toBeVisible();
      const before = await tops();
      await visit.page.unroute("**/*.wasm");
      await visit.open();
      await expect(visit.page.locator("#skeleton")).toHaveCount(0);
      const moved = (await tops()).map((top, part) => Math.abs(top - before[part]));
      expect(Math.max(...moved)).toBeLessThan(4);
    });
  });
}

test("the page has a title, one main heading, and landmarks", async ({ workbench }) => {
  const { page } = workbench;
  await expect(page).toHaveTitle("Workbench · universal-state");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Workbench");
  await expect(page.getByRole("banner")).toBeVisible();
  await expect(page.getByRole("main")).toBeVisible();
  await expect(page.getByRole("heading", { level: 2 })).toHaveText([
    "Store",
    "Micro-frontends",
    "State changes",
    "Storage and tabs",
    "Controls",
    "History",
    "Registry",
    "All keys",
  ]);
});

test("each line is logged to the console when the address asks for it", async ({ visit }) => {
  const lines: string[] = [];
  visit.page.on("console", (message) => lines.push(message.text()));
  await visit.page.goto("/?debug");
  await visit.mfe("profile").count("Add 1");
  await expect.poll(() => lines).toContainEqual("counter: 42 → 43 (profile, mfe:profile, v2)");
});

test("the figures describe the store", async ({ workbench }) => {
  await expect(workbench.figure("Version")).toHaveText("1");
  await expect(workbench.figure("Updates")).toHaveText("3");
  await expect(workbench.figure("Keys")).toHaveText("3");
  await expect(workbench.figure("Last source")).toHaveText("workbench");
  await expect(workbench.figure("Last update")).toHaveText(/^\d\d:\d\d:\d\d$/);
  await expect(workbench.figure("Errors")).toHaveCount(0);
  const size = JSON.stringify({ email: "ada@example.org", name: "Ada Lovelace" }).length;
  await expect(workbench.figure("State size")).toHaveText(
    `${size + "42".length + '"light"'.length + "user".length + "counter".length + "theme".length} bytes`,
  );
});
