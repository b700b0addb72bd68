/** What the types allow and what they refuse. Only compiled. */

import { createElement } from "react";
import { connect, isStateError, key, toStore, type Change, type Key, type Scope, type Store } from "universal-state";
import { StateElement } from "universal-state/element";
import { StoreProvider, useGlobalState, useGlobalStates, useMfe, useSelector } from "universal-state/react";
import { createStore } from "universal-state/store";
import { useGlobalState as useVueState, useGlobalValue, useSelector as useVueSelector } from "universal-state/vue";

/** Compiles only if both are one type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_ extends true>(): void => undefined;

interface Cart {
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
}
const CART = key<Cart>("cart");
const COUNT = key<number>("count");

export async function core(): Promise<void> {
  const store = await connect({ name: "shop", timeout: 100 });
  is<Same<typeof store, Store>>();
  const cart = store.get(CART);
  is<Same<typeof cart, Cart | undefined>>();
  const unknown = store.get("anything");
  is<Same<typeof unknown, unknown>>();
  const name: string = CART;
  store.set(name, "a plain name takes anything");

  store.set(CART, { items: [] });
  // @ts-expect-error: not a Cart
  store.set(CART, { items: [1] });
  // @ts-expect-error: not a number
  store.set(COUNT, "1");
  // @ts-expect-error: a value is needed
  store.set(COUNT);
  // @ts-expect-error: a key is a name
  store.get(1);
  // @ts-expect-error: one key is not another
  const other: Key<string> = COUNT;
  // @ts-expect-error: a plain name is no typed key
  const typed: Key<string> = "name";
  void [other, typed];

  store.update(COUNT, (n) => (n ?? 0) + 1);
  // @ts-expect-error: it may be missing
  store.update(COUNT, (n) => n + 1);
  // @ts-expect-error: the new value is a number
  store.update(COUNT, () => "1");

  const answer = store.batch((tx) => {
    is<Same<ReturnType<typeof tx.get<typeof COUNT>>, number | undefined>>();
    tx.set(COUNT, 1);
    return "answer" as const;
  }, "source");
  is<Same<typeof answer, "answer">>();
  // @ts-expect-error: a batch cannot wait
  store.batch(async (tx) => tx.set(COUNT, 1));
  store.batch(() => {
    throw Error("gives up");
  });

  store.subscribe(CART, (value, change) => {
    is<Same<typeof value, Cart | undefined>>();
    is<Same<typeof change, Change<Cart>>>();
    // @ts-expect-error: a change is read only
    change.value = undefined;
  }, { delivery: "sync" });
  // @ts-expect-error: there is no such delivery
  store.subscribe(CART, () => undefined, { delivery: "later" });
  // @ts-expect-error: a snapshot is read only
  store.snapshot()["a"] = 1;
  // @ts-expect-error: the handle is read only
  store.get = () => undefined;
  // @ts-expect-error: there are two modes
  store.restore({}, "both");

  const scope: Scope = store.scope("shop", { framework: "react" });
  is<Same<ReturnType<typeof scope.shared>["set"], Store["set"]>>();
  // @ts-expect-error: a scope registers nobody
  scope.scope("other");

  const writable = toStore(store, COUNT);
  writable.subscribe((n) => is<Same<typeof n, number | undefined>>());
  // @ts-expect-error: not a number
  writable.set("1");

  try {
    store.clear();
  } catch (error) {
    if (isStateError(error, "denied")) {
      is<Same<typeof error.path, string | undefined>>();
    }
    // @ts-expect-error: there is no such code
    isStateError(error, "nope");
  }
  await createStore({ persist: { backend: "indexed-db" }, tabs: true });
  // @ts-expect-error: there is no such backend
  await createStore({ persist: { backend: "disk" } });
}

export function Hooks(): unknown {
  const [count, setCount] = useGlobalState(COUNT, 0);
  is<Same<typeof count, number>>();
  setCount((n) => n + 1);
  // @ts-expect-error: not a number
  setCount("1");
  // @ts-expect-error: the initial value is a number
  useGlobalState(COUNT, "0");
  const [cart, setCart] = useGlobalState(CART);
  is<Same<typeof cart, Cart | undefined>>();
  setCart({ items: [] });
  // @ts-expect-error: it may be missing
  setCart((cart) => ({ items: cart.items }));
  const [plain, setPlain] = useGlobalState("plain", 0);
  is<Same<typeof plain, number>>();
  setPlain(plain + 1);
  const [named] = useGlobalState<string>("named");
  is<Same<typeof named, string | undefined>>();

  const [[a, b], setBoth] = useGlobalStates([COUNT, CART]);
  is<Same<typeof a, number | undefined>>();
  is<Same<typeof b, Cart | undefined>>();
  setBoth([1, { items: [] }]);
  setBoth(([count = 0, cart]) => [count + 1, cart]);
  // @ts-expect-error: one value a key
  setBoth([1]);
  // @ts-expect-error: each of its type
  setBoth(["1", undefined]);

  const size = useSelector((all) => Object.keys(all).length);
  is<Same<typeof size, number>>();
  const scope = useMfe("shop", { version: "1" });
  is<Same<typeof scope, Scope | undefined>>();
  // @ts-expect-error: a provider names a store, even if that is undefined
  createElement(StoreProvider, {});
  return createElement(StoreProvider, { store: scope }, "child");
}

export function composables(): void {
  const count = useVueState(COUNT, 0);
  count.value += 1;
  // @ts-expect-error: not a number
  count.value = "1";
  const cart = useVueState(CART);
  is<Same<typeof cart.value, Cart | undefined>>();
  const readonly = useGlobalValue(COUNT);
  // @ts-expect-error: only the store writes it
  readonly.value = 1;
  is<Same<ReturnType<typeof useVueSelector<string>>["value"], string>>();
}

export class Typed extends StateElement<{ readonly count: number | undefined }> {
  static override keys = ["count"];
  override render({ count }: { readonly count: number | undefined }): void {
    this.textContent = String(count);
  }
}

// @ts-expect-error: it has to render
export class Lazy extends StateElement {}
