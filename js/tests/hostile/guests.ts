/** Foreign namespaces, and calls back into the store from wherever it calls a script. */

import { DELIVERIES, Log, SYNC, equal, ok, same, throws, told, type Suite } from "../page/support.js";
import type { View } from "universal-state";

/** Everything that a script may do to a store. */
const everything = (view: View): void => {
  view.set("x", { at: Math.random() });
  view.update("y", (n) => Number(n ?? 0) + 1);
  view.batch((tx) => {
    tx.set("z", 1);
    tx.delete("z");
  });
  view.get("x");
  view.keys();
  view.snapshot();
  view.metadata();
  view.subscribe("x", () => undefined)();
  view.flush();
};

export const guests: Suite = {
  a_script_without_a_scope_has_no_key_of_a_micro_frontend({ store }) {
    const shop = store.scope("shop");
    shop.set("secret", 1);
    const log = told(store);
    for (const key of ["@shop/secret", "@shop/new", "@nobody/x"]) {
      for (const attempt of [
        () => store.set(key, 2),
        () => store.delete(key),
        () => store.update(key, () => 2),
        () => store.restore({ [key]: 2 }, "merge"),
      ]) {
        throws(attempt, "key");
      }
      ok(!readable(store, key), `${key} can be read`);
    }
    equal([store.keys(), { ...store.snapshot() }], [[], {}]);
    shop.set("secret", 3);
    store.clear();
    store.restore({});
    equal([shop.get("secret"), log.take()], [3, []]);
  },

  a_scope_has_no_key_of_another({ store }) {
    const [shop, cart] = [store.scope("shop"), store.scope("cart")];
    shop.set("n", 1);
    for (const key of ["@shop/n", "../shop/n", "/n"]) {
      ok(!readable(cart, key), key);
      ok(!readable(cart.shared(), key), key);
    }
    throws(() => cart.peer("shop").set("n", 2), "denied", { key: "@shop/n" });
    throws(() => cart.peer("cart/../shop").set("n", 2), "denied");
    cart.clear();
    cart.restore({ "../shop/n": 5 });
    equal([shop.get("n"), cart.keys()], [1, ["../shop/n"]]);
  },

  every_callback_may_use_the_store_or_gets_a_clear_error({ store, reports }) {
    const scope = store.scope("guest");
    const run = new Log<string>();
    const inside = (where: string) => (): void => {
      run.push(where);
      everything(store);
      everything(scope);
    };
    for (const delivery of DELIVERIES) {
      let once = true;
      const listener = (where: string) => (): void => {
        if (once) inside(where)();
        once = false;
      };
      const ends = [
        store.subscribe("a", listener("key"), { delivery }),
        store.subscribeAll(listener("all"), { delivery }),
        store.subscribePattern("*", listener("pattern"), { delivery }),
        store.subscribeMfes(listener("registry"), { delivery }),
      ];
      for (const trigger of [() => store.set("a", { delivery }), () => store.scope(delivery)]) {
        once = true;
        trigger();
        store.flush();
      }
      ends.forEach((end) => end());
    }
    store.subscribe("a", inside("at once"), { immediate: true })();
    store.batch(inside("batch"));
    store.update("b", () => {
      run.push("update");
      try {
        store.set("inner", 1);
      } catch (error) {
        throws(() => { throw error; }, "reentrant");
      }
      return 1;
    });
    equal(store.get("b"), 1);
    equal(reports, []);
    ok(run.take().length >= 7);
    store.set("after", 1);
    equal(store.get("after"), 1);
  },

  an_update_that_writes_its_own_key_ends_on_a_value_that_was_asked_for({ store }) {
    store.set("n", 1);
    try {
      store.update("n", (n) => {
        store.set("n", 10);
        return Number(n) + 1;
      });
    } catch (error) {
      throws(() => { throw error; }, "reentrant");
    }
    ok([1, 2, 10, 11].includes(store.get("n") as number), String(store.get("n")));
    store.set("n", 3);
    equal(store.get("n"), 3);
  },

  an_update_that_throws_changes_nothing_and_the_error_comes_out({ store }) {
    store.set("n", 1);
    const before = store.metadata();
    const error = RangeError("mine");
    let thrown: unknown;
    try {
      store.update("n", () => { throw error; });
    } catch (caught) {
      thrown = caught;
    }
    same(thrown, error);
    throws(() => store.update("n", () => undefined), "value", { key: "n", path: "" });
    same(store.metadata(), before);
    store.update("missing", (value) => {
      equal(value, undefined);
      return 1;
    });
    equal(store.get("missing"), 1);
  },

  a_batch_that_is_left_by_its_own_listener_or_scope_is_whole({ store }) {
    const scope = store.scope("guest");
    scope.set("n", 1);
    const log = told(store);
    store.batch((tx) => {
      tx.set("a", 1);
      try {
        scope.unregister();
      } catch (error) {
        throws(() => { throw error; }, "reentrant");
      }
      tx.set("b", 2);
    });
    equal([store.get("a"), store.get("b"), log.take().length], [1, 2, 1]);
    store.set("c", 3);
    equal(store.get("c"), 3);
  },

  a_view_kept_from_a_batch_is_the_store({ store }) {
    let kept: View | undefined;
    store.batch((tx) => {
      kept = tx;
      tx.set("a", 1);
    });
    kept?.set("a", 2);
    equal([store.get("a"), store.metadata().version], [2, 2]);
  },

  a_flood_of_subscriptions_and_scopes_leaves_nothing({ store, listeners }) {
    const before = listeners();
    for (let n = 0; n < 1_000; n += 1) {
      const scope = store.scope(`guest ${n % 7}`);
      scope.set("n", n);
      scope.subscribe("n", () => undefined);
      const ends = [store.subscribe(`k${n}`, () => undefined), store.subscribePattern(`p${n}*`, () => undefined, SYNC)];
      scope.unregister();
      ends.forEach((end) => end());
    }
    equal([listeners(), store.mfes(), store.keys()], [before, [], []]);
  },

  the_directory_takes_no_second_store_of_a_name_and_gives_none_away({ store, name }) {
    const page = globalThis as unknown as Record<symbol, Record<string, (...anything: unknown[]) => unknown>>;
    const directory = page[Symbol.for("universal-state/1")];
    ok(directory && Object.isFrozen(directory));
    equal(directory["install"]?.(name, {}), false);
    directory["remove"]?.(name, {});
    same(directory["get"]?.(name), store);
    ok((directory["names"]?.() as string[]).includes(name));
    for (const odd of ["__proto__", "constructor", "toString"]) {
      equal(directory["get"]?.(odd), undefined, odd);
    }
    let replaced = true;
    try {
      page[Symbol.for("universal-state/1")] = {};
      replaced = page[Symbol.for("universal-state/1")] !== directory;
    } catch {
      replaced = false;
    }
    ok(!replaced, "the directory can be replaced");
  },
};

function readable(view: View, key: string): boolean {
  try {
    return view.get(key) !== undefined;
  } catch {
    return false;
  }
}
