/** Runs the cases in the page, one at a time, each on a store of its own. */

import { closeStore, createStore, storeCounts, type ReportedError } from "universal-state/store";
import { suites } from "./suites.js";
import type { At } from "./support.js";

let number = 0;

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
    listeners: () => storeCounts(name)?.listeners ?? 0,
    close: () => closeStore(name),
  };
  try {
    await test(at);
  } finally {
    closeStore(name);
  }
}

Object.assign(globalThis, { run });
