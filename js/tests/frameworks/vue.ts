/** The composables in Vue itself. */

import { createApp, defineComponent, effectScope, h, isReadonly, nextTick, provide, ref, watchEffect } from "vue";
import type { App, Component } from "vue";
import { getStore, key } from "universal-state";
import { closeStore, createStore } from "universal-state/store";
import {
  STORE, universalState, useGlobalState, useGlobalValue, useMfe, useSelector, useSnapshot, useStore,
  type Source,
} from "universal-state/vue";
import { equal, ok, same, setMany, type Suite } from "../page/support.js";

function show(component: Component, store: Source): { app: App; text(): string; unmount(): void; host: HTMLElement } {
  const host = document.createElement("div");
  document.body.append(host);
  const app = createApp(component);
  app.use(universalState, { store });
  app.mount(host);
  const text = (): string => host.textContent ?? "";
  return { app, host, text, unmount: () => (app.unmount(), host.remove()) };
}

/** Runs `f` in an effect scope, as a composable of an app that uses `store` would; what ends it. */
function inScope(store: Source, f: () => void): () => void {
  const app = createApp({});
  app.use(universalState, { store });
  const scope = effectScope();
  app.runWithContext(() => scope.run(f));
  return () => scope.stop();
}

/** A component that counts its renders, and shows what `setup` gives. */
function counting(setup: () => () => unknown): { Part: Component; renders: () => number } {
  let calls = 0;
  const Part = defineComponent(() => {
    const read = setup();
    return () => {
      calls += 1;
      return h("i", JSON.stringify(read()) ?? "nothing");
    };
  });
  const renders = (): number => {
    const count = calls;
    calls = 0;
    return count;
  };
  return { Part, renders };
}

const COUNT = key<number>("count");

