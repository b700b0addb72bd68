/**
 * Hooks for React 18 and later. They follow the page's store by its name, also if it comes after
 * the component or another takes its place; until it is there, every key is missing.
 */

import {
  createContext,
  createElement,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type { ReactElement, ReactNode } from "react";
import { DEFAULT, getStore, onStores } from "./directory.js";
import type {
  Handle,
  Key,
  MfeInfo,
  Name,
  Scope,
  Snapshot,
  Unsubscribe,
  ValuesOf,
  View,
} from "./protocol.js";

const Source = createContext<View | string | undefined>(DEFAULT);
const EMPTY: Snapshot = Object.freeze({ __proto__: null });
const nothing = (): undefined => undefined;

/** Told at once, so that no component of a render sees a write before another does. */
const SYNC = { delivery: "sync" } as const;

/**
 * Names the store for the components in it: by name, or a store, a scope or a view itself.
 * Without it they use the store called `"default"`. With `undefined` they wait.
 */
export function StoreProvider(props: {
  readonly store: View | string | undefined;
  readonly children?: ReactNode;
}): ReactElement {
  return createElement(Source.Provider, { value: props.store }, props.children);
}

/** The store that the component's hooks use, `undefined` as long as there is none. */
export function useStore(): View | undefined {
  const source = useContext(Source);
  const find = (): View | undefined => (typeof source === "string" ? getStore(source) : source);
  return useSyncExternalStore<View | undefined>(onStores, find, nothing);
}

/** What `read` finds in the store, and again when `listen` calls. */
function useReading<T>(
  store: View | undefined,
  listen: (store: View, changed: () => void) => Unsubscribe,
  read: () => T,
  server: () => T,
  what: unknown,
): T {
  const subscribe = useCallback(
    (changed: () => void) => (store ? listen(store, changed) : nothing),
    [store, what],
  );
  return useSyncExternalStore(subscribe, read, server);
}

/** A function that calls `write` on the store that is there when it is called. */
function useWriting<A>(
  store: View | undefined,
  write: (store: View, next: A) => void,
  what: unknown,
): (next: A) => void {
  return useCallback(
    (next: A) => {
      if (!store) {
        throw Error("no store to write to yet: wait for connect() before you render, or for useStore()");
      }
      write(store, next);
    },
    [store, what],
  );
}

/** Writes a value, or what a function makes of the present one. */
export type SetValue<T, P = T> = (next: T | ((present: P) => T)) => void;

/**
 * The value of a key and the function that writes it, as `useState` has them, for all components
 * and micro-frontends of the page. While the key is missing the value is `initial`; the store is
 * not written. The component renders again when this value changes, and for nothing else.
 *
 * ```tsx
 * const [count, setCount] = useGlobalState("count", 0);
 * return <button onClick={() => setCount((n) => n + 1)}>{count}</button>;
 * ```
 */
export function useGlobalState<T>(key: Key<T>, initial: NoInfer<T>): [T, SetValue<T>];
export function useGlobalState<T>(key: Key<T>): [T | undefined, SetValue<T, T | undefined>];
export function useGlobalState<T>(key: Name, initial: T): [T, SetValue<T>];
export function useGlobalState<T = unknown>(
  key: Name,
): [T | undefined, SetValue<T, T | undefined>];
export function useGlobalState(key: string, initial?: unknown): [unknown, SetValue<unknown>] {
  const store = useStore();
  // The same object in each render, as that of `useState`.
  const first = useMemo(() => initial, [key]);
  const or = (value: unknown): unknown => (value === undefined ? first : value);
  const value = useReading(
    store,
    (store, changed) => store.subscribe(key, changed, SYNC),
    () => or(store?.get(key)),
    () => first,
    key,
  );
  const set = useWriting<unknown>(
    store,
    (store, next) =>
      typeof next === "function"
        ? store.update(key, (present) => next(or(present)))
        : store.set(key, next),
    key,
  );
  return [value, set];
}

/**
 * The values of several keys, and the function that writes them all in one step. The array is the
 * same object until one of them changes.
 */
export function useGlobalStates<const K extends readonly string[]>(
  keys: K,
): [ValuesOf<K>, SetValue<ValuesOf<K>>] {
  const store = useStore();
  const names = JSON.stringify(keys);
  const read = useMemo(() => {
    let last: readonly unknown[] | undefined;
    return (store?: View): readonly unknown[] => {
      const next = keys.map((key) => store?.get(key));
      return last && next.every((value, at) => Object.is(value, last?.[at])) ? last : (last = next);
    };
  }, [store, names]);
  const values = useReading(
    store,
    (store, changed) => store.subscribeKeys(keys, changed, SYNC),
    () => read(store),
    () => read(),
    names,
  );
  const set = useWriting<unknown>(
    store,
    (store, next) =>
      store.batch(() => {
        const values = typeof next === "function" ? next(read(store)) : next;
        keys.forEach((key, at) =>
          values[at] === undefined ? store.delete(key) : store.set(key, values[at]),
        );
      }),
    names,
  );
  return [values as ValuesOf<K>, set];
}

/** All values by key. The component renders again with every change. */
export function useSnapshot(): Snapshot {
  return useSelector((snapshot) => snapshot);
}

/**
 * What `selector` makes of all values. The component renders again only when that differs, by
 * `Object.is` unless `isEqual` says otherwise.
 */
export function useSelector<T>(
  selector: (snapshot: Snapshot) => T,
  isEqual: (a: T, b: T) => boolean = Object.is,
): T {
  const store = useStore();
  const shown = useRef<{ value: T }>(undefined);
  const read = useMemo(() => {
    let from: Snapshot | undefined;
    let last = shown.current;
    return (snapshot: Snapshot): T => {
      if (!last || from !== snapshot) {
        const value = selector(snapshot);
        last = last && isEqual(last.value, value) ? last : { value };
        from = snapshot;
      }
      return last.value;
    };
  }, [store, selector, isEqual]);
  const value = useReading(
    store,
    (store, changed) => store.subscribeAll(changed, SYNC),
    () => read(store?.snapshot() ?? EMPTY),
    () => read(EMPTY),
    0,
  );
  useEffect(() => {
    shown.current = { value };
  }, [value]);
  return value;
}

/**
 * Registers a micro-frontend while the component is mounted, and gives its part of the store, once
 * it has one: put that into a {@link StoreProvider}, and the hooks in it use its own keys.
 */
export function useMfe(id: string, info: MfeInfo = {}): Scope | undefined {
  const store = useStore() as Handle | undefined;
  const { framework = "react", version } = info;
  const [scope, setScope] = useState<Scope>();
  useEffect(() => {
    if (!store) {
      return;
    }
    const scope = store.scope(id, { framework, version });
    setScope(scope);
    return () => {
      scope.unregister();
      setScope(undefined);
    };
  }, [store, id, framework, version]);
  return scope;
}
