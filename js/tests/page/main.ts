/** Runs the cases in the page, one at a time, each on a store of its own. */

import { closeStore, createStore, type ReportedError } from "universal-state/store";
import { suites } from "./suites.js";
import { equal, type At } from "./support.js";

let number = 0;

/** How many listeners wait for stores that come or go: each case has to end those that it began. */
let waiting = 0;
for (const [method, step] of [["addEventListener", 1], ["removeEventListener", -1]] as const) {
  const original = globalThis[method];
  globalThis[method] = (type: string, ...rest: unknown[]) => {
    waiting += type.startsWith("universal-state:") ? step : 0;
    Reflect.apply(original, globalThis, [type, ...rest]);
  };
}

async function run(suite: string, promise: string, engine: "map" | "signal"): Promise<void> {
  const test = suites[suite]?.[promise];
  if (!test) {
    throw Error(`no case ${suite}.${promise}`);
  }
  const name = `case ${(number += 1)}`;
  const reports: ReportedError[] = [];
  const store = await createStore({ name, engine, onError: (error) => reports.push(error) });
  const at: At = {
    store,
    name,
    engine,
    reports,
    listeners: () => (store.isClosed() ? 0 : store.counts().listeners),
    close: () => closeStore(name),
  };
  try {
    await test(at);
    equal(waiting, 0, "listeners that still wait for stores");
  } finally {
    waiting = 0;
    closeStore(name);
  }
}

Object.assign(globalThis, { run });