export const vue: Suite = {
  async a_reference_shows_and_writes_a_key({ store, listeners }) {
    const before = listeners();
    const Part = defineComponent(() => {
      const count = useGlobalState(COUNT, 0);
      return () => h("button", { onClick: () => count.value++ }, String(count.value));
    });
    const shown = show(Part, store);
    equal([shown.text(), store.has("count")], ["0", false]);
    shown.host.querySelector("button")?.click();
    await nextTick();
    equal([shown.text(), store.get("count")], ["1", 1]);
    store.set("count", 5);
    await nextTick();
    equal(shown.text(), "5");
    store.delete("count");
    await nextTick();
    equal(shown.text(), "0");
    shown.unmount();
    equal(listeners(), before);
  },

  a_reference_is_never_behind_what_was_written({ store }) {
    const end = inScope(store, () => {
      const a = useGlobalState<{ n: number }>("a");
      const b = useGlobalValue("a");
      a.value = { n: 1 };
      same(a.value, store.get("a"));
      same(b.value, store.get("a"));
      store.set("a", { n: 2 });
      equal([a.value, b.value], [{ n: 2 }, { n: 2 }]);
    });
    end();
  },

  what_a_reactive_object_holds_can_be_stored({ store }) {
    const end = inScope(store, () => {
      const deep = ref({ list: [{ n: 1 }] });
      const a = useGlobalState("a");
      a.value = deep.value;
      deep.value.list.push({ n: 2 });
      equal(store.get("a"), { list: [{ n: 1 }] });
      ok(!isReadonly(a.value), "what is read is no proxy");
      same(a.value, store.get("a"));
    });
    end();
  },

  async an_unrelated_key_renders_nothing({ store, listeners }) {
    const before = listeners();
    setMany(store, { a: { n: 1 }, list: [1] });
    const composables: [string, () => () => unknown][] = [
      ["useGlobalState", () => { const a = useGlobalState("a"); return () => a.value; }],
      ["useGlobalValue", () => { const a = useGlobalValue("a"); return () => a.value; }],
      ["useSelector", () => {
        const length = useSelector((all) => (all["list"] as number[]).length);
        return () => length.value;
      }],
      ["useSelector, equal", () => {
        const list = useSelector((all) => [...(all["list"] as number[])], (x, y) => x.length === y.length);
        return () => list.value;
      }],
      ["useStore", () => { const store = useStore(); return () => store.value?.keys().includes("a"); }],
    ];
    for (const [name, setup] of composables) {
      const { Part, renders } = counting(setup);
      const shown = show(Part, store);
      equal(renders(), 1, name);
      store.set("b", name);
      store.set("a", { n: 1 });
      await nextTick();
      equal(renders(), 0, name);
      shown.unmount();
    }
    equal(listeners(), before);
  },

  async effects_run_once_for_writes_of_one_turn({ store }) {
    let runs = 0;
    const end = inScope(store, () => {
      const a = useGlobalValue("a");
      const b = useGlobalValue("b");
      watchEffect(() => { void a.value; void b.value; runs += 1; });
    });
    store.set("a", 1);
    store.set("b", 1);
    store.set("a", 2);
    await nextTick();
    equal(runs, 2);
    end();
    store.set("a", 3);
    await nextTick();
    equal(runs, 2);
  },

  a_key_may_be_a_reference({ store, listeners }) {
    const before = listeners();
    setMany(store, { a: "A", b: "B" });
    const end = inScope(store, () => {
      const name = ref("a");
      const value = useGlobalState(() => name.value as string, "none");
      equal(value.value, "A");
      name.value = "b";
      equal(value.value, "B");
      value.value = "C";
      store.set("a", "late");
      equal([value.value, store.get("b")], ["C", "C"]);
      name.value = "missing";
      equal(value.value, "none");
      equal(listeners(), before + 1);
    });
    end();
    equal(listeners(), before);
  },

  async a_snapshot_follows_everything({ store }) {
    const { Part } = counting(() => { const all = useSnapshot(); return () => all.value; });
    const shown = show(Part, store);
    equal(shown.text(), "{}");
    store.set("a", 1);
    await nextTick();
    equal(shown.text(), '{"a":1}');
    shown.unmount();
  },

  async a_micro_frontend_is_registered_while_it_is_mounted({ store, listeners }) {
    const before = listeners();
    store.set("n", "shared");
    const Own = defineComponent(() => {
      const n = useGlobalState("n", "none");
      return () => h("button", { onClick: () => { n.value = "own"; } }, n.value);
    });
    const Mfe = defineComponent(() => {
      const scope = useMfe("wish-list", { version: "1" });
      provide(STORE, scope);
      return () => h(Own);
    });
    const shown = show(Mfe, store);
    equal(store.mfes().map(({ id, framework }) => [id, framework]), [["wish-list", "vue"]]);
    equal(shown.text(), "none");
    shown.host.querySelector("button")?.click();
    await nextTick();
    equal([shown.text(), store.get("n")], ["own", "shared"]);
    shown.unmount();
    equal([store.mfes(), listeners()], [[], before]);
  },

  async a_store_that_comes_late_or_goes_is_followed({ name, engine }) {
    const late = `${name} late`;
    const { Part } = counting(() => {
      const n = useGlobalState("n", 0);
      const size = useSelector((all) => Object.keys(all).length);
      const store = useStore();
      return () => [n.value, size.value, !!store.value];
    });
    const shown = show(Part, late);
    equal(shown.text(), "[0,0,false]");
    for (const n of [1, 2]) {
      const store = await createStore({ name: late, engine });
      store.set("n", n);
      await nextTick();
      equal(shown.text(), `[${n},1,true]`);
      closeStore(late);
      await nextTick();
      equal([shown.text(), getStore(late)], ["[0,0,false]", undefined]);
    }
    shown.unmount();
  },

  async a_thousand_mounts_leave_no_listener({ store, listeners }) {
    const before = listeners();
    const { Part } = counting(() => {
      const a = useGlobalState("a");
      const all = useSnapshot();
      return () => [a.value, all.value];
    });
    const on = ref(true);
    const shown = show(defineComponent(() => () => (on.value ? h(Part) : null)), store);
    for (let n = 0; n < 1_000; n += 1) {
      on.value = !on.value;
      await nextTick();
    }
    shown.unmount();
    equal(listeners(), before);
  },
};
