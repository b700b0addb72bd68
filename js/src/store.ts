/** A store for a page without a container in Rust: the same one, in a wasm module of its own. */

import { DEFAULT, getStore } from "./directory.js";
import type { Handle, StateErrorCode } from "./protocol.js";
import init, { close, isLoading, open } from "./store/universal_state.js";

/** Where a store is kept beyond the page. */
export interface PersistOptions {
  /** What the names of stored items begin with, `name` without it. */
  readonly prefix?: string | undefined;
  /** `"local"` without it. */
  readonly backend?: "local" | "session" | "indexed-db" | undefined;
}

/** Options of {@link createStore}. */
export interface StoreOptions {
  /** `"default"` without it. */
  readonly name?: string | undefined;
  /** `"signal"` (listeners are told once a turn) or `"map"` (at once); `"signal"` without it. */
  readonly engine?: "map" | "signal" | undefined;
  /** Keeps the values; `true` for local storage under the store's name. */
  readonly persist?: PersistOptions | boolean | undefined;
  /** Shares the values with the other tabs that show this page. */
  readonly tabs?: boolean | undefined;
  /** Gets what went wrong where nobody could catch it, such as in a listener; `reportError` without it. */
  readonly onError?: ((error: ReportedError) => void) | undefined;
  /** Where the wasm is, if the bundler does not find it. */
  readonly wasm?: string | URL | Response | BufferSource | WebAssembly.Module | undefined;
}

/** What went wrong, and where. */
export interface ReportedError extends Error {
  readonly code: StateErrorCode;
  readonly key?: string | undefined;
}

let ready: Promise<unknown> | undefined;

/**
 * Puts a store on the page, with what was kept of it, or gives the one that is there by that name.
 * Rejects if the wasm cannot be loaded or an option is wrong.
 *
 * ```ts
 * const store = await createStore({ persist: true, tabs: true });
 * ```
 */
export async function createStore(options: StoreOptions = {}): Promise<Handle> {
  const { name = DEFAULT, engine = "signal", persist, tabs = false, wasm } = options;
  const { backend = "local", prefix = name } = typeof persist === "object" ? persist : {};
  ready ??= init({ module_or_path: wasm });
  try {
    await ready;
  } catch (error) {
    ready = undefined;
    throw error;
  }
  const report = options.onError ?? ((error: ReportedError) => globalThis.reportError(error));
  const store =
    getStore(name) ??
    open(name, engine, persist ? backend : "", prefix, tabs, (message, code, key) =>
      report(Object.assign(Error(message), { name: "StateError", code, key })),
    );
  // A database answers later; storage that does not answer is given up after 10 seconds.
  while (isLoading(name)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return store;
}

/**
 * Takes a store that {@link createStore} made off the page. What holds its handle gets errors of the
 * code `closed`. Whether there was one.
 */
export function closeStore(name: string = DEFAULT): boolean {
  return close(name);
}
