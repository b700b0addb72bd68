/** What the container mounts: the product page, in a shadow root of its own. */

import { createRoot, type Root } from "react-dom/client";
import { StoreProvider } from "universal-state/react";
import type { Context } from "./contract";
import { ProductPage } from "./product-page";
import styles from "./styles.css?inline";

const roots = new Map<HTMLElement, Root>();

export function mount(element: HTMLElement, context: Context): void {
  const host = document.createElement("div");
  const shadow = host.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = styles;
  const place = document.createElement("div");
  shadow.append(style, place);
  element.replaceChildren(host);
  const root = createRoot(place, { onUncaughtError: context.reportError });
  roots.set(element, root);
  root.render(
    <StoreProvider store={context.store}>
      <ProductPage navigate={context.navigate} reportError={context.reportError} />
    </StoreProvider>,
  );
}

export function unmount(element: HTMLElement): void {
  roots.get(element)?.unmount();
  roots.delete(element);
  element.replaceChildren();
}
