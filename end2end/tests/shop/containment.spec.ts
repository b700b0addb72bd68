import { expect, type Shop, test } from "../fixtures/shop";

/** What shows that a micro-frontend of the product page is at work. */
const sign = {
  "mini-cart": (shop: Shop) => shop.miniCart.toggle,
  decide: (shop: Shop) => shop.product.add,
  "wish-list": (shop: Shop) => shop.wishList.region,
} as const;

type OnProductPage = keyof typeof sign;

const orders: OnProductPage[][] = [
  ["mini-cart", "decide", "wish-list"],
  ["mini-cart", "wish-list", "decide"],
  ["decide", "mini-cart", "wish-list"],
  ["decide", "wish-list", "mini-cart"],
  ["wish-list", "mini-cart", "decide"],
  ["wish-list", "decide", "mini-cart"],
];

for (const order of orders) {
  test(`the product page comes together in the order ${order.join(", ")}`, async ({ shop }) => {
    const { letGo } = await shop.holdBack(order);
    await shop.open("product/brook?sku=brook-sea");
    for (const [at, id] of order.entries()) {
      for (const later of order.slice(at)) await expect(sign[later](shop)).toHaveCount(0);
      letGo(id);
      await expect(sign[id](shop)).toBeVisible();
    }
    await expect(shop.wishList.toggle).toHaveAccessibleName("Wish for Brook, Sea");
    await shop.wishList.toggle.click();
    await shop.product.add.click();
    await shop.wishList.moveToCart("Brook, Sea");
    await shop.miniCart.expectCount(2, "€44.00");
  });
}

test("the cart page comes before the mini cart as well as after it", async ({ shop }) => {
  await shop.openProduct("brook", "brook-sea");
  await shop.product.add.click();
  await shop.miniCart.expectCount(1);
  const { letGo } = await shop.holdBack(["mini-cart", "checkout"]);
  await shop.open("cart");
  letGo("checkout");
  await shop.cart.setQuantity("Brook, Sea", 3);
  await expect(shop.miniCart.toggle).toHaveCount(0);
  letGo("mini-cart");
  await shop.miniCart.expectCount(3, "€66.00");
});

for (const id of ["mini-cart", "decide", "wish-list"] as const) {
  test(`${id} that cannot be fetched leaves the rest at work, and comes when asked again`, async ({ page, shop }) => {
    const pattern = `**/shop/mfe/${id}/**`;
    await page.route(pattern, (route) => route.abort());
    await shop.open("product/brook?sku=brook-sea");
    await expect(shop.sorry(id)).toBeVisible();
    for (const other of Object.keys(sign) as OnProductPage[]) {
      if (other !== id) await expect(sign[other](shop)).toBeVisible();
    }
    await page.unroute(pattern);
    await shop.sorry(id).getByRole("button", { name: "Try again" }).click();
    await expect(sign[id](shop)).toBeVisible();
    await expect(shop.sorry(id)).toHaveCount(0);
  });
}

test("a checkout whose wasm does not come leaves the cart in the header, and comes when asked again", async ({
  page,
  shop,
}) => {
  await shop.openProduct("brook", "brook-sea");
  await shop.product.add.click();
  await shop.miniCart.expectCount(1);
  await page.route("**/shop/mfe/checkout/**/*.wasm", (route) => route.abort());
  await shop.open("cart");
  await expect(shop.sorry("checkout")).toBeVisible();
  await shop.miniCart.expectCount(1, "€22.00");
  await page.unroute("**/shop/mfe/checkout/**/*.wasm");
  await shop.sorry("checkout").getByRole("button", { name: "Try again" }).click();
  await expect(shop.cart.quantity("Brook, Sea")).toHaveValue("1");
});

test("a part that never answers is given up, and the rest did not wait for it", async ({ page, shop }) => {
  await page.clock.install();
  await page.route("**/shop/mfe/wish-list/**", () => {});
  await shop.open("product/brook?sku=brook-sea");
  await shop.product.add.click();
  await shop.miniCart.expectCount(1, "€22.00");
  await expect(shop.sorry("wish-list")).toHaveCount(0);
  await page.clock.fastForward(60_000);
  await expect(shop.sorry("wish-list")).toBeVisible();
});

const broken = {
  "is no program": ["<!doctype html>", "Unexpected token"],
  "throws when it is evaluated": ["throw new Error('out of clay');", "out of clay"],
  "has no mount": ["export const mounted = true;", "no function `mount`"],
  "throws when it is mounted": ["export function mount() { throw new Error('out of glaze'); }", "out of glaze"],
} as const;

for (const [how, [body, reason]] of Object.entries(broken)) {
  test(`a product page that ${how} is contained, and says why`, async ({ page, shop }) => {
    await shop.trustAnyBytes();
    await page.route("**/shop/mfe/decide/**", (route) =>
      route.fulfill({ contentType: "text/javascript", body }),
    );
    await shop.open("product/brook?sku=brook-sea");
    await expect(shop.sorry("decide")).toContainText(reason);
    await expect(shop.miniCart.toggle).toBeVisible();
    await expect(shop.wishList.region).toBeVisible();
  });
}

