/** The shop's contract (`../contract.md`), as far as this team needs it. */

import { key, type Scope, type Store } from "universal-state";

export interface Item {
  readonly sku: string;
  readonly quantity: number;
}

export interface Cart {
  readonly items: readonly Item[];
}

export const CART = key<Cart>("cart");
export const WISHES = key<readonly string[]>("wishes");
export const PRODUCT = key<{ readonly id: string; readonly sku: string }>("shop:product");

export interface Context {
  readonly id: string;
  readonly version: string;
  readonly store: Store;
  readonly scope: Scope;
  reportError(error: unknown): void;
}

const MOST = 99;

/** The cart with one more of a variant. */
export function withOneMore(cart: Cart | undefined, sku: string): Cart {
  const items = cart?.items ?? [];
  if (!items.some((item) => item.sku === sku)) {
    return { ...cart, items: [...items, { sku, quantity: 1 }] };
  }
  const more = (item: Item): Item => ({ ...item, quantity: Math.min(MOST, item.quantity + 1) });
  return { ...cart, items: items.map((item) => (item.sku === sku ? more(item) : item)) };
}

export const withWish = (wishes: readonly string[] | undefined, sku: string): readonly string[] =>
  wishes?.includes(sku) ? wishes : [...(wishes ?? []), sku];

export const withoutWish = (wishes: readonly string[] | undefined, sku: string): readonly string[] =>
  (wishes ?? []).filter((wish) => wish !== sku);
