import { expect, test } from "../fixtures/shop";

const OTHER = "globalThis.hasRun = true; export function mount() {}";

test("a module of other bytes than the manifest says does not run", async ({ page, shop }) => {
  await page.route("**/shop/mfe/decide/**", (route) =>
    route.fulfill({ contentType: "text/javascript", body: OTHER }),
  );
  await shop.open("product/brook?sku=brook-sea");
  await expect(shop.sorry("decide")).toContainText("digest");
  expect(await page.evaluate(() => "hasRun" in globalThis)).toBe(false);
});

test("a module that may not be cached is asked for twice, and runs", async ({ page, shop }) => {
  const asked: string[] = [];
  await page.route("**/shop/mfe/decide/**/decide.js", async (route) => {
    asked.push(route.request().resourceType());
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), "cache-control": "no-store" } });
  });
  await shop.open("product/brook?sku=brook-sea");
  await expect(shop.product.name).toHaveText("Brook");
  expect(asked).toEqual(["fetch", "script"]);
});

test("a module that is other bytes when it is imported than when it was checked does not run", async ({ page, shop }) => {
  let isTampered = true;
  await page.route("**/shop/mfe/decide/**/decide.js", async (route) => {
    if (isTampered && route.request().resourceType() === "script") {
      return route.fulfill({ contentType: "text/javascript", body: OTHER });
    }
    return route.continue();
  });
  await shop.open("product/brook?sku=brook-sea");
  await expect(shop.sorry("decide")).toBeVisible();
  expect(await page.evaluate(() => "hasRun" in globalThis)).toBe(false);
  await expect(shop.wishList.region).toBeVisible();

  isTampered = false;
  await shop.sorry("decide").getByRole("button", { name: "Try again" }).click();
  await expect(shop.product.name).toHaveText("Brook");
});
