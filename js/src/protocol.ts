/**
 * The page's handle, protocol 1: what a store shows of itself to every script of the page. The one
 * truth in types; `src/edge/page` of the Rust library implements it.
 */

declare const VALUE: unique symbol;

/** The name of a key that holds a `T`. Made by `key<T>(name)`; at run time it is the name itself. */
export type Key<T> = string & { readonly [VALUE]: (value: T) => T };

/** A name that says nothing of what is under it, unlike a {@link Key}. */
export type Name = string & { readonly [VALUE]?: never };

/** What is under a key: the `T` of a `Key<T>`, `unknown` for a plain name. */
export type ValueOf<K> = K extends { readonly [VALUE]: (value: never) => infer T } ? T : unknown;

/** What is under each of several keys, `undefined` where there is nothing. */
export type ValuesOf<K extends readonly string[]> = {
  readonly [I in keyof K]: ValueOf<K[I]> | undefined;
};

/** What a batch may take besides its function: nothing at all if that returns a promise. */
export type BatchRest<R> = [R] extends [never]
  ? [source?: string]
  : R extends PromiseLike<unknown>
    ? [refused: "a batch is over when its function returns, so that cannot be async"]
    : [source?: string];

/** All values by key: without prototype, deeply frozen, the same object until something changes. */
export type Snapshot = Readonly<Record<string, unknown>>;

/** Which door a change came through. */
export type Origin =
  | "local"
  | "page"
  | "restore"
  | "storage"
  | "tab"
  | `mfe:${string}`
  | (string & {});

/** What happened to one key. */
export interface Change<T = unknown> {
  readonly key: string;
  /** `undefined` if it was removed. */
  readonly value: T | undefined;
  /** `undefined` if it was missing. */
  readonly previous: T | undefined;
  /** The text that the writer gave, `"unknown"` if it gave none. */
  readonly source: string;
  readonly origin: Origin;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The store's version after this change. */
  readonly version: number;
  readonly removed: boolean;
}

