import { expect, test } from "../fixtures/shop";

test("another colour changes picture, price, address and recommendations", async ({ shop }) => {
  await shop.openProduct("harbour");
  await shop.product.expectColour("Sage");
  await expect(shop.product.price).toHaveText("€129.00");
  const ofSage = await shop.product.recommended();
  expect(ofSage.length).toBeGreaterThan(2);

  await shop.product.colour("Brass").check();
  await shop.product.expectColour("Brass");
  await expect(shop.product.price).toHaveText("€149.00");
  await shop.expectAt("product/harbour?sku=harbour-brass");
  expect(await shop.product.recommended()).not.toEqual(ofSage);
  await expect.poll(() => shop.shared("shop:product")).toEqual({ id: "harbour", sku: "harbour-brass" });
  await expect(shop.wishList.toggle).toHaveAccessibleName("Wish for Harbour, Brass");
});

test("the address chooses the colour, and keeps it over a reload", async ({ page, shop }) => {
  await shop.openProduct("rain", "rain-pine");
  await shop.product.expectColour("Pine");
  await page.reload();
  await shop.product.expectColour("Pine");
});

test("an unknown colour is the first one, and an unknown product says so", async ({ shop }) => {
  await shop.openProduct("rain", "rain-plaid");
  await shop.product.expectColour("Zinc");
  await shop.open("product/nothing");
  await expect(shop.main.getByRole("heading", { name: "Nothing here by that name" })).toBeVisible();
  expect(await shop.shared("shop:product")).toBeUndefined();
});

test("back leads through the products as they were seen", async ({ page, shop }) => {
  await shop.openProduct("brook", "brook-rust");
  const first = shop.product.recommendations.first();
  const title = await first.getByRole("strong").innerText();
  await first.click();
  await expect(shop.product.name).toHaveText(title);

  await page.goBack();
  await expect(shop.product.name).toHaveText("Brook");
  await shop.product.expectColour("Rust");
  await page.goForward();
  await expect(shop.product.name).toHaveText(title);
});

test("going through colours leaves no steps to go back through", async ({ page, shop }) => {
  await shop.open("products/table");
  await shop.main.getByRole("link", { name: /^Brook/ }).click();
  for (const colour of ["Sea", "Rust", "Ink"]) {
    await shop.product.colour(colour).check();
    await shop.product.expectColour(colour);
  }
  await page.goBack();
  await shop.expectAt("products/table");
});

test("what was chosen is taken back when the product page is left", async ({ shop }) => {
  await shop.openProduct("tor", "tor-fern");
  await expect.poll(() => shop.shared("shop:product")).toEqual({ id: "tor", sku: "tor-fern" });
  await shop.page.getByRole("navigation", { name: "Categories" }).getByRole("link", { name: "Seats" }).click();
  await expect.poll(() => shop.shared("shop:product")).toBeUndefined();
});

test("a wish is kept, leads back to its colour, and moves to the cart in one step", async ({ page, shop }) => {
  await shop.openProduct("lull", "lull-lake");
  await shop.wishList.toggle.click();
  await expect(shop.wishList.toggle).toHaveAttribute("aria-pressed", "true");
  await page.reload();
  await expect(shop.wishList.rows).toHaveCount(1);

  await shop.product.colour("Oat").check();
  await expect(shop.wishList.toggle).toHaveAttribute("aria-pressed", "false");
  await shop.wishList.link("Lull, Lake").click();
  await shop.product.expectColour("Lake");

  await shop.wishList.moveToCart("Lull, Lake");
  await expect(shop.wishList.rows).toHaveCount(0);
  await shop.miniCart.expectCount(1, "€649.00");
});

test("removing a wish leaves the focus on the next one", async ({ shop }) => {
  await shop.openProduct("brook", "brook-sea");
  await shop.wishList.toggle.click();
  await shop.product.colour("Ink").check();
  await shop.wishList.toggle.click();
  await shop.wishList.remove("Brook, Sea");
  await expect(shop.wishList.link("Brook, Ink")).toBeFocused();
  await shop.wishList.remove("Brook, Ink");
  await expect(shop.wishList.region.getByRole("heading")).toBeFocused();
});

test("what is added is announced", async ({ shop }) => {
  await shop.openProduct("brook", "brook-ink");
  await shop.miniCart.expectCount(0, "€0.00");
  await expect(shop.miniCart.said).toBeEmpty();
  await shop.product.add.click();
  await expect(shop.miniCart.said).toHaveText("Cart: 1 item, €24.00.");
});
