/** Point 17: sets of keys by pattern. */

import { Log, SYNC, entry, equal, setMany, throws, type Entry, type Suite } from "../page/support.js";
import type { View } from "universal-state";

function told(view: View, glob: string): [Log<Entry[]>, () => void] {
  const log = new Log<Entry[]>();
  return [log, view.subscribePattern(glob, (changes) => log.push(changes.map(entry)), SYNC)];
}

export const patterns: Suite = {
  a_pattern_covers_keys_before_and_after_it({ store }) {
    store.set("row:1", 1);
    const [log] = told(store, "row:*");
    store.set("row:1", 2);
    store.set("row:2", 3);
    store.set("other", 4);
    equal(log.take(), [[["row:1", 1, 2]], [["row:2", undefined, 3]]]);
  },

  a_pattern_follows_keys_that_come_and_go({ store }) {
    const [log] = told(store, "row:*");
    for (let n = 0; n < 3; n += 1) {
      const key = `row:${n}`;
      store.set(key, n);
      store.delete(key);
      store.set(key, n + 1);
      equal(log.take(), [[[key, undefined, n]], [[key, n, undefined]], [[key, undefined, n + 1]]]);
    }
    store.clear();
    equal(log.take()[0]?.length, 3);
  },

  a_pattern_is_told_once_a_transaction({ store }) {
    const [log] = told(store, "row:*");
    setMany(store, { "row:2": 1, other: 1, "row:1": 1 });
    equal(log.take(), [[["row:2", undefined, 1], ["row:1", undefined, 1]]]);
  },

  patterns_that_overlap_are_each_told_once({ store }) {
    const logs = ["row:*", "row:?", "*", "row:*"].map((glob) => told(store, glob)[0]);
    store.set("row:1", 1);
    store.set("row:12", 1);
    equal(logs.map((log) => log.take().length), [2, 1, 2, 2]);
  },

  a_pattern_ends_with_its_subscription({ store, listeners }) {
    const before = listeners();
    const [log, end] = told(store, "row:*");
    const [other] = told(store, "row:*");
    store.set("row:1", 1);
    end();
    store.set("row:1", 2);
    store.set("row:2", 2);
    equal([log.take().length, other.take().length], [1, 3]);
    equal(listeners(), before + 1);
  },

  a_pattern_can_be_told_what_is_there({ store }) {
    setMany(store, { "row:2": 2, other: 3, "row:1": 1, "row:3": 4 });
    store.delete("row:3");
    const log = new Log<Entry[]>();
    const options = { immediate: true, delivery: "sync" } as const;
    store.subscribePattern("row:*", (changes) => log.push(changes.map(entry)), options);
    equal(log.take(), [[["row:1", undefined, 1], ["row:2", undefined, 2]]]);
    store.subscribePattern("none:*", (changes) => log.push(changes.map(entry)), options);
    equal(log.take(), [], "with nothing there, there is nothing to tell");
  },

  a_pattern_covers_the_keys_of_an_mfe({ store }) {
    const scopes = ["shop", "shop/a", "@shop"].map((id) => store.scope(id));
    const logs = scopes.map((scope) => told(scope, "**")[0]);
    for (const scope of scopes) {
      scope.set("n", 1);
      scope.shared().set("n", 1);
    }
    equal(logs.map((log) => log.take()), [
      [[["@shop/n", undefined, 1]]],
      [[["@shop%2Fa/n", undefined, 1]]],
      [[["@@shop/n", undefined, 1]]],
    ]);
  },

  a_glob_that_does_not_parse_is_a_typed_error({ store, listeners }) {
    const before = listeners();
    for (const bad of ["row:[", "a/***"]) {
      throws(() => store.subscribePattern(bad, () => undefined), "pattern");
    }
    equal(listeners(), before);
  },
};
