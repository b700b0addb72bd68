/** The base class for custom elements that show what is in the store. */

import { DEFAULT, getStore, onStores } from "./directory.js";
import type { MfeInfo, View } from "./protocol.js";

/** A server has no elements; the module can still be imported there. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/** The values of an element's keys, `undefined` for those that are missing. */
export type State = Readonly<Record<string, unknown>>;

/**
 * Renders when it is connected, and once a turn when one of its `keys` has changed. While it is
 * disconnected nothing of it is left in the store.
 *
 * ```js
 * class CartCount extends StateElement {
 *   static keys = ["cart"];
 *   render({ cart }) {
 *     this.textContent = String(cart?.items.length ?? 0);
 *   }
 * }
 * customElements.define("cart-count", CartCount);
 * ```
 *
 * With the attribute `mfe`, the element is registered as the micro-frontend of that id while it is
 * connected, and `keys` are keys of its own scope.
 */
export abstract class StateElement<S extends object = State> extends Base {
  /** The keys that it shows. */
  static keys: readonly string[] = [];
  /** The name of its store, unless the attribute `store` has another. */
  static store: string = DEFAULT;
  /** What the registry says of it, if it has the attribute `mfe`. */
  static info: MfeInfo = { framework: "element" };

  #end: (() => void) | undefined;
  #leave: (() => void) | undefined;
  #store: View | undefined;
  /** The store that it follows, or whose scope. */
  #found: View | undefined;

  /** The store, or the element's scope; `undefined` while it is disconnected or there is no store. */
  get store(): View | undefined {
    return this.#store;
  }

  /** Shows `state`: the values of the element's keys. */
  abstract render(state: S): void;

  /** Begins to follow the store. */
  connectedCallback(): void {
    this.#end ??= onStores(() => this.#follow());
    this.#follow(true);
  }

  /** Ends everything. */
  disconnectedCallback(): void {
    this.#end?.();
    this.#end = undefined;
    this.#release();
  }

  /** Moved by `moveBefore`, it keeps its store and its scope. */
  connectedMoveCallback(): void {}

  #release(): void {
    this.#leave?.();
    this.#leave = this.#store = this.#found = undefined;
  }

  /** Takes the store that is there now. */
  #follow(first = false): void {
    const { keys, info, store: name } = this.constructor as typeof StateElement;
    const found = getStore(this.getAttribute("store") ?? name);
    if (!first && found === this.#found) {
      return;
    }
    this.#release();
    this.#found = found;
    const id = this.getAttribute("mfe");
    const scope = id === null ? undefined : found?.scope(id, info);
    const view = (this.#store = scope ?? found);
    const render = (): void => {
      const state = Object.fromEntries(keys.map((key) => [key, view?.get(key)]));
      this.render(state as S);
    };
    const stop = view?.subscribeKeys(keys, render);
    this.#leave = () => {
      stop?.();
      scope?.unregister();
    };
    render();
  }
}
