// What the container loads: it starts the wasm that lies beside it, once, and mounts into it.
import start, { mount as mountInto } from "./shop_checkout.js";

let started;

/** What failed to load is forgotten, so that the next mount tries again. */
function ready() {
  started ??= start({ module_or_path: new URL("shop_checkout_bg.wasm", import.meta.url) }).catch((error) => {
    started = undefined;
    throw error;
  });
  return started;
}

/** What is mounted, by element; its view is `null` while the wasm is on its way. */
const mounted = new Map();

export async function mount(element, context) {
  const mine = { view: null };
  mounted.set(element, mine);
  await ready();
  // Unmounted meanwhile, or mounted again.
  if (mounted.get(element) === mine) mine.view = mountInto(element, context);
}

export function unmount(element) {
  const view = mounted.get(element)?.view;
  mounted.delete(element);
  view?.unmount();
  element.replaceChildren();
}
