import { expect, type HostedId, Shop, test } from "../fixtures/shop";

/** What shows that a micro-frontend is mounted, on the product page. */
const sign = {
  "mini-cart": ({ miniCart }: Shop) => miniCart.toggle,
  decide: ({ product }: Shop) => product.add,
  "wish-list": ({ wishList }: Shop) => wishList.region,
  // It follows the address, and has nothing to show there.
  checkout: ({ page }: Shop) => page.locator(".checkout"),
} as const;

function orders(ids: readonly HostedId[]): HostedId[][] {
  if (ids.length === 0) return [[]];
  return ids.flatMap((first) =>
    orders(ids.filter((id) => id !== first)).map((rest) => [first, ...rest]),
  );
}

/** All of them in the header, which is on every page: React, Vue, a custom element, and Leptos in two wasm. */
async function gathered(shop: Shop): Promise<Shop> {
  await shop.changeEntries((entry) => {
    entry.mount = "header";
  });
  return new Shop(shop.page, shop.page.getByRole("banner"));
}

for (const order of orders(["mini-cart", "decide", "wish-list", "checkout"])) {
  test(`five kinds share one page and one cart, loaded in the order ${order.join(", ")}`, async ({ page, shop: alone }) => {
    const shop = await gathered(alone);
    const uncaught: Error[] = [];
    page.on("pageerror", (error) => uncaught.push(error));
    const { letGo } = await shop.holdBack(order);
    await shop.open("product/brook?sku=brook-sea");
    for (const [at, id] of order.entries()) {
      for (const later of order.slice(at)) await expect(sign[later](shop)).toHaveCount(0);
      letGo(id);
      await expect(sign[id](shop)).toBeAttached();
    }
    await shop.product.add.click();
    await expect(shop.wishList.toggle).toHaveAccessibleName("Wish for Brook, Sea");
    await shop.wishList.toggle.click();
    await shop.miniCart.expectCount(1, "€22.00");

    await shop.miniCart.toggle.click();
    await shop.miniCart.toCart.click();
    await shop.expectAt("cart");
    await expect(shop.cart.quantity("Brook, Sea")).toHaveValue("1");
    await shop.wishList.moveToCart("Brook, Sea");
    await expect(shop.cart.quantity("Brook, Sea")).toHaveValue("2");
    await shop.cart.setQuantity("Brook, Sea", 5);
    await shop.miniCart.expectCount(5, "€110.00");

    await page.getByText("How this page is made").click();
    for (const id of [...order, "container"]) {
      await expect(page.getByRole("row", { name: new RegExp(`^${id} .*running$`) })).toBeVisible();
    }
    expect(uncaught).toEqual([]);
  });
}
