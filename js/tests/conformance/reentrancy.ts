/** Point 10: what a listener does to the store while it is being told, and storms. */

import {
  DELIVERIES, Log, SYNC, entry, equal, listenToA, ok, setMany, told,
  type Entry, type Suite,
} from "../page/support.js";

export const reentrancy: Suite = {
  what_a_listener_writes_is_stored_at_once({ store, reports }) {
    for (const delivery of DELIVERIES) {
      store.clear();
      store.flush();
      const end = store.subscribe("a", () => {
        const { version } = store.metadata();
        store.set("b", 1);
        equal(store.get("b"), 1);
        store.delete("b");
        ok(!store.has("b"));
        setMany(store, { c: 2, d: 3 });
        equal(store.keys(), ["a", "c", "d"]);
        equal(store.metadata().version, version + 3);
      }, { delivery });
      store.set("a", 1);
      store.flush();
      equal(reports, []);
      end();
    }
  },

  what_a_listener_writes_is_told_after_what_it_is_being_told({ store }) {
    store.subscribe("a", () => {
      store.set("b", 1);
      setMany(store, { c: 1, d: 1 });
    }, SYNC);
    store.subscribe("b", () => store.set("e", 1), SYNC);
    const log = told(store);
    store.set("a", 1);
    equal(log.take().map((set) => set.map(([key]) => key)), [["a"], ["b"], ["c", "d"], ["e"]]);
  },

  every_listener_sees_the_same_order_and_ends_on_the_final_value({ store }) {
    for (const delivery of DELIVERIES) {
      store.clear();
      store.flush();
      const [before, endBefore] = listenToA(store, { delivery });
      const end = store.subscribe("a", (n) => {
        if (Number(n) < 4) {
          store.set("a", Number(n) + 1);
        } else if (n === 4) {
          store.delete("a");
        }
      }, { delivery });
      const [after, endAfter] = listenToA(store, { delivery });
      store.set("a", 1);
      store.flush();
      const steps: Entry[] = [
        ["a", undefined, 1], ["a", 1, 2], ["a", 2, 3], ["a", 3, 4], ["a", 4, undefined],
      ];
      const thrice = steps.flatMap((step) => [step, step, step]);
      equal([before.take(), after.take()], [thrice, thrice], delivery);
      [...endBefore, end, ...endAfter].forEach((end) => end());
    }
  },

  a_listener_that_is_told_late_reads_what_is_there({ store }) {
    const log = new Log<unknown>();
    store.subscribe("a", (n) => n === 1 && store.set("a", 2), SYNC);
    store.subscribe("a", (n) => log.push([n, store.get("a")]), SYNC);
    store.set("a", 1);
    equal(log.take(), [[1, 2], [2, 2]]);
  },

  a_listener_that_flushes_is_not_called_within_its_own_call({ store }) {
    let [depth, deepest] = [0, 0];
    store.subscribe("a", (n) => {
      deepest = Math.max(deepest, ++depth);
      if (Number(n) < 5) {
        store.set("a", Number(n) + 1);
        store.flush();
      }
      depth -= 1;
    });
    store.set("a", 0);
    store.flush();
    equal([store.get("a"), deepest], [5, 1]);
  },

  a_listener_may_unsubscribe_itself({ store, listeners }) {
    for (const delivery of DELIVERIES) {
      store.clear();
      store.flush();
      const before = listeners();
      const log = new Log<Entry[]>();
      const end = store.subscribeAll((changes) => {
        end();
        log.push(changes.map(entry));
      }, { delivery });
      for (const n of [1, 2]) {
        store.set("a", n);
        store.flush();
      }
      equal(log.take(), [[["a", undefined, 1]]]);
      equal(listeners(), before);
    }
  },

  a_listener_that_another_unsubscribes_before_its_turn_is_not_called({ store, listeners }) {
    for (const delivery of DELIVERIES) {
      const before = listeners();
      const victims: (() => void)[] = [];
      const end = store.subscribe("a", () => victims.forEach((end) => end()), { delivery });
      const [log, subscriptions] = listenToA(store, { delivery });
      victims.push(...subscriptions, store.subscribeAll(() => log.push(["all", 0, 0]), { delivery }));
      store.set("a", delivery);
      store.flush();
      equal([log.take(), listeners()], [[], before + 1]);
      end();
    }
  },

  a_listener_may_subscribe_others_who_hear_of_what_comes_after({ store }) {
    for (const delivery of DELIVERIES) {
      store.clear();
      store.flush();
      const log = new Log<unknown>();
      const end = store.subscribe("a", (n) => {
        if (n === 1) {
          store.subscribe("a", (n) => log.push(n), { delivery });
          store.set("a", 2);
        }
      }, { delivery });
      store.set("a", 1);
      store.flush();
      equal(log.take(), [2]);
      end();
    }
  },

  a_hundred_rounds_settle_and_more_are_a_cycle({ store, reports }) {
    for (const delivery of DELIVERIES) {
      store.clear();
      store.flush();
      const end = store.subscribe("a", (n) => Number(n) > 0 && store.set("a", Number(n) - 1), { delivery });
      store.set("a", 100);
      store.flush();
      equal([reports.length, store.get("a")], [0, 0]);
      store.set("a", 101);
      store.flush();
      equal(reports.splice(0).map(({ code }) => code), ["cycle"]);
      end();
    }
  },

  a_storm_that_does_not_settle_ends_with_one_report({ store, reports }) {
    for (const delivery of DELIVERIES) {
      const ends = [["a", "b"], ["b", "a"]].map(([from = "", to = ""]) =>
        store.subscribe(from, (n) => store.set(to, Number(n ?? 0) + 1), { delivery }),
      );
      for (const storm of [1, 2]) {
        store.set("a", storm * 1_000);
        store.flush();
        equal(reports.splice(0).map(({ code }) => code), ["cycle"]);
      }
      ends.forEach((end) => end());
      const log = told(store, delivery);
      store.set("c", delivery);
      store.flush();
      equal([log.take().length, reports], [1, []]);
    }
  },

  a_storm_that_doubles_ends_soon({ store, reports }) {
    let calls = 0;
    for (const key of ["a", "b"]) {
      store.subscribe(key, () => {
        const n = calls++;
        store.set("a", 2 * n + 1);
        store.set("b", 2 * n + 2);
      }, SYNC);
    }
    store.set("a", 0);
    equal(reports.map(({ code }) => code), ["cycle"]);
    ok(calls >= 100 && calls < 100_000, String(calls));
  },

  a_listener_that_writes_many_keys_one_by_one_is_no_cycle({ store, reports }) {
    const KEYS = 2_000;
    store.subscribe("size", () => {
      for (let n = 0; n < KEYS; n += 1) {
        store.set(`row:${n}`, 1);
      }
    }, SYNC);
    const log = told(store);
    store.set("size", 1);
    equal([reports, log.take().flat().length], [[], 1 + KEYS]);
    equal(store.metadata().version, 1 + KEYS);
  },
};
