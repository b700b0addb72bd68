/**
 * The page's store, from plain JavaScript: find it, name its keys, and read it as a Svelte store.
 */

import { DEFAULT, getStore, onStores } from "./directory.js";
import type { Handle, Key, StateError, StateErrorCode, ValueOf, View } from "./protocol.js";

export { getStore, onStores };
export type * from "./protocol.js";
export type { Handle as Store } from "./protocol.js";

/** Options of {@link connect}. */
export interface ConnectOptions {
  /** The store's name, `"default"` without it. */
  readonly name?: string | undefined;
  /** How long to wait for the store, in milliseconds: 10,000 without it, `Infinity` for ever. */
  readonly timeout?: number | undefined;
  /** Gives up when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The page's store, as soon as there is one: at once, or when whoever makes it has done so.
 * Rejects with a `TimeoutError` when that takes too long, and with the signal's reason when that is
 * aborted.
 *
 * ```ts
 * const store = await connect();
 * store.set("count", 1);
 * ```
 */
export function connect(options: ConnectOptions = {}): Promise<Handle> {
  const { name = DEFAULT, timeout = 10_000, signal } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const found = getStore(name);
    if (found) {
      return resolve(found);
    }
    const end = (): void => {
      stop();
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    const abort = (): void => {
      end();
      reject(signal?.reason);
    };
    const stop = onStores(() => {
      const store = getStore(name);
      if (store) {
        end();
        resolve(store);
      }
    });
    signal?.addEventListener("abort", abort);
    // A timer takes no more than 31 bits.
    const timer = timeout < 2 ** 31 ? setTimeout(late, timeout) : undefined;
    function late(): void {
      end();
      const advice =
        'load the container that has it, or make one with createStore() of "universal-state/store"';
      reject(
        new DOMException(`no store "${name}" on this page after ${timeout} ms: ${advice}`, "TimeoutError"),
      );
    }
  });
}

/**
 * A name that knows what is under it, to be shared as a contract.
 *
 * ```ts
 * const COUNT = key<number>("count");
 * store.set(COUNT, 1);
 * const count = store.get(COUNT); // number | undefined
 * ```
 */
export function key<T>(name: string): Key<T> {
  return name as Key<T>;
}

/** Whether something thrown is an error of the store, and that one if a code is given. */
export function isStateError(error: unknown, code?: StateErrorCode): error is StateError {
  return (
    error instanceof Error &&
    error.name === "StateError" &&
    (!code || (error as StateError).code === code)
  );
}

/** A key in the form that Svelte calls a writable store. */
export interface WritableKey<T> {
  /** Calls `run` with the value now, and each time it changes. */
  subscribe(run: (value: T | undefined) => void): () => void;
  set(value: T): void;
  update(f: (value: T | undefined) => T): void;
}

/**
 * A key as a Svelte store: in a component, `$count` reads, writes and follows it.
 *
 * ```ts
 * const count = toStore(store, key<number>("count"));
 * ```
 */
export function toStore<K extends string>(view: View, key: K): WritableKey<ValueOf<K>> {
  return {
    // At once, and not once a turn: the contract says so.
    subscribe: (run) =>
      view.subscribe(key, (value) => run(value), { immediate: true, delivery: "sync" }),
    set: (value) => view.set(key, value),
    update: (f) => view.update(key, f),
  };
}
