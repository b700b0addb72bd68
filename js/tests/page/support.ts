/** What the cases share. They run in the page, each on a store of its own. */

import type { Change, StateError, StateErrorCode, Store, SubscribeOptions, View } from "universal-state";
import type { ReportedError } from "universal-state/store";

/** Where a case runs. */
export interface At {
  readonly store: Store;
  /** The name of the store on the page. */
  readonly name: string;
  readonly engine: "map" | "signal";
  /** What was reported to the store, in order. */
  readonly reports: ReportedError[];
  /** How many listeners the store has. */
  listeners(): number;
  /** Takes the store off the page. */
  close(): void;
}

/** Cases, each under the promise that it holds the store to. */
export type Suite = Readonly<Record<string, (at: At) => void | Promise<void>>>;

/** A changed key with its previous and its new value. */
export type Entry = [key: string, previous: unknown, value: unknown];

function shown(value: unknown): string {
  const text = (key: string, inner: unknown): unknown =>
    inner === undefined ? `<undefined ${key}>` : typeof inner === "bigint" ? `${inner}n` : inner;
  return (JSON.stringify(value, text) ?? String(value)).slice(0, 2_000);
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) {
    return true;
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return false;
  }
  const names = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    names.length === Object.keys(b).length &&
    names.every(
      (name) =>
        Object.hasOwn(b, name) &&
        isEqual((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
    )
  );
}

/** Fails unless both have the same contents. */
export function equal(actual: unknown, expected: unknown, what = ""): void {
  if (!isEqual(actual, expected)) {
    throw Error(`${what} is ${shown(actual)}, expected ${shown(expected)}`);
  }
}

/** Fails unless both are the same object. */
export function same(actual: unknown, expected: unknown, what = ""): void {
  if (!Object.is(actual, expected)) {
    throw Error(`${what}: not the same object: ${shown(actual)} and ${shown(expected)}`);
  }
}

export function ok(value: unknown, what = ""): asserts value {
  if (!value) {
    throw Error(`${what} is ${shown(value)}`);
  }
}

/** Fails unless `f` throws an error of the store, with that code and, if given, key and path. */
export function throws(
  f: () => unknown,
  code: StateErrorCode,
  about: { readonly key?: string; readonly path?: string } = {},
): StateError {
  let result: unknown;
  try {
    result = f();
  } catch (error) {
    const thrown = error as StateError;
    ok(thrown instanceof Error && thrown.name === "StateError", `${String(error)}: a StateError`);
    const { key, path } = about;
    equal(
      { code: thrown.code, ...(key !== undefined && { key: thrown.key }), ...(path !== undefined && { path: thrown.path }) },
      { code, ...about },
      thrown.message,
    );
    return thrown;
  }
  throw Error(`nothing was thrown, expected ${code}; it returned ${shown(result)}`);
}

/** Notes what is pushed to it. */
export class Log<T> {
  #entries: T[] = [];

  readonly push = (...entries: T[]): void => {
    this.#entries.push(...entries);
  };

  /** What was noted since the last call. */
  take(): T[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }
}

export const entry = (change: Change): Entry => [change.key, change.previous, change.value];

/** Notes each set of changes that listeners of everything are told. */
export function told(view: View, delivery: "batched" | "sync" = "sync"): Log<Entry[]> {
  const log = new Log<Entry[]>();
  view.subscribeAll((changes) => log.push(changes.map(entry)), { delivery });
  return log;
}

/** Listens to `a` in three ways: as a key, as one of several, and by a pattern. */
export function listenToA(
  view: View,
  options: SubscribeOptions,
): [log: Log<Entry>, subscriptions: (() => void)[]] {
  const log = new Log<Entry>();
  const each = (changes: readonly Change[]): void => log.push(...changes.map(entry));
  return [
    log,
    [
      view.subscribe("a", (value, change) => log.push([change.key, change.previous, value]), options),
      view.subscribeKeys(["a", "A"], each, options),
      view.subscribePattern("[a]", each, options),
    ],
  ];
}

export const SYNC = { delivery: "sync" } as const;
export const DELIVERIES = ["sync", "batched"] as const;

/** Sets several keys in one transaction. */
export function setMany(view: View, values: Readonly<Record<string, unknown>>): void {
  view.batch((tx) => {
    for (const [key, value] of Object.entries(values)) {
      tx.set(key, value);
    }
  });
}

/** Until what is due now has run: microtasks, and a task after them. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
