import { expect, test } from "../fixtures/shop";

test("the home page leads to every category, and each names itself", async ({ page, shop }) => {
  await shop.open();
  await expect(shop.main.getByRole("heading", { level: 1 })).toBeVisible();
  const names = ["Light", "Table", "Seats", "Growing"];
  for (const name of names) {
    await shop.main.getByRole("link", { name: new RegExp(`^${name}`) }).click();
    await expect(shop.main.getByRole("heading", { level: 1 })).toHaveText(name);
    await expect(page).toHaveTitle(new RegExp(`^${name} `));
    await expect(shop.main).toBeFocused();
    await page.goBack();
    await shop.expectAt("");
  }
});

test("a list is filtered by what the address says, and back undoes it", async ({ page, shop }) => {
  await shop.open("products/table");
  const cards = shop.main.getByRole("listitem");
  await expect(cards.first()).toBeVisible();
  const all = await cards.count();
  await shop.main.getByRole("link", { name: "Water" }).click();
  await shop.expectAt("products/table?filter=water");
  await expect.poll(() => cards.count()).toBeLessThan(all);
  await expect(cards.filter({ hasText: "Brook" }).getByRole("link")).toHaveAttribute(
    "href",
    "/shop/product/brook?sku=brook-sea",
  );
  const few = await cards.count();
  await page.reload();
  await expect(cards).toHaveCount(few);
  await expect(shop.main.getByRole("link", { name: "Water" })).toHaveAttribute("aria-current", "true");
  await page.goBack();
  await shop.expectAt("products/table");
  await expect(cards).toHaveCount(all);
});

test("a search narrows the list while it is typed and leaves no steps to go back to", async ({ page, shop }) => {
  await shop.open("");
  await shop.main.getByRole("link", { name: /^Table/ }).click();
  const search = shop.main.getByRole("searchbox", { name: "Search here" });
  await search.pressSequentially("brook");
  await shop.expectAt("products/table?q=brook");
  await expect(search).toBeFocused();
  await expect(shop.main.getByRole("listitem")).toHaveCount(1);
  await search.fill("no such thing");
  await expect(shop.main.getByRole("status")).toHaveText("Nothing of that kind");
  await page.goBack();
  await shop.expectAt("");
});

test("prices come in order when asked for", async ({ shop }) => {
  await shop.open("products/light");
  await shop.main.getByLabel("Order").selectOption({ label: "Cheapest first" });
  await shop.expectAt("products/light?order=price");
  const prices = async () =>
    (await shop.main.getByRole("listitem").allInnerTexts()).map((text) => Number(/€([\d.]+)/.exec(text)?.[1]));
  await expect.poll(async () => (await prices()).length).toBeGreaterThan(1);
  const shown = await prices();
  expect(shown).toEqual([...shown].sort((a, b) => a - b));
});

test("an address that is none says so and leads back", async ({ shop }) => {
  await shop.open("products/boats");
  await expect(shop.main.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  await shop.main.getByRole("link", { name: "Back to the shop" }).click();
  await shop.expectAt("");
});

test("without the catalogue the lists say so, and come when asked again", async ({ page, shop }) => {
  await page.route("**/data/products.json", (route) => route.abort());
  await shop.open("products/table");
  const alert = shop.main.getByRole("alert");
  await expect(alert).toContainText("The shelves are empty");
  await page.unroute("**/data/products.json");
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(shop.main.getByRole("heading", { level: 1 })).toHaveText("Table");
});

test("a newer version takes the place of one that runs, and the cart stays", async ({ page, shop }) => {
  await shop.openProduct("brook", "brook-sea");
  await shop.product.add.click();
  await shop.miniCart.expectCount(1);
  await page.route("**/shop/manifest.json", async (route) => {
    const manifest = await (await route.fetch()).json();
    const decide = manifest.mfes.find(({ id }: { id: string }) => id === "decide");
    decide.version = "2.0.0";
    decide.url = "mfe/decide/2.0.0/decide.js";
    delete decide.integrity;
    await route.fulfill({ json: manifest });
  });
  await page.route("**/shop/mfe/decide/2.0.0/decide.js", (route) =>
    route.fulfill({
      contentType: "text/javascript",
      body: `export function mount(element, { version, store }) {
        element.innerHTML = "<h1></h1>";
        element.firstChild.textContent = version + ", " + store.get("cart").items.length + " in the cart";
      }
      export function unmount(element) { element.replaceChildren() }`,
    }),
  );
  await page.getByText("How this page is made").click();
  const row = page.getByRole("row").filter({ hasText: "decide" });
  await expect(row).toContainText("1.0.0");
  await page.getByRole("button", { name: "Look for newer versions" }).click();
  await expect(shop.main.getByRole("heading", { level: 1 })).toHaveText("2.0.0, 1 in the cart");
  await expect(row).toContainText("2.0.0");
  await shop.miniCart.expectCount(1);
  await expect(shop.wishList.region).toBeVisible();
});

test("a newer version that is broken leaves the one that runs", async ({ page, shop }) => {
  await shop.openProduct("brook", "brook-sea");
  await page.route("**/shop/manifest.json", async (route) => {
    const manifest = await (await route.fetch()).json();
    const decide = manifest.mfes.find(({ id }: { id: string }) => id === "decide");
    decide.version = "2.0.0";
    decide.url = "mfe/decide/2.0.0/decide.js";
    await route.fulfill({ json: manifest });
  });
  await page.getByText("How this page is made").click();
  await page.getByRole("button", { name: "Look for newer versions" }).click();
  await expect(page.getByRole("contentinfo").getByRole("status")).toContainText("was not replaced");
  await expect(shop.product.name).toHaveText("Brook");
  await expect(page.getByRole("row").filter({ hasText: "decide" })).toContainText("1.0.0");
});
