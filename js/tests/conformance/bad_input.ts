/** Bad input is a typed error that changes nothing; odd input is input like any other. */

import { equal, ok, same, throws, told, type Suite } from "../page/support.js";
import type { View } from "universal-state";

const MAX_KEY_BYTES = 512;

/** Every method that takes a key, with one that no store takes. */
const everyMethod = (view: View, key: string): (() => unknown)[] => [
  () => view.get(key),
  () => view.set(key, 1),
  () => view.update(key, () => 1),
  () => view.delete(key),
  () => view.batch((tx) => { tx.set("good", 1); tx.set(key, 1); }),
  () => view.restore({ good: 1, [key]: 1 }, "merge"),
  () => view.subscribe(key, () => undefined),
  () => view.subscribeKeys(["good", key], () => undefined),
];

/** Names that mean something to JavaScript, JSON, file systems or glob. */
export const ODD = [
  "__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "toJSON", "then",
  "__defineGetter__", "/a/b", "~0~1", "a~1b", "#/definitions/a", "..", "a.b[0]", " ", "\n", "\0", "*",
  "**", "[a-z]", "ключ 🔑", "0", "length",
];

export const badInput: Suite = {
  a_name_that_is_no_key_is_refused_everywhere({ store, listeners }) {
    const shop = store.scope("shop");
    store.set("n", 1);
    const before = listeners();
    const log = told(store);
    const metadata = store.metadata();
    const long = "x".repeat(MAX_KEY_BYTES + 1);
    for (const view of [store, shop, shop.shared()]) {
      for (const key of ["", long, "@", "@shop", "@shop/", "@/n"]) {
        everyMethod(view, key).forEach((method) => {
          throws(method, "key");
        });
      }
    }
    same(store.metadata(), metadata);
    equal([listeners(), log.take()], [before + 1, []]);
  },

  a_key_that_is_no_string_is_an_argument_error({ store }) {
    for (const key of [undefined, null, 1, {}, [], Symbol("k"), () => "k", new String("k"), 1n]) {
      for (const method of everyMethod(store, key as string).filter((_, at) => at !== 5)) {
        throws(method, "argument");
      }
    }
    equal(store.keys(), []);
  },

  a_long_name_is_cut_in_its_error({ store }) {
    const error = throws(() => store.set("ж".repeat(MAX_KEY_BYTES), 1), "key");
    ok(error.message.length < 300, error.message);
  },

  the_longest_key_is_a_key({ store }) {
    const longest = "x".repeat(MAX_KEY_BYTES);
    store.set(longest, 1);
    equal(store.get(longest), 1);
  },

  odd_names_are_ordinary_keys({ store }) {
    const shop = store.scope("shop");
    for (const name of ODD) {
      equal([store.get(name), store.has(name)], [undefined, false], name);
      ok(!(name in store.snapshot()), name);
    }
    ODD.forEach((name, n) => {
      store.set(name, { [name]: n });
      shop.set(name, n + 100);
    });
    ODD.forEach((name, n) => {
      const value = store.get(name) as object;
      equal([Object.keys(value), Object.values(value), shop.get(name)], [[name], [n], n + 100], name);
      same(store.snapshot()[name], value, name);
    });
    equal(store.keys().length, ODD.length);
    equal(Object.keys(store.snapshot()).length, ODD.length);
    store.restore(store.snapshot());
    equal(store.metadata().updateCount, 2 * ODD.length);
    ODD.forEach((name) => ok(store.delete(name), name));
    equal({ ...store.snapshot() }, {});
  },

  an_id_that_is_empty_or_too_long_is_refused({ store }) {
    throws(() => store.scope(""), "mfe-id");
    throws(() => store.scope("x".repeat(10_000)), "mfe-id");
    throws(() => store.scope(7 as unknown as string), "argument");
    throws(() => store.scope("shop", { framework: 7 as unknown as string }), "argument");
    equal(store.mfes(), []);
  },

  arguments_of_the_wrong_kind_are_told_apart({ store, listeners }) {
    const before = listeners();
    const wrong = store as unknown as Record<string, (...anything: unknown[]) => unknown>;
    throws(() => wrong["set"]?.("a", 1, 7), "argument");
    throws(() => wrong["update"]?.("a", 7), "argument");
    throws(() => wrong["batch"]?.(7), "argument");
    throws(() => wrong["subscribe"]?.("a", 7), "argument");
    throws(() => wrong["subscribeAll"]?.(undefined), "argument");
    throws(() => wrong["subscribeAll"]?.(() => 0, { delivery: "later" }), "argument");
    throws(() => wrong["subscribePattern"]?.(7, () => 0), "argument");
    throws(() => wrong["subscribeKeys"]?.(7, () => 0), "argument");
    throws(() => wrong["subscribeKeys"]?.(undefined, () => 0), "argument");
    throws(() => wrong["subscribeAll"]?.(() => 0, { signal: {} }), "argument");
    equal([listeners(), store.metadata().version], [before, 0]);
  },

  an_error_is_one_line_without_a_full_stop({ store }) {
    const errors = [
      throws(() => store.set("", 1), "key"),
      throws(() => store.set("a", () => 1), "value"),
      throws(() => store.scope(""), "mfe-id"),
      throws(() => store.get(1 as unknown as string), "argument"),
    ];
    for (const { message } of errors) {
      ok(/^[^\n]+[^.\n]$/.test(message), message);
    }
  },

  methods_need_no_this({ store }) {
    const { set, get, subscribeAll, batch, scope, metadata } = store;
    const log: unknown[] = [];
    const end = subscribeAll((changes) => log.push(changes.length), { delivery: "sync" });
    batch(() => set("a", 1));
    end();
    const { set: own } = scope("shop");
    own("b", 1);
    equal([get("a"), log, metadata().version], [1, [1], 2]);
    ok(Object.isFrozen(store));
  },
};
