/** Points 14 and 15: micro-frontends, their scopes and the registry. */

import { Log, SYNC, entry, equal, ok, same, setMany, throws, type At, type Entry, type Suite } from "../page/support.js";
import type { Mfe, Scope } from "universal-state";

/** Ids that a careless way of joining id and key would confuse. */
const IDS = [
  "shop", "shop:cart", "shop/cart", "shop%2Fcart", "shop%252Fcart", "@shop", "@shop/cart", "/", "%",
  " shop ", "магазин", "🛒", "__proto__", "constructor",
];

/** `shop` and `cart`, which both hold `n` and `m`, and a shared `n`. */
function two({ store }: At): { shop: Scope; cart: Scope } {
  const [shop, cart] = [store.scope("shop"), store.scope("cart")];
  setMany(shop, { n: 1, m: 2 });
  setMany(cart, { n: 1, m: 2 });
  store.set("n", 3);
  return { shop, cart };
}

const ids = (mfes: readonly Mfe[]): string[] => mfes.map(({ id }) => id);

export const mfe: Suite = {
  two_mfes_hold_a_key_of_one_name_apart(at) {
    const { shop, cart } = two(at);
    shop.set("n", 10);
    equal([shop.get("n"), cart.get("n"), at.store.get("n")], [10, 1, 3]);
    equal([at.store.keys(), shop.keys(), cart.keys()], [["n"], ["m", "n"], ["m", "n"]]);
  },

  namespaces_never_collide_whatever_characters_an_id_has({ store }) {
    const scopes = IDS.map((id) => store.scope(id));
    const keys = ["n", "cart/n", "/n", "2Fcart/n", "n@shop"];
    scopes.forEach((scope, at) => keys.forEach((key) => scope.set(key, at)));
    scopes.forEach((scope, at) => {
      equal(keys.map((key) => scope.get(key)), keys.map(() => at), scope.id);
    });
    scopes.forEach((scope, at) => {
      scope.unregister();
      const rest = scopes.slice(at + 1);
      equal(rest.map((scope) => scope.keys().length), rest.map(() => keys.length), scope.id);
    });
    equal([store.mfes(), store.metadata().updateCount], [[], 2 * IDS.length * keys.length]);
  },

  an_id_that_is_taken_is_an_error_that_names_the_holder(at) {
    const shop = at.store.scope("shop", { framework: "react", version: "2.1.0" });
    shop.set("n", 1);
    const error = throws(() => at.store.scope("shop"), "mfe-taken");
    ok(error.message.includes("react 2.1.0"), error.message);
    equal([at.store.mfes().length, shop.get("n")], [1, 1]);
  },

  an_id_can_be_registered_again_after_it_was_unregistered({ store }) {
    const old = store.scope("shop");
    old.set("n", 1);
    old.unregister();
    const young = store.scope("shop");
    equal(young.get("n"), undefined);
    young.set("n", 2);
    ok(!old.isRegistered());
    throws(() => old.unregister(), "unknown-mfe");
    equal([young.isRegistered(), young.get("n")], [true, 2]);
  },

  unregistering_deletes_its_keys_in_one_transaction_and_nobody_elses(at) {
    const { shop, cart } = two(at);
    const before = at.store.metadata();
    shop.unregister();
    const after = at.store.metadata();
    equal([after.version, after.updateCount, after.source], [before.version + 1, before.updateCount + 2, "shop"]);
    equal([at.store.keys(), cart.keys()], [["n"], ["m", "n"]]);
    throws(() => shop.unregister(), "unknown-mfe");
  },

  unregistering_ends_its_subscriptions_and_nobody_elses(at) {
    const { store, listeners } = at;
    const before = listeners();
    const { shop, cart } = two(at);
    const [ofShop, ofCart] = [new Log<string>(), new Log<string>()];
    const allWays = (scope: Scope, log: Log<string>): void => {
      scope.subscribe("n", () => log.push("key"), SYNC);
      scope.subscribeKeys(["n", "m"], () => log.push("keys"), SYNC);
      scope.subscribePattern("**", () => log.push("pattern"), SYNC);
      scope.subscribeAll(() => log.push("all"), SYNC);
      scope.shared().subscribe("n", () => log.push("shared"), SYNC);
      scope.peer("cart").subscribeAll(() => log.push("peer"), SYNC);
    };
    allWays(shop, ofShop);
    allWays(cart, ofCart);
    equal(listeners(), before + 12);
    shop.unregister();
    equal(listeners(), before + 6);
    ofShop.take();
    ofCart.take();
    store.set("n", 9);
    store.scope("shop").set("n", 9);
    cart.set("n", 9);
    equal(ofShop.take(), []);
    equal(ofCart.take().filter((name) => name !== "peer").sort(), ["all", "key", "keys", "pattern", "shared"]);
  },

  whatever_is_kept_of_an_unregistered_mfe_is_refused(at) {
    const { shop } = two(at);
    const views = [shop, shop.shared(), shop.peer("cart")];
    shop.unregister();
    const { version } = at.store.metadata();
    for (const view of views) {
      const writes = [
        () => view.set("n", 1),
        () => view.update("n", () => 1),
        () => view.delete("n"),
        () => view.restore({ n: 1 }),
        () => view.batch((tx) => tx.set("n", 1)),
        () => view.subscribe("n", () => undefined),
        () => view.subscribeAll(() => undefined),
        () => view.subscribePattern("*", () => undefined),
      ];
      writes.forEach((write) => throws(write, "unknown-mfe"));
    }
    equal([at.store.metadata().version, shop.isRegistered()], [version, false]);
  },

  a_namespace_that_nobody_owns_takes_no_values({ store }) {
    for (const key of ["@nobody/x", "@no%2Fbody/x"]) {
      let code: unknown;
      try {
        store.set(key, 1);
      } catch (error) {
        ({ code } = error as { code: unknown });
      }
      equal(code, "key", "a name that begins with @ is no key of a script's");
    }
    equal(store.keys(), []);
  },

  a_scope_shows_its_own_keys_by_their_short_names(at) {
    const { shop } = two(at);
    equal([shop.keys(), shop.has("n"), shop.has("shared")], [["m", "n"], true, false]);
    equal(shop.snapshot(), { m: 2, n: 1 });
    equal(shop.shared().keys(), ["n"]);
    same(shop.shared(), shop.shared());
    equal(shop.id, "shop");
  },

  clearing_a_scope_removes_its_own_keys_alone(at) {
    const { shop, cart } = two(at);
    const { version } = at.store.metadata();
    shop.clear();
    equal([shop.keys(), cart.keys().length, at.store.keys()], [[], 2, ["n"]]);
    equal(at.store.metadata().version, version + 1);
    shop.shared().clear();
    equal([cart.keys().length, at.store.keys()], [2, []]);
  },

  restoring_a_scope_touches_its_own_keys_alone(at) {
    const { shop, cart } = two(at);
    const before = shop.snapshot();
    shop.set("n", 9);
    shop.set("c", 9);
    shop.delete("m");
    cart.set("n", 9);
    shop.restore(before);
    equal([shop.snapshot(), cart.get("n"), at.store.get("n")], [before, 9, 3]);
    shop.set("c", 9);
    shop.restore(before, "merge");
    equal(shop.keys(), ["c", "m", "n"]);
  },

  a_write_through_a_scope_carries_its_id(at) {
    const { shop } = two(at);
    const log = new Log<unknown>();
    const note = (view: Pick<Scope, "subscribeAll">): void => {
      view.subscribeAll((changes) => changes.forEach((c) => log.push([c.source, c.origin])), SYNC);
    };
    note(shop);
    note(at.store);
    shop.set("n", 5);
    shop.shared().set("n", 5);
    shop.set("n", 6, "button");
    equal(log.take(), [["shop", "mfe:shop"], ["shop", "mfe:shop"], ["button", "mfe:shop"]]);
  },

  a_batch_of_a_scope_is_atomic_across_own_and_shared_keys(at) {
    const { shop } = two(at);
    const log = new Log<Entry[]>();
    at.store.subscribeAll((changes) => log.push(changes.map(entry)), SYNC);
    const both = (fail: boolean): void =>
      shop.batch((own) => {
        own.set("n", 7);
        shop.shared().set("n", 7);
        if (fail) throw RangeError("no");
      });
    try {
      both(true);
    } catch (error) {
      ok(error instanceof RangeError);
    }
    equal([shop.get("n"), at.store.get("n"), log.take()], [1, 3, []]);
    both(false);
    equal([shop.get("n"), at.store.get("n"), log.take()], [7, 7, [[["n", 3, 7]]]]);
  },

  a_scope_is_told_of_its_own_keys_alone(at) {
    const { shop, cart } = two(at);
    const log = new Log<unknown>();
    const note = (name: string) => (changes: readonly { key: string }[]) =>
      log.push([name, changes.map(({ key }) => key)]);
    shop.subscribeAll(note("own"), SYNC);
    shop.shared().subscribeAll(note("shared"), SYNC);
    at.store.batch(() => {
      cart.set("n", 8);
      shop.set("n", 8);
      at.store.set("n", 8);
    });
    cart.set("n", 9);
    equal(log.take(), [["own", ["@shop/n"]], ["shared", ["n"]]]);
  },

  the_keys_of_another_are_denied_without_a_grant(at) {
    const { shop, cart } = two(at);
    const peer = cart.peer("shop");
    const attempts = [
      () => peer.set("n", 9),
      () => peer.delete("n"),
      () => peer.update("n", () => 9),
      () => peer.restore({ n: 9 }, "merge"),
      () => peer.get("n"),
      () => peer.subscribe("n", () => undefined),
      () => peer.subscribeKeys(["n"], () => undefined),
    ];
    for (const attempt of attempts) {
      throws(attempt, "denied", { key: "@shop/n" });
    }
    equal([peer.keys(), { ...peer.snapshot() }], [[], {}]);
    peer.clear();
    equal(shop.get("n"), 1);
  },

  a_denied_write_refuses_its_batch(at) {
    const { shop, cart } = two(at);
    const { version } = at.store.metadata();
    throws(() => cart.batch((own) => {
      own.set("own", 1);
      cart.shared().set("n", 9);
      cart.peer("shop").set("n", 9);
    }), "denied", { key: "@shop/n" });
    equal([at.store.metadata().version, cart.has("own"), shop.get("n")], [version, false, 1]);
  },

  the_registry_says_who_is_there({ store }) {
    equal(store.mfes(), []);
    const shop = store.scope("shop", { framework: "react", version: "2.1.0" });
    store.scope("cart", { framework: "vue" });
    const mfes = store.mfes();
    equal(mfes.map(({ id, framework, version }) => [id, framework, version]), [
      ["shop", "react", "2.1.0"],
      ["cart", "vue", ""],
    ]);
    ok(mfes.every(({ registeredAt }) => registeredAt > 0) && Object.isFrozen(mfes));
    same(store.mfes(), mfes);
    shop.unregister();
    equal(ids(store.mfes()), ["cart"]);
  },

  listeners_of_the_registry_are_told_who_comes_and_goes({ store }) {
    const log = new Log<string[]>();
    store.subscribeMfes((mfes) => log.push(ids(mfes)), SYNC);
    const shop = store.scope("shop");
    const cart = store.scope("cart");
    shop.unregister();
    equal(log.take(), [["shop"], ["shop", "cart"], ["cart"]]);
    store.subscribeMfes((mfes) => log.push(ids(mfes)), { immediate: true, delivery: "sync" });
    equal(log.take(), [["cart"]]);
    cart.unregister();
    equal(log.take(), [[], []]);
  },

  the_registry_is_no_key({ store }) {
    const log = new Log<string>();
    store.subscribeAll(() => log.push("all"), SYNC);
    store.subscribePattern("**", () => log.push("pattern"), SYNC);
    store.scope("shop");
    store.flush();
    equal([log.take(), store.keys(), store.metadata().version], [[], [], 0]);
    store.set("micro-frontends", 1);
    store.clear();
    store.restore({});
    equal(ids(store.mfes()), ["shop"]);
  },
};
