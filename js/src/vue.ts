/**
 * Composables for Vue 3. They follow the page's store by its name, also if it comes after the
 * component or another takes its place; until it is there, every key is missing. They end with the
 * effect scope (usually the component) that they are called in.
 */

import {
  computed,
  getCurrentScope,
  hasInjectionContext,
  inject,
  onScopeDispose,
  shallowRef,
  toValue,
  watch,
} from "vue";
import type {
  App,
  InjectionKey,
  MaybeRefOrGetter,
  Plugin,
  ShallowRef,
  WritableComputedRef,
} from "vue";
import { DEFAULT, getStore, onStores } from "./directory.js";
import type { Handle, Key, MfeInfo, Name, Scope, Snapshot, Unsubscribe, View } from "./protocol.js";

/** A store, a scope or a view, or the name of a store; `undefined` to wait. */
export type Source = View | string | undefined;

/** Under this key the plugin provides what the composables use. */
export const STORE: InjectionKey<MaybeRefOrGetter<Source>> = Symbol("universal-state");

const EMPTY: Snapshot = Object.freeze({ __proto__: null });

/** Told at once, so that a reference is never behind what was written. */
const SYNC = { immediate: true, delivery: "sync" } as const;

/**
 * Names the store for an app. Without it the composables use the store called `"default"`. A part
 * of an app gets its own by `provide(STORE, scope)`.
 *
 * ```ts
 * createApp(Root).use(universalState, { store: "shop" }).mount("#app");
 * ```
 */
export const universalState: Plugin<[options?: { readonly store?: MaybeRefOrGetter<Source> }]> = {
  install(app: App, options = {}) {
    app.provide(STORE, options.store ?? DEFAULT);
  },
};

/** A reference that only the store writes. */
export type ReadonlyRef<T> = Readonly<ShallowRef<T>>;

/** The store that the composables use, `undefined` as long as there is none. */
export function useStore(): ReadonlyRef<View | undefined> {
  const source = hasInjectionContext() ? inject(STORE, DEFAULT) : DEFAULT;
  const find = (): View | undefined => {
    const named = toValue(source);
    return typeof named === "string" ? getStore(named) : named;
  };
  const store = shallowRef<View>();
  const look = (): void => {
    store.value = find();
  };
  watch(find, look, { immediate: true, flush: "sync" });
  ending(onStores(look));
  return store;
}

function ending(stop: () => void): void {
  if (getCurrentScope()) {
    onScopeDispose(stop);
  }
}

/** Calls `listen` with each store that is there in turn, and ends what it began with the one before. */
function following(
  what: () => unknown,
  store: ReadonlyRef<View | undefined>,
  listen: (store: View | undefined) => Unsubscribe | undefined,
): void {
  watch(
    [store, what],
    ([store], _before, onCleanup) => {
      const stop = listen(store);
      if (stop) {
        onCleanup(stop);
      }
    },
    { immediate: true, flush: "sync" },
  );
}

/**
 * The value of a key as a reference that can be written. While the key is missing it is `initial`;
 * the store is not written. Values are frozen: write a new one, do not change the one you have.
 *
 * ```vue
 * <script setup lang="ts">
 * const count = useGlobalState("count", 0);
 * </script>
 * <template><button @click="count++">{{ count }}</button></template>
 * ```
 */
export function useGlobalState<T>(
  key: MaybeRefOrGetter<Key<T>>,
  initial: NoInfer<T>,
): WritableComputedRef<T>;
export function useGlobalState<T>(
  key: MaybeRefOrGetter<Key<T>>,
): WritableComputedRef<T | undefined, T>;
export function useGlobalState<T>(
  key: MaybeRefOrGetter<Name>,
  initial: T,
): WritableComputedRef<T>;
export function useGlobalState<T = unknown>(
  key: MaybeRefOrGetter<Name>,
): WritableComputedRef<T | undefined, T>;
export function useGlobalState(
  key: MaybeRefOrGetter<string>,
  initial?: unknown,
): WritableComputedRef<unknown> {
  const store = useStore();
  const value = useValue(store, key, initial);
  return computed({
    get: () => value.value,
    set: (next) => {
      if (!store.value) {
        throw Error("no store to write to yet: wait for connect() before you mount, or for useStore()");
      }
      store.value.set(toValue(key), next);
    },
  });
}

/** As {@link useGlobalState}, for who only reads. */
export function useGlobalValue<T>(
  key: MaybeRefOrGetter<Key<T>>,
  initial: NoInfer<T>,
): ReadonlyRef<T>;
export function useGlobalValue<T>(key: MaybeRefOrGetter<Key<T>>): ReadonlyRef<T | undefined>;
export function useGlobalValue<T>(key: MaybeRefOrGetter<Name>, initial: T): ReadonlyRef<T>;
export function useGlobalValue<T = unknown>(
  key: MaybeRefOrGetter<Name>,
): ReadonlyRef<T | undefined>;
export function useGlobalValue(
  key: MaybeRefOrGetter<string>,
  initial?: unknown,
): ReadonlyRef<unknown> {
  return useValue(useStore(), key, initial);
}

function useValue(
  store: ReadonlyRef<View | undefined>,
  key: MaybeRefOrGetter<string>,
  initial: unknown,
): ReadonlyRef<unknown> {
  const value = shallowRef(initial);
  const show = (next: unknown): void => {
    value.value = next === undefined ? initial : next;
  };
  following(
    () => toValue(key),
    store,
    (store) => (store ? store.subscribe(toValue(key), show, SYNC) : void show(undefined)),
  );
  return value;
}

/** All values by key. */
export function useSnapshot(): ReadonlyRef<Snapshot> {
  const store = useStore();
  const snapshot = shallowRef(EMPTY);
  following(
    () => 0,
    store,
    (store) => {
      const show = (): void => {
        snapshot.value = store?.snapshot() ?? EMPTY;
      };
      show();
      return store?.subscribeAll(show, { delivery: "sync" });
    },
  );
  return snapshot;
}

/**
 * What `selector` makes of all values. It changes only when that differs, by `Object.is` unless
 * `isEqual` says otherwise.
 */
export function useSelector<T>(
  selector: (snapshot: Snapshot) => T,
  isEqual: (a: T, b: T) => boolean = Object.is,
): ReadonlyRef<T> {
  const snapshot = useSnapshot();
  return computed<T>((before) => {
    const value = selector(snapshot.value);
    return before !== undefined && isEqual(before, value) ? before : value;
  });
}

/**
 * Registers a micro-frontend until the effect scope ends, and gives its part of the store, once it
 * has one: `provide(STORE, scope)`, and the composables below use its own keys.
 */
export function useMfe(id: string, info: MfeInfo = {}): ReadonlyRef<Scope | undefined> {
  const store = useStore();
  const scope = shallowRef<Scope>();
  following(
    () => 0,
    store,
    (store) => {
      const { framework = "vue", version } = info;
      const own = (store as Handle | undefined)?.scope(id, { framework, version });
      scope.value = own;
      return own?.unregister;
    },
  );
  return scope;
}
