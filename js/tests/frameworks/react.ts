/** The hooks in React itself, development build, StrictMode on. */

import { Component, StrictMode, act, createElement as h, useEffect, useState } from "react";
import type { ComponentType, FunctionComponent, ReactNode } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import type { Root } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { getStore, key, type Scope, type View } from "universal-state";
import {
  StoreProvider, useGlobalState, useGlobalStates, useMfe, useSelector, useSnapshot, useStore,
} from "universal-state/react";
import { closeStore, createStore } from "universal-state/store";
import { equal, ok, same, settled, setMany, type At, type Suite } from "../page/support.js";

export interface Shown {
  readonly root: Root;
  readonly host: HTMLElement;
  text(): string;
  unmount(): void;
}

/** Renders in StrictMode, with `at.store` as the store, unless another is given. */
export function show(node: ReactNode, store: View | string | undefined): Shown {
  (globalThis as Record<string, unknown>)["IS_REACT_ACT_ENVIRONMENT"] = true;
  const host = document.createElement("div");
  document.body.append(host);
  const root = createRoot(host);
  act(() => root.render(h(StrictMode, null, h(StoreProvider, { store }, node))));
  return {
    root,
    host,
    text: () => host.textContent ?? "",
    unmount: () => {
      act(() => root.unmount());
      host.remove();
    },
  };
}

/** A component that counts how often React calls it, and shows what `read` gives. */
function counting(read: () => unknown): { Part: FunctionComponent; renders: () => number; seen: unknown[] } {
  let calls = 0;
  const seen: unknown[] = [];
  const Part = (): ReactNode => {
    const value = read();
    calls += 1;
    seen.push(value);
    return h("i", null, JSON.stringify(value) ?? "nothing");
  };
  const renders = (): number => {
    const count = calls;
    calls = 0;
    return count;
  };
  return { Part, renders, seen };
}

/** Shows what `read` gives; closes with a check that nothing of it is left. */
function part(at: At, read: () => unknown, f: (shown: Shown & ReturnType<typeof counting>) => void): void {
  const before = at.listeners();
  const counted = counting(read);
  const shown = show(h(counted.Part), at.store);
  ok(at.listeners() > before, "it listens");
  counted.renders();
  f({ ...shown, ...counted });
  shown.unmount();
  equal(at.listeners(), before, "listeners after the component is unmounted");
}

const CART = key<{ items: string[] }>("cart");

