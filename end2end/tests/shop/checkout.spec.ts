import { expect, test } from "../fixtures/shop";

test.beforeEach(async ({ shop }) => {
  await shop.openProduct("brook", "brook-sea");
  await shop.product.add.click();
  await shop.miniCart.expectCount(1);
  await shop.open("checkout");
  await expect(shop.checkout.summary).toContainText("1 × Brook, Sea");
});

test("an empty form says what is missing, field by field, and leads to the first", async ({ shop }) => {
  const { name, email, stores, order, store } = shop.checkout;
  await shop.checkout.expectNoProblem(name);
  await order.click();
  await shop.checkout.expectProblem(name, /Tell us your name/);
  await shop.checkout.expectProblem(email, /Tell us your e-mail address/);
  await shop.checkout.expectProblem(stores, /Choose the store/);
  await expect(name).toBeFocused();
  await shop.expectAt("checkout");

  await name.fill("Ada");
  await shop.checkout.expectNoProblem(name);
  await email.fill("ada@");
  await order.click();
  await expect(email).toBeFocused();
  await shop.checkout.expectProblem(email, /does not look like an e-mail address/);

  await email.fill("ada@example.org");
  await order.click();
  await expect(store.call(shop.checkout, "Kiln Yard")).toBeFocused();
  expect(await shop.shared("shop:order")).toBeUndefined();
  await shop.miniCart.expectCount(1);
});

test("an order is what was in the cart at the price of the day, and the cart is empty", async ({ shop }) => {
  await shop.checkout.fill("  Ada Lovelace ", " ada@example.org ", "North Quay");
  await shop.checkout.order.click();
  await expect(shop.thanks.heading).toBeVisible();
  expect(await shop.shared("shop:order")).toEqual({
    number: expect.stringMatching(/^LL-[2-9A-HJ-NP-Z]{8}$/),
    name: "Ada Lovelace",
    email: "ada@example.org",
    pickup: "north-quay",
    items: [{ sku: "brook-sea", quantity: 1, price: 2200 }],
    total: 2200,
  });
  await shop.miniCart.expectCount(0);
});

test("after the order, back finds nothing to order twice", async ({ page, shop }) => {
  await shop.checkout.fill("Ada", "ada@example.org", "Kiln Yard");
  await shop.checkout.order.click();
  await expect(shop.thanks.heading).toBeVisible();
  await page.goBack();
  await expect(shop.main.getByRole("heading", { name: "There is nothing to order yet" })).toBeVisible();
  await expect(shop.checkout.order).toHaveCount(0);
});

test("without an order there is nobody to thank", async ({ shop }) => {
  await shop.open("thanks");
  await expect(shop.main.getByRole("heading", { name: "Nothing was ordered yet" })).toBeVisible();
});
