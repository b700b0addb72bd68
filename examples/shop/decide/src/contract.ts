/** The shop's contract (`../contract.md`), as far as this team needs it. */

import { key, type Scope, type Store } from "universal-state";

export interface Item {
  readonly sku: string;
  readonly quantity: number;
}

export interface Cart {
  readonly items: readonly Item[];
}

export interface Chosen {
  readonly id: string;
  readonly sku: string;
}

export interface Place {
  readonly path: string;
  readonly query: string;
}

export const CART = key<Cart>("cart");
export const PRODUCT = key<Chosen>("shop:product");
export const PLACE = key<Place>("shop:place");

export interface Context {
  readonly id: string;
  readonly version: string;
  readonly store: Store;
  readonly scope: Scope;
  navigate(path: string, options?: { replace?: boolean }): void;
  reportError(error: unknown): void;
}

const MOST = 99;

/** The cart with one more of a variant. */
export function withOneMore(cart: Cart | undefined, sku: string): Cart {
  const items = cart?.items ?? [];
  const line = items.find((item) => item.sku === sku);
  if (!line) {
    return { ...cart, items: [...items, { sku, quantity: 1 }] };
  }
  const more = { ...line, quantity: Math.min(MOST, line.quantity + 1) };
  return { ...cart, items: items.map((item) => (item === line ? more : item)) };
}

/** Where a variant is shown. */
export function addressOf(id: string, sku: string): string {
  return `/shop/product/${encodeURIComponent(id)}?sku=${encodeURIComponent(sku)}`;
}

/** The product that a place is about, and the variant that its address asks for. */
export function askedFor(place: Place): { id: string; sku: string | null } | undefined {
  const [, id] = /^\/shop\/product\/([^/]+)\/?$/.exec(place.path) ?? [];
  if (id === undefined) {
    return undefined;
  }
  return { id: decoded(id), sku: new URLSearchParams(place.query).get("sku") };
}

/** An address may hold what does not decode. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
