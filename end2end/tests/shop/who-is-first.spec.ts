import { expect, test } from "../fixtures/shop";
import { retype } from "../fixtures/typing";

test("the container joins the store of a wasm that was there before it, and keeps it when that goes", async ({
  page,
  shop,
}) => {
  await shop.open();
  await shop.miniCart.expectCount(0);

  let letGo = () => {};
  const gate = new Promise<void>((open) => {
    letGo = open;
  });
  await page.route("**/shop/shop-*.wasm", async (route) => {
    await gate;
    await route.continue();
  });
  await page.goto("/shop/cart", { waitUntil: "commit" });
  await page.evaluate(async () => {
    const { mfes } = (await (await fetch("/shop/manifest.json")).json()) as { mfes: { id: string; url: string }[] };
    const url = mfes.find(({ id }) => id === "checkout")?.url;
    const module = await import(`/shop/${url}`);
    const element = document.createElement("section");
    element.id = "early";
    document.body.append(element);
    const directory = (globalThis as never)[Symbol.for("universal-state/1")] as {
      get(name: string): { set(key: string, value: unknown): void } | undefined;
    } | undefined;
    if (directory?.get("shop")) throw new Error("somebody was earlier");
    await module.mount(element, { navigate() {}, reportError() {} });
    Object.assign(globalThis, { early: { unmount: () => module.unmount(element) } });
  });
  await page.evaluate(() => {
    const directory = (globalThis as never)[Symbol.for("universal-state/1")] as {
      get(name: string): { set(key: string, value: unknown): void };
    };
    directory.get("shop").set("cart", { items: [{ sku: "brook-sea", quantity: 2 }] });
  });

  letGo();
  await shop.miniCart.expectCount(2, "€44.00");
  await expect(shop.cart.quantity("Brook, Sea")).toHaveValue("2");
  const early = page.locator("#early").getByRole("spinbutton", { name: "Quantity of Brook, Sea" });
  await expect(early).toHaveValue("2");
  await retype(early, "3");
  await early.press("Enter");
  await shop.miniCart.expectCount(3, "€66.00");
  await expect(shop.cart.quantity("Brook, Sea")).toHaveValue("3");

  // The first store goes, and with it the handle that it gave the page.
  await page.evaluate(() => (globalThis as never as { early: { unmount(): void } }).early.unmount());
  await expect(early).toHaveCount(0);
  await shop.cart.setQuantity("Brook, Sea", 4);
  await shop.miniCart.expectCount(4, "€88.00");
  await expect.poll(() => shop.shared("cart")).toEqual({ items: [{ sku: "brook-sea", quantity: 4 }] });
  await page.reload();
  await expect(shop.cart.quantity("Brook, Sea")).toHaveValue("4");
});
