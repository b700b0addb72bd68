import type { Directory, Handle } from "./protocol.js";

/** The name of a store that was given none. */
export const DEFAULT = "default";

/** The page's store of that name, `undefined` as long as there is none. */
export function getStore(name: string = DEFAULT): Handle | undefined {
  const page = globalThis as { [directory: symbol]: Directory | undefined };
  return page[Symbol.for("universal-state/1")]?.get(name);
}

/**
 * Calls `listener` whenever a store comes to the page or leaves it, until the returned function is
 * called. On a server nothing comes, and nothing is called.
 */
export function onStores(listener: () => void): () => void {
  // A server has no events of its own.
  const listen = (method: "addEventListener" | "removeEventListener"): void => {
    for (const event of ["ready", "closed"]) {
      globalThis[method]?.(`universal-state:${event}`, listener);
    }
  };
  listen("addEventListener");
  return () => listen("removeEventListener");
}
