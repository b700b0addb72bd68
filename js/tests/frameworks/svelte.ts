/** The store contract, with Svelte's own functions on it. */

import { derived, get } from "svelte/store";
import { key, toStore } from "universal-state";
import { Log, equal, type Suite } from "../page/support.js";

export const svelte: Suite = {
  a_subscriber_is_called_at_once_and_with_each_change({ store, listeners }) {
    const before = listeners();
    const log = new Log<unknown>();
    const end = toStore(store, "a").subscribe((value) => log.push(value));
    equal(log.take(), [undefined]);
    store.set("a", 1);
    store.set("a", 1);
    store.set("b", 1);
    store.set("a", 2);
    store.delete("a");
    equal(log.take(), [1, 2, undefined]);
    end();
    store.set("a", 3);
    equal([log.take(), listeners()], [[], before]);
  },

  it_writes({ store }) {
    const count = toStore(store, key<number>("count"));
    count.set(1);
    count.update((n = 0) => n + 1);
    equal([get(count), store.get("count")], [2, 2]);
  },

  svelte_derives_from_it({ store, listeners }) {
    const before = listeners();
    const count = toStore(store, key<number>("count"));
    const log = new Log<unknown>();
    const end = derived(count, (n) => (n ?? 0) * 2).subscribe((n) => log.push(n));
    count.set(2);
    equal([log.take(), get(count)], [[0, 4], 2]);
    end();
    equal(listeners(), before);
  },
};
