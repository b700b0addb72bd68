/** The package as a whole: on a server, and in two tabs. */

import { expect, test } from "@playwright/test";
import { open } from "./page/open.js";

test("every entry can be imported on a server, where there is no store", async () => {
  for (const entry of ["", "/react", "/vue", "/element", "/store"]) {
    await import(`universal-state${entry}`);
  }
  const { connect, getStore } = await import("universal-state");
  expect(getStore()).toBeUndefined();
  await expect(connect({ timeout: 10 })).rejects.toThrow(/no store "default" on this page after 10 ms/);
});

test("two tabs share one state, and a third finds it", async ({ browser }) => {
  const context = await browser.newContext();
  const tab = async () => {
    const page = await open(context);
    await page.evaluate(async () => {
      const { createStore } = await import("universal-state/store");
      await createStore({ name: "shop", persist: true, tabs: true });
    });
    return page;
  };
  const read = async () => {
    const { getStore } = await import("universal-state");
    return getStore("shop")?.get("cart");
  };
  const [one, two] = [await tab(), await tab()];
  await one.evaluate(async () => {
    const { getStore } = await import("universal-state");
    getStore("shop")?.set("cart", { items: ["book"] });
  });
  await expect.poll(() => two.evaluate(read)).toEqual({ items: ["book"] });
  const three = await tab();
  expect(await three.evaluate(read)).toEqual({ items: ["book"] });
  await context.close();
});

test("the example of the element works as it is written", async ({ browser }) => {
  const page = await open(await browser.newContext());
  await page.evaluate(async () => {
    const { StateElement } = await import("universal-state/element");
    const { createStore } = await import("universal-state/store");
    class CartCount extends StateElement<{ readonly cart?: { items: unknown[] } }> {
      static override keys = ["cart"];
      override render({ cart }: { readonly cart?: { items: unknown[] } }): void {
        this.textContent = String(cart?.items.length ?? 0);
      }
    }
    customElements.define("cart-count", CartCount);
    document.body.innerHTML = "<cart-count></cart-count>";
    const store = await createStore();
    store.set("cart", { items: ["book"] });
  });
  await expect(page.locator("cart-count")).toHaveText("1");
  await page.context().close();
});
