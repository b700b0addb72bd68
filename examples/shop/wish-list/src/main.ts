/** What the container mounts: the wish list, with its styles while it is there. */

import { type App, createApp } from "vue";
import { universalState } from "universal-state/vue";
import type { Context } from "./contract";
import styles from "./styles.css?inline";
import WishList from "./WishList.vue";

const apps = new Map<HTMLElement, App>();

export function mount(element: HTMLElement, context: Context): void {
  const style = document.createElement("style");
  style.textContent = styles;
  const place = document.createElement("div");
  element.replaceChildren(style, place);
  const app = createApp(WishList, { reportError: context.reportError });
  app.config.errorHandler = context.reportError;
  app.use(universalState, { store: context.store });
  apps.set(element, app);
  app.mount(place);
}

export function unmount(element: HTMLElement): void {
  apps.get(element)?.unmount();
  apps.delete(element);
  element.replaceChildren();
}
