/**
 * Tearing: a transition renders in time slices, and the store is written between two of them. No
 * commit may show two values of one key.
 */

import { createElement as h, memo, startTransition, useEffect, useLayoutEffect, useReducer, useState, StrictMode } from "react";
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import type { View } from "universal-state";
import { StoreProvider, useGlobalState, useGlobalStates, useSelector } from "universal-state/react";
import { equal, ok, settled, type Suite } from "../page/support.js";

const PARTS = 30;

/** What a render costs: more than React's slice of 5 ms for a few parts. */
function work(): void {
  const end = performance.now() + 4;
  while (performance.now() < end);
}

interface Torn {
  /** Commits that showed more than one value. */
  readonly torn: string[];
  /** Whether the parts of one attempt saw different values while they were rendered. */
  readonly mixed: boolean;
  readonly last: string;
}

/** Mounts parts in a transition, or renders those that are there, and writes between the slices. */
async function tear(store: View, use: () => unknown, mounted: boolean): Promise<Torn> {
  (globalThis as Record<string, unknown>)["IS_REACT_ACT_ENVIRONMENT"] = false;
  store.set("n", 0);
  const torn: string[] = [];
  const rendered = new Set<unknown>();
  let [commits, shown, mixed] = [0, "", false];
  const host = document.createElement("div");
  const Part = memo((_: { readonly round: number }): ReactNode => {
    const n = use();
    rendered.add(n);
    work();
    // After each commit that this part is in, with all that the commit changed in place.
    useLayoutEffect(() => {
      const values = new Set(Array.from(host.querySelectorAll("i"), (part) => part.textContent));
      shown = [...values].join();
      commits += 1;
      if (values.size > 1) {
        torn.push(shown);
      }
    });
    return h("i", null, String(n));
  });
  let go: ((round: number) => void) | undefined;
  const All = (): ReactNode => {
    const [round, setRound] = useState(0);
    useEffect(() => {
      go = setRound;
    }, []);
    return round > 0 || mounted
      ? Array.from({ length: PARTS }, (_, index) => h(Part, { key: index, round }))
      : null;
  };
  const root = createRoot(host);
  root.render(h(StrictMode, null, h(StoreProvider, { store }, h(All))));
  while (!go) {
    await settled();
  }
  await settled();
  rendered.clear();
  const before = commits;
  startTransition(() => go?.(1));
  for (let n = 1; commits === before; n += 1) {
    await settled();
    mixed ||= rendered.size > 1;
    // Not for ever: a part that has subscribed starts the transition over with each write.
    if (n < 20) {
      store.set("n", n);
    }
  }
  for (let task = 0; task < 10; task += 1) {
    await settled();
  }
  store.set("n", "end");
  for (let task = 0; task < 100 && shown !== "end"; task += 1) {
    await settled();
  }
  root.unmount();
  return { torn, mixed, last: shown };
}

/** How not to read a store: what `useSyncExternalStore` is there for. */
const naive = (store: View) => (): unknown => {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => store.subscribe("n", again, { delivery: "sync" }), []);
  return store.get("n");
};

const hooks: Record<string, () => unknown> = {
  useGlobalState: () => useGlobalState("n")[0],
  useGlobalStates: () => useGlobalStates(["n"])[0][0],
  useSelector: () => useSelector((all) => all["n"]),
};

const cases = Object.entries(hooks).map(([name, hook]): Suite => ({
  [`no_commit_of_a_transition_shows_two_values_with_${name}`]: async ({ store }) => {
    for (const mounted of [false, true]) {
      const { torn, mixed, last } = await tear(store, hook, mounted);
      equal([torn, last], [[], "end"], mounted ? "parts that were there" : "parts that are new");
      ok(mixed, "the store was written between two slices of one render");
    }
  },
}));

export const reactTearing: Suite = {
  ...Object.assign({}, ...cases),

  async a_hook_that_only_reads_does_tear_so_that_this_test_can_fail({ store }) {
    const { torn, mixed } = await tear(store, naive(store), false);
    ok(mixed && torn.length > 0, "a torn commit");
  },
};
