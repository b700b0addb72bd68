/** Points 1 to 4: reading and writing. */

import { equal, ok, same, setMany, told, type Suite } from "../page/support.js";

export const readingWriting: Suite = {
  writing_an_equal_value_changes_nothing({ store }) {
    store.set("n", { of: [1] });
    const [atOnce, byTurn] = [told(store, "sync"), told(store, "batched")];
    const before = store.metadata();

    store.set("n", { of: [1] }, "somebody");
    store.update("n", (n) => n);
    store.update("n", () => ({ of: [1] }));
    setMany(store, { n: { of: [1] } });
    store.restore(store.snapshot());
    store.flush();

    same(store.metadata(), before);
    equal([atOnce.take(), byTurn.take()], [[], []]);

    store.set("n", 2);
    store.flush();
    equal(atOnce.take(), [[["n", { of: [1] }, 2]]]);
    equal(byTurn.take(), [[["n", { of: [1] }, 2]]]);
  },

  writing_the_same_number_as_another_type_changes_nothing({ store }) {
    store.set("n", 1);
    store.set("n", 1.0);
    store.set("z", 0);
    store.set("z", -0);
    equal(store.metadata().version, 2);
  },

  a_value_that_was_read_stays_as_it_was({ store }) {
    store.set("n", { deep: [{ n: 1 }] });
    const value = store.get("n");
    store.update("n", () => ({ deep: [{ n: 2 }] }));
    equal(value, { deep: [{ n: 1 }] });
    equal(store.get("n"), { deep: [{ n: 2 }] });
  },

  a_value_that_was_written_is_not_the_writers_object({ store }) {
    const mine = { items: [1] };
    store.set("n", mine);
    mine.items.push(2);
    equal(store.get("n"), { items: [1] });
    ok(!Object.isFrozen(mine), "what was given stays the giver's");
  },

  what_is_read_is_the_same_object_until_it_changes({ store }) {
    store.set("n", { a: { n: 1 }, b: { n: 2 }, c: [[1], [2]] });
    const before = store.get("n") as { a: object; b: object; c: object[] };
    same(store.get("n"), before);
    store.set("other", 1);
    same(store.get("n"), before);
    same(store.snapshot()["n"], before);
    store.set("n", { a: { n: 1 }, b: { n: 3 }, c: [[1], [4]] });
    const after = store.get("n") as { a: object; b: object; c: object[] };
    ok(after !== before && after.b !== before.b && after.c !== before.c, "what changed differs");
    same(after.a, before.a);
    same(after.c[0], before.c[0]);
  },

  what_is_read_is_deeply_frozen({ store }) {
    store.set("n", { a: [{ b: {} }] });
    const frozen = (value: unknown): boolean =>
      typeof value !== "object" ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    for (const value of [store.get("n"), store.snapshot(), store.keys(), store.metadata()]) {
      ok(frozen(value));
    }
    store.subscribeAll((changes) => ok(frozen(changes)), { immediate: true });
  },

  a_write_may_bring_another_type({ store, reports }) {
    store.set("user", { name: "Ada" });
    store.set("user", ["Grace"]);
    equal(store.get("user"), ["Grace"]);
    store.set("user", 7);
    store.set("user", null);
    equal([store.get("user"), store.has("user")], [null, true]);
    equal(reports, []);
  },

  clear_is_one_change_set_with_a_removal_for_each_key({ store }) {
    setMany(store, { a: 1, b: 2, c: 3 });
    store.delete("b");
    const log = told(store);
    store.clear();
    equal(log.take(), [[["a", 1, undefined], ["c", 3, undefined]]]);
    equal([store.keys(), store.metadata().version], [[], 3]);
    store.clear();
    equal([log.take(), store.metadata().version], [[], 3]);
  },

  a_clear_removes_in_the_order_of_names({ store }) {
    const names = Array.from({ length: 50 }, (_, n) => `k${String(n).padStart(2, "0")}`);
    setMany(store, Object.fromEntries(names.slice().reverse().map((name) => [name, 1])));
    const log = told(store);
    store.clear();
    equal(log.take().map((changes) => changes.map(([key]) => key)), [names]);
  },

  deleting_a_missing_key_changes_nothing({ store }) {
    const log = told(store);
    store.set("a", 1);
    equal(store.delete("a"), true);
    equal(log.take(), [[["a", undefined, 1]], [["a", 1, undefined]]]);
    const before = store.metadata();
    equal([store.delete("a"), store.delete("never there")], [false, false]);
    same(store.metadata(), before);
    equal(log.take(), []);
  },
};
