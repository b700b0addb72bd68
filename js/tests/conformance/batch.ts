/** Point 5: several writes as one. */

import { equal, same, settled, setMany, throws, told, type At, type Suite } from "../page/support.js";

const seen = ({ store }: At, key: string): unknown[] => [
  store.get(key),
  store.has(key),
  store.keys().includes(key),
  store.snapshot()[key],
];
const MISSING = [undefined, false, false, undefined];
const there = (n: number): unknown[] => [n, true, true, n];

class GivenUp extends Error {}

/** Fails unless `f` throws what the batch threw, itself. */
function givesUp(f: (giveUp: Error) => unknown): void {
  const error = new GivenUp("on purpose");
  try {
    f(error);
  } catch (thrown) {
    return same(thrown, error, "what was thrown");
  }
  throw Error("nothing was thrown");
}

export const batch: Suite = {
  a_batch_is_told_as_one({ store }) {
    store.set("b", 2);
    store.flush();
    const [atOnce, byTurn] = [told(store, "sync"), told(store, "batched")];
    const { version } = store.metadata();
    const answer = store.batch((tx) => {
      tx.set("a", 1);
      tx.delete("b");
      tx.set("c", 3);
      tx.flush();
      equal(atOnce.take(), [], "nobody is told before the end");
      return "answer";
    });
    equal(answer, "answer");
    const expected = [[["a", undefined, 1], ["b", 2, undefined], ["c", undefined, 3]]];
    equal(atOnce.take(), expected);
    store.flush();
    equal(byTurn.take(), expected);
    equal(store.metadata().version, version + 1);
  },

  a_flush_inside_of_a_batch_tells_of_what_the_batch_wrote({ store }) {
    const log = told(store, "batched");
    store.batch((tx) => {
      tx.flush();
      tx.set("a", 1);
    });
    equal(log.take(), [[["a", undefined, 1]]]);
  },

  nothing_of_a_batch_that_fails_is_stored_and_nobody_is_told(at) {
    const { store } = at;
    store.set("a", 1);
    store.flush();
    const logs = [told(store, "sync"), told(store, "batched")];
    const [before, snapshot] = [store.metadata(), store.snapshot()];
    givesUp((error) =>
      store.batch((tx) => {
        tx.set("a", 2);
        tx.set("b", 3);
        tx.clear();
        tx.set("c", 4);
        throw error;
      }),
    );
    store.flush();
    same(store.metadata(), before);
    same(store.snapshot(), snapshot);
    equal([seen(at, "a"), seen(at, "b")], [there(1), MISSING]);
    equal(logs.map((log) => log.take()), [[], []]);
  },

  reads_inside_of_a_batch_see_its_writes(at) {
    const { store } = at;
    store.set("a", 1);
    store.batch((tx) => {
      tx.set("a", 2);
      tx.set("b", 3);
      equal([seen(at, "a"), seen(at, "b"), tx.get("a")], [there(2), there(3), 2]);
      tx.delete("a");
      tx.update("b", (n) => Number(n) + 1);
      equal([seen(at, "a"), seen(at, "b")], [MISSING, there(4)]);
    });
    equal([seen(at, "a"), seen(at, "b")], [MISSING, there(4)]);
  },

  what_was_read_in_a_batch_that_fails_is_not_read_after_it(at) {
    const { store } = at;
    store.set("a", { n: 1 });
    const before = store.get("a");
    givesUp((error) =>
      store.batch((tx) => {
        tx.set("a", { n: 2 });
        equal([tx.get("a"), tx.snapshot()["a"]], [{ n: 2 }, { n: 2 }]);
        throw error;
      }),
    );
    same(store.get("a"), before);
    equal([store.get("a"), store.snapshot()], [{ n: 1 }, { a: { n: 1 } }]);
  },

  a_batch_has_one_change_a_key_in_the_order_of_first_write({ store }) {
    store.set("c", 0);
    const log = told(store);
    store.batch((tx) => {
      tx.set("b", 1);
      tx.set("a", 2);
      tx.set("b", 3);
      tx.delete("c");
      tx.set("c", 4);
    });
    equal(log.take(), [[["b", undefined, 3], ["a", undefined, 2], ["c", 0, 4]]]);
  },

  a_batch_that_puts_everything_back_changes_nothing({ store }) {
    setMany(store, { a: 1, b: 2 });
    const log = told(store);
    const before = store.metadata();
    store.batch((tx) => {
      tx.set("a", 9);
      tx.delete("b");
      tx.set("c", 3);
      tx.set("a", 1);
      tx.set("b", 2);
      tx.delete("c");
    });
    same(store.metadata(), before);
    equal(log.take(), []);
  },

  a_batch_inside_of_a_batch_belongs_to_the_outer_one({ store }) {
    const log = told(store);
    store.batch((tx) => {
      tx.set("a", 1);
      tx.batch((inner) => {
        inner.set("b", 2);
        store.batch(() => store.set("c", 3));
      });
      equal(log.take(), []);
      tx.set("e", 5);
    });
    equal(log.take().flat().length, 4);
    equal(store.metadata().version, 1);
    givesUp((error) =>
      store.batch((tx) => {
        tx.batch((inner) => inner.set("a", 9));
        throw error;
      }),
    );
    equal(store.get("a"), 1);
  },

  an_inner_batch_that_fails_takes_back_its_own_writes_alone({ store }) {
    store.set("kept", 0);
    const log = told(store);
    store.batch((tx) => {
      tx.set("a", 1);
      givesUp((error) =>
        tx.batch((inner) => {
          inner.batch((innermost) => innermost.set("kept", 9));
          inner.set("a", 2);
          inner.set("c", 4);
          inner.delete("a");
          throw error;
        }),
      );
      equal([tx.get("a"), tx.get("c"), tx.get("kept")], [1, undefined, 0]);
      tx.set("d", 5);
    });
    equal(log.take(), [[["a", undefined, 1], ["d", undefined, 5]]]);
  },

  an_inner_batch_that_succeeds_falls_with_the_one_around_it({ store }) {
    store.batch((tx) => {
      tx.set("a", 1);
      givesUp((error) =>
        tx.batch(() => {
          tx.set("a", 2);
          tx.batch(() => tx.set("a", 3));
          equal(tx.get("a"), 3);
          throw error;
        }),
      );
      equal(tx.get("a"), 1);
    });
    equal(store.get("a"), 1);
  },

  a_failed_write_that_the_batch_swallows_costs_nothing_else({ store }) {
    store.batch((tx) => {
      tx.set("a", 1);
      throws(() => tx.set("", 2), "key");
      throws(() => tx.set("x", () => 1), "value", { key: "x" });
      tx.set("b", 3);
    });
    equal(store.keys(), ["a", "b"]);
  },

  many_are_set_together_or_not_at_all({ store }) {
    const log = told(store);
    setMany(store, { a: 1, b: 2 });
    equal(log.take(), [[["a", undefined, 1], ["b", undefined, 2]]]);
    throws(() => setMany(store, { a: 3, "": 4, c: 5 }), "key");
    equal([store.get("a"), store.keys(), log.take()], [1, ["a", "b"], []]);
  },

  async a_batch_that_returns_a_promise_is_an_error_and_stores_nothing({ store }) {
    const log = told(store);
    const later = async (): Promise<void> => {
      store.set("a", 1);
    };
    const batch = store.batch as (f: () => unknown) => unknown;
    throws(() => batch(later), "argument");
    throws(() => batch(() => ({ then: () => 0 })), "argument");
    await settled();
    equal([store.keys(), log.take(), store.metadata().version], [[], [], 0]);
    store.set("a", 2);
    equal(store.get("a"), 2, "the store is usable");
  },

  a_batch_is_signed_by_its_source({ store }) {
    const sources: Record<string, string> = {};
    store.subscribeAll(
      (changes) => changes.forEach((change) => (sources[change.key] = change.source)),
      { delivery: "sync" },
    );
    store.batch((tx) => {
      tx.set("a", 1, "own");
      tx.set("b", 1);
    }, "batch");
    equal(sources, { a: "own", b: "batch" });
  },
};
