/** Points 6 and 7: snapshots and metadata. */

import { Log, SYNC, equal, ok, same, setMany, throws, told, type Entry, type Suite } from "../page/support.js";

const sorted = (sets: Entry[][]): Entry[][] =>
  sets.map((set) => set.slice().sort(([a], [b]) => (a < b ? -1 : 1)));

export const snapshot: Suite = {
  a_snapshot_never_changes({ store }) {
    setMany(store, { a: { n: 1 }, b: 2 });
    const before = store.snapshot();
    store.set("a", { n: 9 });
    store.delete("b");
    store.set("c", 3);
    equal(before, { a: { n: 1 }, b: 2 });
    const after = store.snapshot();
    equal(after, { a: { n: 9 }, c: 3 });
    store.clear();
    equal(after, { a: { n: 9 }, c: 3 });
  },

  two_snapshots_of_one_version_are_the_same_object({ store }) {
    store.set("a", 1);
    const first = store.snapshot();
    store.set("a", 1);
    same(store.snapshot(), first);
    store.set("a", 2);
    const third = store.snapshot();
    ok(third !== first);
    same(store.snapshot(), third);
    equal(Object.getPrototypeOf(first), null);
    ok(Object.isFrozen(first));
  },

  unchanged_values_are_shared({ store }) {
    for (let n = 0; n < 200; n += 1) {
      store.set(`key ${n}`, { n });
    }
    const before = store.snapshot();
    store.set("key 7", { n: "other" });
    const after = store.snapshot();
    for (let n = 0; n < 200; n += 1) {
      equal(before[`key ${n}`] === after[`key ${n}`], n !== 7, `key ${n}`);
    }
    same(store.get("key 3"), before["key 3"]);
  },

  a_snapshot_is_what_keys_and_get_say({ store }) {
    for (let round = 0; round < 20; round += 1) {
      for (let n = 0; n < 40; n += 1) {
        const key = `key ${(n * 7 + round * 3) % 100}`;
        if ((n + round) % 3 === 0) {
          store.delete(key);
        } else {
          store.set(key, n + round);
        }
      }
      const read = Object.fromEntries(store.keys().map((key) => [key, store.get(key)]));
      equal({ ...store.snapshot() }, read);
      equal(Object.keys(store.snapshot()), store.keys());
    }
  },

  restore_in_place_makes_the_state_that_of_the_snapshot({ store }) {
    setMany(store, { a: 1, b: 2, c: 3 });
    const log = told(store);
    const origins = new Log<string>();
    store.subscribeAll((changes) => origins.push(...changes.map(({ origin }) => origin)), SYNC);
    const { version } = store.metadata();
    store.restore({ a: 1, b: 5, d: 6 });
    equal(store.snapshot(), { a: 1, b: 5, d: 6 });
    equal(sorted(log.take()), [[["b", 2, 5], ["c", 3, undefined], ["d", undefined, 6]]]);
    equal(store.metadata().version, version + 1);
    equal(origins.take(), ["restore", "restore", "restore"]);
  },

  restore_by_merging_leaves_other_keys_alone({ store }) {
    setMany(store, { a: 1, b: 2, c: 3 });
    const log = told(store);
    store.restore({ a: 1, b: 5, d: 6 }, "merge");
    equal(store.snapshot(), { a: 1, b: 5, c: 3, d: 6 });
    equal(sorted(log.take()), [[["b", 2, 5], ["d", undefined, 6]]]);
    equal(store.metadata().version, 2);
  },

  restoring_what_is_there_changes_nothing({ store }) {
    setMany(store, { a: 1, b: 2 });
    const log = told(store);
    const before = store.metadata();
    store.restore(store.snapshot());
    store.restore({ a: 1 }, "merge");
    same(store.metadata(), before);
    equal(log.take(), []);
  },

  a_restore_that_is_refused_changes_nothing({ store }) {
    setMany(store, { a: 1, b: 2 });
    const before = store.snapshot();
    const bad: [unknown, Parameters<typeof throws>[1]][] = [
      [{ a: 5, b: () => 1 }, "value"],
      [{ a: 5, "": 1 }, "key"],
      [{ a: 5, "@nobody/x": 1 }, "unknown-mfe"],
      [[1], "argument"],
      [null, "argument"],
      ["text", "argument"],
    ];
    for (const mode of ["replace", "merge"] as const) {
      for (const [values, code] of bad.filter(([, code]) => code !== "unknown-mfe")) {
        throws(() => store.restore(values as object, mode), code);
      }
    }
    throws(() => store.restore({}, "both" as "merge"), "argument");
    same(store.snapshot(), before);
  },

  a_snapshot_survives_being_json({ store }) {
    setMany(store, { a: 1, constructor: 3 });
    store.set("__proto__", 2);
    const json = JSON.stringify(store.snapshot());
    store.clear();
    store.restore(JSON.parse(json) as object);
    equal(store.keys(), ["__proto__", "a", "constructor"]);
    equal([store.get("__proto__"), store.get("constructor")], [2, 3]);
  },

  metadata_is_there_from_the_start({ store }) {
    equal(store.metadata(), { version: 0, lastUpdate: null, updateCount: 0, source: "unknown" });
  },

  the_version_grows_by_one_with_each_committed_transaction({ store }) {
    const grows = (by: number, write: () => unknown): void => {
      const before = store.metadata().version;
      try {
        write();
      } catch (error) {
        equal(by, 0, String(error));
      }
      equal(store.metadata().version, before + by, String(write));
    };
    grows(1, () => store.set("a", 1));
    grows(0, () => store.set("a", 1));
    grows(1, () => store.update("a", (n) => Number(n) + 1));
    grows(1, () => setMany(store, { a: 5, b: 6 }));
    grows(1, () => store.restore({ a: 1 }));
    grows(1, () => store.delete("a"));
    grows(0, () => store.delete("a"));
    grows(0, () => store.clear());
    grows(0, () => store.set("", 1));
    grows(0, () => store.set("a", 1n));
    grows(0, () => store.scope("m"));
  },

  metadata_says_how_much_was_written_when_and_by_whom({ store }) {
    const last = (): unknown[] => {
      const { version, updateCount, source } = store.metadata();
      return [version, updateCount, source];
    };
    store.set("a", 1);
    equal(last(), [1, 1, "unknown"]);
    store.set("a", 2, "the cart");
    equal(last(), [2, 2, "the cart"]);
    setMany(store, { a: 3, b: 4, c: 5 });
    equal(last(), [3, 5, "unknown"]);
    ok(Number(store.metadata().lastUpdate) > 0);
    store.clear("sweeper");
    equal(last(), [4, 8, "sweeper"]);
  },

  a_change_knows_its_version_time_source_and_origin({ store }) {
    const log = new Log<unknown[]>();
    store.subscribe("a", (_, change) =>
      log.push([change.version, change.time, change.source, change.origin, change.removed]),
    );
    for (const source of ["one", "two"]) {
      store.set("a", source, source);
      store.flush();
      const now = store.metadata();
      equal(log.take(), [[now.version, now.lastUpdate, source, "page", false]]);
    }
    store.delete("a");
    store.flush();
    equal(log.take().map(([, , ...rest]) => rest), [["unknown", "page", true]]);
  },
};
