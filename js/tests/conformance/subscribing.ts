/** Points 11 and 12: what a subscription begins and ends with, and what a listener may fail with. */

import { Log, SYNC, entry, equal, listenToA, ok, setMany, told, type Entry, type Suite } from "../page/support.js";

export const subscribing: Suite = {
  immediate_calls_at_once_with_the_present_value({ store }) {
    setMany(store, { a: 1, b: 2 });
    store.flush();
    const [log] = listenToA(store, { immediate: true });
    equal(log.take(), [["a", undefined, 1], ["a", undefined, 1], ["a", undefined, 1]]);
    const all = new Log<Entry[]>();
    store.subscribeAll((changes) => all.push(changes.map(entry)), { immediate: true });
    equal(all.take(), [[["a", undefined, 1], ["b", undefined, 2]]]);
    store.flush();
    equal([log.take(), all.take()], [[], []]);
    store.set("a", 5);
    store.flush();
    equal([log.take().length, all.take().length], [3, 1]);
  },

  immediate_tells_the_listener_of_a_missing_key_that_there_is_no_value({ store }) {
    const [log] = listenToA(store, { immediate: true });
    equal(log.take(), [["a", undefined, undefined]]);
  },

  an_immediate_call_in_a_batch_shows_what_is_stored({ store }) {
    store.set("a", 1);
    const log = new Log<unknown>();
    try {
      store.batch((tx) => {
        tx.set("a", 5);
        tx.subscribe("a", (value) => log.push(value), { immediate: true });
        throw Error("no");
      });
    } catch {
      // On purpose.
    }
    store.flush();
    equal(log.take(), [1]);
  },

  an_ended_subscription_is_not_called_and_leaves_nothing({ store, listeners, engine }) {
    const before = listeners();
    const [log, [key, keys, pattern]] = listenToA(store, {});
    ok(key && keys && pattern);
    equal(listeners(), before + 3);
    store.set("a", 1);
    const heard = log.take().length;
    keys();
    pattern();
    store.flush();
    equal(heard + log.take().length, engine === "map" ? 3 : 1);
    store.set("a", 2);
    store.flush();
    equal(log.take(), [["a", 1, 2]]);
    keys();
    pattern();
    equal(listeners(), before + 1, "ending twice ends once");
    key();
    equal(listeners(), before);
  },

  an_aborted_signal_ends_subscriptions({ store, listeners }) {
    const before = listeners();
    const controller = new AbortController();
    const { signal } = controller;
    const [log, [end]] = listenToA(store, { signal, delivery: "sync" });
    store.subscribeMfes(() => undefined, { signal });
    equal(listeners(), before + 4);
    end?.();
    controller.abort();
    store.set("a", 1);
    equal([listeners(), log.take()], [before, []]);
    store.subscribeAll(() => log.push(["late", 0, 0]), { signal, immediate: true });
    equal([listeners(), log.take()], [before, []], "aborted before it began");
  },

  the_failure_of_a_listener_is_reported_and_no_other_misses_its_call({ store, reports }) {
    const fails = (what: unknown): void => {
      const f = (): never => {
        throw what;
      };
      store.subscribe("a", f);
      store.subscribeKeys(["a", "b"], f);
      store.subscribePattern("a*", f);
      store.subscribeAll(f);
    };
    fails(Error("no space"));
    fails("a text");
    fails({ toString: () => { throw Error("cannot be shown"); } });
    fails(undefined);
    const log = new Log<unknown>();
    store.subscribe("a", (value) => log.push(value));
    const all = told(store, "batched");
    for (const n of [1, 2]) {
      store.set("a", n);
      store.flush();
      equal([log.take(), all.take().length], [[n], 1]);
      const messages = reports.splice(0).map((report) => report.message);
      equal(messages.length, 16);
      equal(messages.filter((message) => message.includes("no space")).length, 4);
      equal(messages.filter((message) => message.includes("a text")).length, 4);
    }
    equal(store.get("a"), 2);
  },

  the_failure_of_an_immediate_call_is_reported_and_the_subscription_holds({ store, reports }) {
    const log = new Log<unknown>();
    store.subscribe("a", (value) => {
      log.push(value);
      if (value === undefined) {
        throw Error("at once");
      }
    }, { immediate: true, delivery: "sync" });
    equal(reports.map((report) => report.message.includes("at once")), [true]);
    store.set("a", 1);
    equal(log.take(), [undefined, 1]);
  },

  listeners_of_a_key_are_called_in_the_order_in_which_they_came({ store }) {
    const log = new Log<number>();
    const listening: [number, () => void][] = [];
    const turns: [coming: number, ending: number[]][] = [
      [1, []], [1, []], [6, []], [0, [0, 6]], [1, [3]], [2, [0, 0, 1]], [0, [3, 2, 1]], [0, [0]], [1, []],
    ];
    let next = 0;
    turns.forEach(([coming, ending], turn) => {
      for (let one = 0; one < coming; one += 1) {
        const number = next++;
        listening.push([number, store.subscribe("a", () => log.push(number), SYNC)]);
      }
      ending.forEach((at) => listening.splice(at, 1)[0]?.[1]());
      store.set("a", turn);
      equal(log.take(), listening.map(([number]) => number), `turn ${turn}`);
    });
  },
};
