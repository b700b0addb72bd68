import { engines, expect, test } from "./fixtures/workbench";

for (const engine of engines) {
  test(`a theme chosen in one micro-frontend is the theme of the page and of the others, on ${engine}`, async ({
    visit,
  }) => {
    await visit.open({ engine });
    await expect(visit.page.locator("html")).toHaveAttribute("data-theme", "light");

    await visit.mfe("preferences").chooseTheme("Dark");
    await expect(visit.page.locator("html")).toHaveAttribute("data-theme", "dark");
    for (const mfe of visit.mfes()) {
      await mfe.expectTheme("Dark");
    }

    await visit.mfe("activity").chooseTheme("Light");
    await expect(visit.page.locator("html")).toHaveAttribute("data-theme", "light");
    for (const mfe of visit.mfes()) {
      await mfe.expectTheme("Light");
    }
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`where the system is ${colorScheme}`, () => {
    test.use({ colorScheme });

    test("the page begins so", async ({ workbench }) => {
      await expect(workbench.page.locator("html")).toHaveAttribute("data-theme", colorScheme);
      await workbench.expectValue("theme", colorScheme);
    });

    test("the outline that stands there first has the same ground as the page", async ({
      visit,
    }) => {
      await visit.page.route("**/*.wasm", (route) => route.abort());
      await visit.page.goto("/");
      await expect(visit.page.locator("#skeleton")).toBeVisible();
      const first = await ground(visit);
      await visit.page.unroute("**/*.wasm");
      await visit.open();
      expect(first).toBe(await ground(visit));
    });
  });
}

function ground({ page }: { page: import("@playwright/test").Page }) {
  return page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
}
