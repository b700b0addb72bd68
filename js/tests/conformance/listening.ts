/** Point 9: who is told of what, and when. */

import {
  Log, SYNC, entry, equal, listenToA, setMany, settled, told,
  type At, type Entry, type Suite,
} from "../page/support.js";

/** What `f` makes the listeners of `a` be told, in this turn. */
function toldOfA({ store }: At, f: () => void): Entry[] {
  const [log, subscriptions] = listenToA(store, {});
  f();
  store.flush();
  subscriptions.forEach((end) => end());
  return log.take();
}

const thrice = (...entries: Entry[]): Entry[] => entries.flatMap((one) => [one, one, one]);

export const listening: Suite = {
  a_listener_gets_the_new_and_the_previous_value({ store }) {
    const [log] = listenToA(store, SYNC);
    store.set("a", 1);
    store.set("b", 1);
    store.set("a", 2);
    store.delete("a");
    equal(log.take(), thrice(["a", undefined, 1], ["a", 1, 2], ["a", 2, undefined]));
  },

  a_listener_of_several_keys_is_called_once_a_transaction({ store }) {
    const log = new Log<Entry[]>();
    store.subscribeKeys(["a", "b", "c"], (changes) => log.push(changes.map(entry)), SYNC);
    setMany(store, { x: 0, c: 3, a: 1 });
    store.set("b", 2);
    equal(log.take(), [[["c", undefined, 3], ["a", undefined, 1]], [["b", undefined, 2]]]);
  },

  async three_bare_sets_call_a_listener_of_all_once_a_turn({ store, engine }) {
    const log = told(store, "batched");
    store.set("a", 1);
    store.set("b", 2);
    store.set("c", 3);
    const sets: Entry[] = [["a", undefined, 1], ["b", undefined, 2], ["c", undefined, 3]];
    if (engine === "map") {
      equal(log.take(), sets.map((one) => [one]));
    } else {
      equal(log.take(), [], "the turn is not over");
      await Promise.resolve();
      await Promise.resolve();
      equal(log.take(), [sets]);
    }
    await settled();
    equal(log.take(), [], "everything was told");
  },

  changes_of_one_turn_are_told_as_one(at) {
    const { store, engine } = at;
    store.set("a", 1);
    store.flush();
    const calls = toldOfA(at, () => {
      store.set("a", 2);
      store.delete("a");
      store.set("a", 3);
    });
    if (engine === "map") {
      equal(calls.length, 9);
    } else {
      equal(calls, thrice(["a", 1, 3]));
    }
  },

  a_coalesced_change_is_signed_by_the_last_writer({ store }) {
    const log = new Log<[string, number]>();
    store.subscribe("a", (_, change) => log.push([change.source, change.version]));
    store.set("a", 1, "first");
    store.set("a", 2, "last");
    store.flush();
    equal(log.take().pop(), ["last", 2]);
  },

  a_key_that_ends_where_it_began_is_not_reported(at) {
    const { store, engine } = at;
    store.set("a", 1);
    store.flush();
    const all = told(store, "batched");
    const thereAndBack = (): void => {
      store.set("a", 2);
      store.set("a", 1);
    };
    const awayAndBack = (): void => {
      store.delete("a");
      store.set("a", 1);
    };
    const comeAndGone = (): void => {
      store.set("z", 1);
      store.delete("z");
    };
    for (const write of [thereAndBack, awayAndBack, comeAndGone]) {
      const calls = toldOfA(at, write).length;
      const expected = engine === "map" ? [2, write === comeAndGone ? 0 : 6] : [0, 0];
      equal([all.take().length, calls], expected, write.name);
    }
    thereAndBack();
    store.set("b", 7);
    store.flush();
    equal(all.take().pop(), [["b", undefined, 7]], "others are reported");
  },

  a_listener_that_saw_a_value_hears_that_it_was_put_back({ store }) {
    store.set("a", 1);
    store.flush();
    store.set("a", 2);
    const [log] = listenToA(store, { immediate: true });
    store.set("a", 1);
    store.flush();
    equal(log.take().map(([, , value]) => value), [2, 2, 2, 1, 1, 1]);
  },

  sync_delivery_is_one_call_a_transaction_before_the_write_returns({ store }) {
    const log = told(store);
    store.set("a", 1);
    equal(log.take(), [[["a", undefined, 1]]]);
    store.set("a", 2);
    store.set("a", 1);
    equal(log.take(), [[["a", 1, 2]], [["a", 2, 1]]]);
    setMany(store, { a: 3, b: 4 });
    equal(log.take(), [[["a", 1, 3], ["b", undefined, 4]]]);
    store.flush();
    equal(log.take(), []);
  },

  what_was_changed_before_a_subscription_is_not_told({ store }) {
    const earlier = told(store, "batched");
    store.set("a", 1);
    const [log] = listenToA(store, {});
    const late = told(store, "batched");
    store.flush();
    equal(earlier.take(), [[["a", undefined, 1]]]);
    equal([log.take(), late.take()], [[], []]);
    store.set("a", 2);
    store.flush();
    equal([log.take().length, late.take().length], [3, 1]);
  },

  a_change_and_the_store_show_the_same_object({ store }) {
    const log = new Log<boolean>();
    store.subscribe("a", (value, change) => {
      log.push(value === store.get("a"), value === change.value, change.removed);
    }, SYNC);
    store.set("a", { n: 1 });
    equal(log.take(), [true, true, false]);
    const before = store.get("a");
    store.subscribe("a", (_, change) => log.push(change.previous === before), SYNC);
    store.set("a", { n: 2 });
    equal(log.take().pop(), true);
  },
};
