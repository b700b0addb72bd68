import { expect, test } from "../fixtures/shop";

test("quantities and removals change the totals everywhere", async ({ shop }) => {
  await shop.openProduct("brook", "brook-sea");
  await shop.product.add.click();
  await shop.openProduct("perch", "perch-walnut");
  await shop.product.add.click();
  await shop.open("cart");
  await expect(shop.cart.rows).toHaveCount(2);
  await expect(shop.cart.total).toHaveText("€166.00");

  await shop.cart.setQuantity("Brook, Sea", 5);
  await expect(shop.cart.total).toHaveText("€254.00");
  await shop.miniCart.expectCount(6, "€254.00");

  await shop.cart.removal("Perch, Walnut").click();
  await expect(shop.cart.rows).toHaveCount(1);
  await expect(shop.cart.removal("Brook, Sea")).toBeFocused();
  await shop.cart.removal("Brook, Sea").click();
  await expect(shop.cart.empty).toBeFocused();
  await shop.miniCart.expectCount(0);
});

test("what is no quantity leaves the old one", async ({ shop }) => {
  await shop.openProduct("brook", "brook-sea");
  await shop.product.add.click();
  await shop.open("cart");
  for (const wrong of ["0", "-3", "100", "1.5", ""]) {
    await shop.cart.setQuantity("Brook, Sea", wrong);
    await expect(shop.cart.quantity("Brook, Sea")).toHaveValue("1");
  }
  await expect(shop.cart.total).toHaveText("€22.00");
});

test("a cart survives a reload and is the same in a second tab", async ({ page, shop, openTab }) => {
  await shop.openProduct("brook", "brook-sea");
  await shop.product.add.click();
  await shop.miniCart.expectCount(1, "€22.00");
  await page.reload();
  await shop.miniCart.expectCount(1, "€22.00");

  const other = await openTab();
  await other.open("cart");
  await other.cart.setQuantity("Brook, Sea", 4);
  await shop.miniCart.expectCount(4, "€88.00");
  await shop.product.add.click();
  await expect(other.cart.quantity("Brook, Sea")).toHaveValue("5");
  await expect(other.cart.total).toHaveText("€110.00");
});

test("each tab has its own product page", async ({ shop, openTab }) => {
  await shop.openProduct("brook", "brook-sea");
  const other = await openTab();
  await other.openProduct("tor", "tor-fern");
  await other.wishList.toggle.click();
  await expect(shop.wishList.rows).toHaveCount(1);
  await expect(shop.wishList.toggle).toHaveAccessibleName("Wish for Brook, Sea");
  expect(await shop.shared("shop:product")).toEqual({ id: "brook", sku: "brook-sea" });
});

test("a line that is not sold any more is neither shown nor charged nor lost", async ({ page, shop }) => {
  await shop.openProduct("brook", "brook-sea");
  await page.evaluate(() => {
    const directory = (globalThis as never)[Symbol.for("universal-state/1")] as {
      get(name: string): { set(key: string, value: unknown): void };
    };
    const items = [
      { sku: "discontinued", quantity: 3 },
      { sku: "brook-sea", quantity: 1, gift: true },
    ];
    directory.get("shop").set("cart", { items, voucher: "SPRING" });
  });
  await shop.miniCart.expectCount(1, "€22.00");
  await shop.open("cart");
  await shop.cart.setQuantity("Brook, Sea", 2);
  await expect(shop.cart.total).toHaveText("€44.00");
  expect(await shop.shared("cart")).toEqual({
    items: [
      { sku: "discontinued", quantity: 3 },
      { sku: "brook-sea", quantity: 2, gift: true },
    ],
    voucher: "SPRING",
  });
});