test("without the catalogue each part says so in its own place, and comes back", async ({ page, shop }) => {
  await page.route("**/data/products.json", (route) => route.abort());
  await shop.open("product/brook?sku=brook-sea");
  const product = shop.main.getByRole("alert").filter({ hasText: "This product cannot be shown" });
  const wishes = shop.main.getByRole("alert").filter({ hasText: "The wish list cannot be shown" });
  await expect(product).toBeVisible();
  await expect(wishes).toBeVisible();
  await expect(shop.miniCart.toggle).toBeVisible();

  await page.unroute("**/data/products.json");
  await product.getByRole("button", { name: "Try again" }).click();
  await expect(shop.product.name).toHaveText("Brook");
  await wishes.getByRole("button", { name: "Try again" }).click();
  await expect(shop.wishList.toggle).toHaveAccessibleName("Wish for Brook, Sea");
});

for (const id of Object.keys(sign)) {
  test(`${id} can come and go a thousand times and leaves nothing behind`, async ({ page, shop }) => {
    test.slow();
    await shop.open("product/brook");
    // Whoever comes while it is counted counts as left behind.
    await expect(shop.product.name).toBeVisible();
    await expect(shop.wishList.toggle).toHaveAccessibleName(/^Wish for Brook/);
    await shop.miniCart.expectCount(0);
    const left = await page.evaluate(async (id) => {
      type Subscribe = (...all: unknown[]) => () => void;
      type Handle = Record<string, Subscribe>;
      const directory = (globalThis as never)[Symbol.for("universal-state/1")] as {
        get(name: string): Handle;
      };
      const handle = directory.get("shop");
      const living = new Set<object>();
      const store: Record<string, unknown> = { ...handle };
      for (const name of ["subscribe", "subscribeKeys", "subscribePattern", "subscribeAll"]) {
        store[name] = (...all: unknown[]) => {
          const stop = handle[name]?.(...all);
          const mark = {};
          living.add(mark);
          const { signal } = (all.at(-1) ?? {}) as { signal?: AbortSignal };
          signal?.addEventListener("abort", () => living.delete(mark));
          return () => {
            living.delete(mark);
            stop?.();
          };
        };
      }
      const entry = performance
        .getEntriesByType("resource")
        .find(({ name }) => name.includes(`/shop/mfe/${id}/`));
      const module = await import(entry?.name ?? "");
      const element = document.createElement("div");
      document.body.append(element);
      const nodes = () => document.querySelectorAll("*").length;
      const counts = handle.counts as unknown as () => { listeners: number; slots: number };
      const before = nodes();
      const had = counts();
      let most = 0;
      for (let time = 0; time < 1000; time += 1) {
        await module.mount(element, {
          id,
          version: "0.0.0",
          store,
          navigate() {},
          reportError(error: unknown) {
            throw error;
          },
        });
        // Lets effects run, and what was fetched arrive.
        await new Promise((done) => setTimeout(done));
        most = Math.max(most, living.size);
        await module.unmount(element);
        if (element.childNodes.length > 0) throw new Error(`round ${time} left ${element.innerHTML}`);
      }
      await new Promise((done) => setTimeout(done, 100));
      const has = counts();
      return {
        most,
        living: living.size,
        nodes: nodes() - before,
        listeners: has.listeners - had.listeners,
        slots: has.slots - had.slots,
      };
    }, id);
    expect(left.most).toBeGreaterThan(0);
    expect(left.most).toBeLessThan(10);
    expect(left).toMatchObject({ living: 0, nodes: 0, listeners: 0, slots: 0 });
  });
}

for (const [when, isShown] of [["with its page shown", true], ["with its data on the way", false]] as const) {
  test(`checkout can come and go a thousand times, ${when}, in the memory that its wasm has`, async ({ page, shop }) => {
    test.setTimeout(240_000);
    await shop.openProduct("brook", "brook-sea");
    await shop.product.add.click();
    await shop.open("cart");
    await expect(shop.cart.quantity("Brook, Sea")).toHaveValue("1");
    await shop.miniCart.expectCount(1);
    const { had, has, warm, end } = await page.evaluate(async (isShown) => {
      const entries = performance.getEntriesByType("resource").map(({ name }) => name);
      const address = (file: string) => entries.find((name) => name.endsWith(file)) ?? "";
      const module = await import(address("/checkout.js"));
      const wasm = await (await import(address("/shop_checkout.js"))).default();
      const directory = (globalThis as never)[Symbol.for("universal-state/1")] as {
        get(name: string): { counts(): { listeners: number; slots: number } };
      };
      const handle = directory.get("shop");
      const element = document.createElement("div");
      document.body.append(element);
      const context = {
        id: "checkout",
        version: "0.0.0",
        store: handle,
        navigate() {},
        reportError(error: unknown) {
          throw error;
        },
      };
      const rounds = async (count: number) => {
        for (let time = 0; time < count; time += 1) {
          await module.mount(element, context);
          // Until it shows what it fetched, or at once.
          while (isShown && !element.querySelector("h1")) await new Promise((done) => setTimeout(done, 1));
          await module.unmount(element);
          if (element.childNodes.length > 0) throw new Error(`it left ${element.innerHTML}`);
        }
        return wasm.memory.buffer.byteLength as number;
      };
      const had = handle.counts();
      const warm = await rounds(300);
      return { had, warm, end: await rounds(700), has: handle.counts() };
    }, isShown);
    expect(warm).toBeGreaterThan(0);
    expect(end).toBe(warm);
    expect(has).toEqual(had);
    await shop.cart.setQuantity("Brook, Sea", 2);
    await shop.miniCart.expectCount(2, "€44.00");
  });
}
