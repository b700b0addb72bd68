import { expect, type Shop, test } from "../fixtures/shop";

const ways = {
  "an event handler": "button.addEventListener('click', () => { throw new Error('out of clay') });",
  "a timer": "button.addEventListener('click', () => setTimeout(() => { throw new Error('out of clay') }));",
  "a timer, of no Error": "button.addEventListener('click', () => setTimeout(() => { throw 'out of clay' }));",
  "a promise": "button.addEventListener('click', async () => { throw new Error('out of clay') });",
} as const;

/** Opens a product page whose micro-frontend `decide` is a button that throws. */
async function openOneThatThrows(shop: Shop, how: string) {
  await shop.trustAnyBytes();
  await shop.page.route("**/shop/mfe/decide/**", (route) =>
    route.fulfill({
      contentType: "text/javascript",
      body: `export function mount(element) {
        const button = document.createElement("button");
        button.textContent = "Throw";
        ${how}
        element.append(button);
      }
      export function unmount(element) { element.replaceChildren() }`,
    }),
  );
  await shop.open("product/brook?sku=brook-sea");
  await shop.page.getByText("How this page is made").click();
}

const row = (shop: Shop, id: string) => shop.page.getByRole("row", { name: new RegExp(`^${id} `) });

/** What the registry says that each micro-frontend failed at. */
const failures = (shop: Shop) =>
  shop.page.evaluate(() => {
    const directory = (globalThis as never)[Symbol.for("universal-state/1")] as {
      get(name: string): { mfes(): { id: string; failure?: string }[] };
    };
    const mfes = directory.get("shop").mfes();
    return Object.fromEntries(mfes.flatMap(({ id, failure }) => (failure ? [[id, failure]] : [])));
  });

for (const [where, how] of Object.entries(ways)) {
  test(`what is thrown in ${where} is put down to the part that threw, and all go on`, async ({ page, shop }) => {
    await openOneThatThrows(shop, how);
    await expect(row(shop, "decide")).toContainText(/running$/);
    await expect(page.locator(".inside-sum")).toContainText("0 failures");
    await page.getByRole("button", { name: "Throw" }).click();
    await expect(row(shop, "decide")).toContainText("running; threw (runtime: out of clay)");
    await expect(page.locator(".inside-sum")).toContainText("1 failures");
    expect(await failures(shop)).toEqual({ decide: "runtime: out of clay" });

    await page.getByRole("button", { name: "Throw" }).click();
    await expect(page.locator(".inside-sum")).toContainText("2 failures");
    for (const id of ["mini-cart", "wish-list"]) await expect(row(shop, id)).toContainText(/running$/);
    await expect(shop.wishList.region).toBeVisible();
    await shop.miniCart.toggle.click();
    await expect(shop.miniCart.preview).toBeVisible();
  });
}

test("what is thrown by a script of none of them is put down to nobody", async ({ page, shop }) => {
  await openOneThatThrows(shop, ways["a timer"]);
  await expect(row(shop, "decide")).toContainText(/running$/);
  const thrown = page.waitForEvent("pageerror");
  await page.evaluate(() => {
    setTimeout(() => {
      throw new Error("nobody's");
    });
  });
  expect((await thrown).message).toBe("nobody's");
  // One that is somebody's is told after it, so by then it would be there.
  await page.getByRole("button", { name: "Throw" }).click();
  await expect(page.locator(".inside-sum")).toContainText("1 failures");
  expect(await failures(shop)).toEqual({ decide: "runtime: out of clay" });
});
