import { expect, test } from "../fixtures/shop";

test("the keyboard alone leads from the first visit to the thank-you page", async ({ page, shop }) => {
  await shop.open();
  await shop.tabTo(shop.main.getByRole("link", { name: /^Table/ }));
  await page.keyboard.press("Enter");
  await shop.expectAt("products/table");

  await shop.tabTo(shop.main.getByRole("link", { name: /^Brook/ }));
  await page.keyboard.press("Enter");
  await expect(shop.product.name).toHaveText("Brook");

  await shop.tabTo(shop.product.colour("Oat"));
  await page.keyboard.press("ArrowRight");
  await shop.product.expectColour("Sea");
  await shop.expectAt("product/brook?sku=brook-sea");
  await shop.tabTo(shop.product.add);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await shop.miniCart.expectCount(2, "€44.00");

  await shop.tabTo(shop.miniCart.toggle, "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(shop.miniCart.line("Brook, Sea")).toContainText("Quantity 2");
  await page.keyboard.press("Escape");
  await expect(shop.miniCart.preview).toBeHidden();
  await expect(shop.miniCart.toggle).toBeFocused();
  await page.keyboard.press("Enter");
  await shop.tabTo(shop.miniCart.toCart);
  await page.keyboard.press("Enter");
  await shop.expectAt("cart");

  await expect(shop.cart.quantity("Brook, Sea")).toHaveValue("2");
  await shop.tabTo(shop.cart.quantity("Brook, Sea"));
  await page.keyboard.press("ArrowUp");
  await expect(shop.cart.total).toHaveText("€66.00");
  await shop.tabTo(shop.cart.toCheckout);
  await page.keyboard.press("Enter");
  await shop.expectAt("checkout");

  await expect(shop.checkout.name).toBeVisible();
  await shop.tabTo(shop.checkout.name);
  await page.keyboard.type("Ada Lovelace");
  await shop.tabTo(shop.checkout.email);
  await page.keyboard.type("ada@example.org");
  await shop.tabTo(shop.checkout.store("Kiln Yard"));
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  await expect(shop.checkout.store("The Old Dairy")).toBeChecked();
  await shop.tabTo(shop.checkout.order);
  await page.keyboard.press("Enter");

  await shop.expectAt("thanks");
  await expect(shop.thanks.heading).toHaveText("Thank you, Ada Lovelace.");
  await expect(shop.thanks.main).toContainText(/LL-[2-9A-HJ-NP-Z]{8}/);
  await expect(shop.thanks.main).toContainText("3 × Brook, Sea");
  await expect(shop.thanks.main).toContainText("€66.00");
  await expect(shop.thanks.main).toContainText("The Old Dairy");
  await shop.miniCart.expectCount(0);
});

test("an order is there after a reload, and the cart it came from is not", async ({ page, shop }) => {
  await shop.openProduct("fen", "fen-tarn");
  await shop.product.add.click();
  await shop.open("checkout");
  await shop.checkout.fill("Grace", "grace@example.org", "North Quay");
  await shop.checkout.order.click();
  await expect(shop.thanks.heading).toBeVisible();
  const number = /LL-\w{8}/.exec(await shop.thanks.main.innerText())?.[0];
  expect(number).toBeDefined();

  await page.reload();
  await expect(shop.thanks.main).toContainText(number ?? "");
  await shop.open("cart");
  await expect(shop.cart.empty).toBeVisible();
});

test("the store that was picked is picked for the next order", async ({ shop }) => {
  await shop.openProduct("fen");
  await shop.product.add.click();
  await shop.open("checkout");
  await shop.checkout.store("The Glasshouse").check();
  await expect.poll(() => shop.shared("shop:pickup")).toBe("glasshouse");
  await shop.open("checkout");
  await expect(shop.checkout.store("The Glasshouse")).toBeChecked();
});