export const react: Suite = {
  a_component_shows_and_writes_a_key_as_with_useState(at) {
    let set: ((next: number | ((n: number) => number)) => void) | undefined;
    const read = (): unknown => {
      const [count, setCount] = useGlobalState("count", 0);
      set = setCount;
      return count;
    };
    part(at, read, ({ text }) => {
      equal([text(), at.store.has("count")], ["0", false]);
      const first = set;
      act(() => set?.(5));
      act(() => set?.((n) => n + 1));
      act(() => { set?.((n) => n + 1); set?.((n) => n + 1); });
      equal([text(), at.store.get("count")], ["8", 8]);
      same(set, first, "the setter");
      act(() => at.store.delete("count") as unknown as void);
      equal(text(), "0");
      act(() => set?.((n) => n + 1));
      equal(at.store.get("count"), 1);
    });
  },

  a_write_from_anywhere_shows_at_once(at) {
    part(at, () => useGlobalState("a")[0], ({ text, renders }) => {
      act(() => at.store.set("a", "one"));
      equal(text(), '"one"');
      renders();
      act(() => setMany(at.store, { a: 1, b: 2 }));
      equal(text(), "1");
      equal(renders(), 2, "StrictMode calls a component twice for one render");
    });
  },

  an_unrelated_key_renders_nothing(at) {
    setMany(at.store, { a: { n: 1 }, b: 1, list: [1, 2] });
    const hooks: [string, () => unknown][] = [
      ["useGlobalState", () => useGlobalState("a")[0]],
      ["useGlobalStates", () => useGlobalStates(["a", "list"])[0]],
      ["useSelector", () => useSelector((all) => (all["list"] as number[]).length)],
      ["useSelector, equal", () =>
        useSelector((all) => ({ ...(all["a"] as object) }), (a, b) => JSON.stringify(a) === JSON.stringify(b))],
      ["useStore", () => useStore() === at.store],
    ];
    for (const [name, hook] of hooks) {
      const counted = counting(hook);
      const shown = show(h(counted.Part), at.store);
      counted.renders();
      act(() => at.store.set("b", Math.random()));
      act(() => at.store.set("a", { n: 1 }));
      act(() => at.store.set("new", Math.random()));
      act(() => at.store.scope(name).set("a", 1));
      equal(counted.renders(), 0, name);
      shown.unmount();
    }
  },

  a_parent_that_renders_keeps_every_identity(at) {
    setMany(at.store, { cart: { items: ["x"] }, b: 2 });
    const values: unknown[][] = [];
    let again: (n: number) => void = () => undefined;
    const Part = (): ReactNode => {
      const [, setRound] = useState(0);
      again = setRound;
      const [cart, setCart] = useGlobalState(CART);
      const [none] = useGlobalState("none", [] as string[]);
      const [states, setStates] = useGlobalStates([CART, "b"]);
      const selected = useSelector((all) => [all["b"]], (a, b) => a[0] === b[0]);
      values.push([cart, setCart, none, states, setStates, selected, useSnapshot(), useStore()]);
      return null;
    };
    const shown = show(h(Part), at.store);
    const before = values.at(-1);
    for (const round of [1, 2, 3]) {
      act(() => again(round));
    }
    ok(values.length > 6);
    values.at(-1)?.forEach((value, index) => same(value, before?.[index], `value ${index}`));
    shown.unmount();
  },

  several_keys_are_shown_and_written_as_one(at) {
    type Pair = readonly [number | undefined, number | undefined];
    let set: ((next: Pair | ((pair: Pair) => Pair)) => void) | undefined;
    const read = (): unknown => {
      const [values, setValues] = useGlobalStates([key<number>("a"), key<number>("b")]);
      set = setValues;
      return values;
    };
    part(at, read, ({ text, renders }) => {
      act(() => set?.([1, 2]));
      equal([text(), at.store.metadata().version], ["[1,2]", 1]);
      renders();
      act(() => set?.(([a = 0, b = 0]) => [a + b, undefined]));
      equal([text(), at.store.snapshot(), renders()], ["[3,null]", { a: 3 }, 2]);
    });
  },

  a_snapshot_follows_everything(at) {
    part(at, () => useSnapshot(), ({ text }) => {
      equal(text(), "{}");
      act(() => at.store.set("a", 1));
      equal(text(), '{"a":1}');
    });
  },

  a_selector_may_change_with_each_render(at) {
    setMany(at.store, { a: "A", b: "B" });
    let choose: (key: string) => void = () => undefined;
    const read = (): unknown => {
      const [name, setName] = useState("a");
      choose = setName;
      return useSelector((all) => all[name]);
    };
    part(at, read, ({ text }) => {
      equal(text(), '"A"');
      act(() => choose("b"));
      equal(text(), '"B"');
      act(() => at.store.set("b", "C"));
      equal(text(), '"C"');
    });
  },

  a_key_may_change_with_each_render(at) {
    setMany(at.store, { a: "A", b: "B" });
    let choose: (key: string) => void = () => undefined;
    const read = (): unknown => {
      const [name, setName] = useState("a");
      choose = setName;
      const [[twice]] = useGlobalStates([name]);
      return [useGlobalState(name)[0], twice];
    };
    part(at, read, ({ text, renders }) => {
      act(() => choose("b"));
      equal(text(), '["B","B"]');
      renders();
      act(() => at.store.set("a", 0));
      equal(renders(), 0);
      act(() => at.store.set("b", 1));
      equal(text(), "[1,1]");
    });
  },

  a_thousand_mounts_leave_no_listener(at) {
    const before = at.listeners();
    const Part = (): ReactNode => {
      useGlobalStates(["a", "b"]);
      useSelector((all) => all["a"]);
      return String(useGlobalState("a")[0]);
    };
    const shown = show(null, at.store);
    for (let n = 0; n < 1_000; n += 1) {
      act(() => shown.root.render(h(StoreProvider, { store: at.store }, n % 2 ? null : h(Part, { key: n }))));
    }
    shown.unmount();
    equal(at.listeners(), before);
  },

  a_micro_frontend_is_registered_once_while_it_is_mounted(at) {
    const ids = (): string[] => at.store.mfes().map((mfe) => `${mfe.id} ${mfe.framework} ${mfe.version}`);
    const before = at.listeners();
    const Own = (): ReactNode => String(useGlobalState("n", "none")[0]);
    const scopes: (Scope | undefined)[] = [];
    const Mfe = ({ id }: { readonly id: string }): ReactNode => {
      const scope = useMfe(id, { version: "2.0" });
      scopes.push(scope);
      return h(StoreProvider, { store: scope }, h(Own));
    };
    at.store.set("n", "shared");
    const shown = show(h(Mfe, { id: "shop" }), at.store);
    equal([ids(), shown.text()], [["shop react 2.0"], "none"]);
    act(() => scopes.at(-1)?.set("n", "own"));
    equal([shown.text(), at.store.get("n")], ["own", "shared"]);
    act(() => shown.root.render(h(StrictMode, null, h(StoreProvider, { store: at.store }, h(Mfe, { id: "cart" })))));
    equal([ids(), shown.text()], [["cart react 2.0"], "none"]);
    shown.unmount();
    equal([ids(), at.listeners(), at.store.keys()], [[], before, ["n"]]);
  },

  an_id_that_is_taken_reaches_the_error_boundary(at) {
    at.store.scope("shop");
    const Mfe = (): ReactNode => (useMfe("shop"), null);
    class Boundary extends Component<{ readonly children: ReactNode }> {
      override state: { readonly code?: string } = {};
      static getDerivedStateFromError(error: { readonly code: string }): { readonly code: string } {
        return { code: error.code };
      }
      override render(): ReactNode {
        return this.state.code ?? this.props.children;
      }
    }
    const shown = show(h(Boundary, null, h(Mfe)), at.store);
    equal([shown.text(), at.store.mfes().length], ["mfe-taken", 1]);
    shown.unmount();
  },

  async a_store_that_comes_late_or_goes_is_followed(at) {
    const name = `${at.name} late`;
    let set: ((next: number) => void) | undefined;
    const Part = (): ReactNode => {
      const [n, setN] = useGlobalState("n", 0);
      set = setN;
      return `${n} ${useSelector((all) => Object.keys(all).length)} ${useStore() ? "there" : "waiting"}`;
    };
    const shown = show(h(Part), name);
    equal(shown.text(), "0 0 waiting");
    let thrown: unknown;
    try {
      set?.(1);
    } catch (error) {
      thrown = error;
    }
    ok(String(thrown).includes("connect()"), "it says what to do");
    for (const n of [1, 2]) {
      await act(async () => void (await createStore({ name, engine: at.engine })));
      equal(shown.text(), "0 0 there");
      act(() => set?.(n));
      equal(shown.text(), `${n} 1 there`);
      act(() => void closeStore(name));
      equal([shown.text(), getStore(name)], ["0 0 waiting", undefined]);
    }
    shown.unmount();
  },

  a_server_renders_the_initial_values_and_the_browser_takes_over(at) {
    at.store.set("n", 7);
    const Part = (): ReactNode => {
      const [n] = useGlobalState("n", 0);
      const [many] = useGlobalStates(["n"]);
      return h("p", null, `${n} ${many[0]} ${useSelector((all) => all["n"] ?? "none")} ${useSnapshot()["n"]}`);
    };
    const node = h(StrictMode, null, h(StoreProvider, { store: at.store }, h(Part)));
    const html = renderToString(node);
    equal(html, "<p>0 undefined none undefined</p>");
    const host = document.createElement("div");
    host.innerHTML = html;
    const errors: unknown[] = [];
    let root: Root | undefined;
    act(() => {
      root = hydrateRoot(host, node, { onRecoverableError: (error) => errors.push(error) });
    });
    equal([host.textContent, errors], ["7 7 7 7", []]);
    act(() => root?.unmount());
  },

  a_listener_that_writes_in_an_effect_settles(at) {
    const Double: ComponentType = () => {
      const [n] = useGlobalState("n", 1);
      const [double, setDouble] = useGlobalState("double", 0);
      useEffect(() => setDouble(n * 2), [n, setDouble]);
      return String(double);
    };
    const shown = show([h(Double, { key: 1 }), h(Double, { key: 2 })], at.store);
    equal(shown.text(), "22");
    act(() => at.store.set("n", 21));
    equal(shown.text(), "4242");
    shown.unmount();
  },

  async without_act_a_write_is_painted_by_the_next_task(at) {
    const shown = show(h(() => String(useGlobalState("n", 0)[0])), at.store);
    (globalThis as Record<string, unknown>)["IS_REACT_ACT_ENVIRONMENT"] = false;
    at.store.set("n", 1);
    at.store.set("n", 2);
    await settled();
    equal(shown.text(), "2");
    (globalThis as Record<string, unknown>)["IS_REACT_ACT_ENVIRONMENT"] = true;
    shown.unmount();
  },
};