/** How a listener is called. */
export interface SubscribeOptions {
  /** Also call at once, with the present value. */
  readonly immediate?: boolean | undefined;
  /** Once a turn, or once a transaction. Without it, what the store's engine does. */
  readonly delivery?: "batched" | "sync" | undefined;
  /** Ends the subscription when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** Ends a subscription; a second call does nothing. */
export type Unsubscribe = () => void;

/** The state of the store's clock. Frozen, and the same object until it changes. */
export interface Metadata {
  /** Grows by one with each transaction that changed something. */
  readonly version: number;
  /** Milliseconds since 1970, `null` before the first change. */
  readonly lastUpdate: number | null;
  readonly updateCount: number;
  /** The source of the last change. */
  readonly source: string;
}

/**
 * Reading, writing and listening. Methods need no `this`. What is read is JSON, deeply frozen, and
 * the same object until it changes. What cannot be done throws a {@link StateError}, and then
 * nothing was stored.
 */
export interface View {
  /** The value, `undefined` if there is none. */
  readonly get: <K extends string>(key: K) => ValueOf<K> | undefined;
  readonly has: (key: string) => boolean;
  readonly keys: () => readonly string[];
  readonly snapshot: () => Snapshot;
  /** Puts a snapshot's values back; `"replace"`, the default, also removes what it lacks. */
  readonly restore: (snapshot: object, mode?: "replace" | "merge") => void;
  readonly metadata: () => Metadata;
  readonly set: <K extends string>(key: K, value: ValueOf<K>, source?: string) => void;
  /** Stores what `f` makes of the present value, `undefined` if there is none. */
  readonly update: <K extends string>(
    key: K,
    f: (value: ValueOf<K> | undefined) => ValueOf<K>,
    source?: string,
  ) => void;
  /** Whether there was something to remove. */
  readonly delete: (key: string, source?: string) => boolean;
  readonly clear: (source?: string) => void;
  /** All of what `f` writes, in one step; none of it if `f` throws. */
  readonly batch: <R>(f: (view: View) => R, ...source: BatchRest<R>) => R;
  readonly subscribe: <K extends string>(
    key: K,
    listener: (value: ValueOf<K> | undefined, change: Change<ValueOf<K>>) => void,
    options?: SubscribeOptions,
  ) => Unsubscribe;
  readonly subscribeKeys: (
    keys: readonly string[],
    listener: (changes: readonly Change[]) => void,
    options?: SubscribeOptions,
  ) => Unsubscribe;
  /** `*` stands for any part of a key. */
  readonly subscribePattern: (
    glob: string,
    listener: (changes: readonly Change[]) => void,
    options?: SubscribeOptions,
  ) => Unsubscribe;
  readonly subscribeAll: (
    listener: (changes: readonly Change[]) => void,
    options?: SubscribeOptions,
  ) => Unsubscribe;
  /** Calls the listeners that wait for the end of the turn now. */
  readonly flush: () => void;
}

/** What a micro-frontend says of itself. */
export interface MfeInfo {
  readonly framework?: string | undefined;
  readonly version?: string | undefined;
}

/** A registered micro-frontend. */
export interface Mfe {
  readonly id: string;
  readonly framework: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly registeredAt: number;
  /** What went wrong, if it failed. */
  readonly failure?: string;
}

/** A micro-frontend's own part of the store: its keys live under its name, and go with it. */
export interface Scope extends View {
  readonly id: string;
  /** The keys that all share, with this micro-frontend's rights. */
  readonly shared: () => View;
  /** The keys of another micro-frontend, as far as they are granted. */
  readonly peer: (id: string) => View;
  readonly isRegistered: () => boolean;
  /** Ends its subscriptions and removes its keys. */
  readonly unregister: () => void;
}

/** What a guest in another wasm module speaks through, in JSON text. Not for applications. */
export interface Link {
  readonly state: (text?: string) => string;
  readonly commit: (text: string) => string;
  readonly register: (text: string) => string;
  readonly unregister: (text: string) => string;
  readonly rule: (text: string) => string;
  readonly computed: (text: string) => string;
  readonly define: (text: string) => string;
  readonly withdraw: (text: string) => string;
  readonly leave: (text?: string) => string;
}

/** A store, as every script of the page sees it. */
export interface Handle extends View {
  readonly protocol: 1;
  readonly name: string;
  /** The version of the Rust library behind it. */
  readonly library: string;
  readonly engine: () => "map" | "signal";
  /**
   * How many listeners the store has, of whoever, and how many keys it keeps track of: both go back to
   * what they were when a micro-frontend has left.
   */
  readonly counts: () => { readonly listeners: number; readonly slots: number };
  readonly isClosed: () => boolean;
  /** Registers a micro-frontend. An id can be taken once. */
  readonly scope: (id: string, info?: MfeInfo) => Scope;
  readonly mfes: () => readonly Mfe[];
  readonly subscribeMfes: (listener: (mfes: readonly Mfe[]) => void, options?: SubscribeOptions) => Unsubscribe;
  /** For guests in wasm; not for applications. */
  readonly link: (receive: (text: string) => string | undefined) => Link;
}

/** The handles of the page, at `globalThis[Symbol.for("universal-state/1")]`. */
export interface Directory {
  readonly protocol: 1;
  readonly get: (name: string) => Handle | undefined;
  readonly names: () => readonly string[];
  /** Whether it was installed: not if the name is taken. */
  readonly install: (name: string, handle: Handle) => boolean;
  readonly remove: (name: string, handle: Handle) => void;
}

/** Why a {@link StateError} was thrown. */
export type StateErrorCode =
  | "key"
  | "value"
  | "type"
  | "vetoed"
  | "denied"
  | "mfe-id"
  | "mfe-taken"
  | "unknown-mfe"
  | "read-only"
  | "conflict"
  | "reentrant"
  | "cycle"
  | "disposed"
  | "pattern"
  | "closed"
  | "argument"
  | "other";

/** What a store throws. */
export interface StateError extends Error {
  readonly name: "StateError";
  readonly code: StateErrorCode;
  /** The key that it is about. */
  readonly key?: string;
  /** The place inside of the value, as a JSON Pointer (RFC 6901). */
  readonly path?: string;
}
