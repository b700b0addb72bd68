/** What is left of a store that left the page. */

import { getStore } from "universal-state";
import { Log, equal, ok, throws, told, type Suite } from "../page/support.js";

export const closing: Suite = {
  what_left_the_page_takes_nothing_and_says_so({ store, close }) {
    const shop = store.scope("shop");
    store.set("n", 1);
    ok(!store.isClosed());
    close();
    ok(store.isClosed());
    for (const call of [
      () => store.set("n", 2),
      () => store.update("n", () => 2),
      () => store.delete("n"),
      () => store.clear(),
      () => store.batch(() => 1),
      () => store.restore({}),
      () => store.subscribe("n", () => undefined),
      () => store.subscribeAll(() => undefined),
      () => store.scope("x"),
      () => shop.set("n", 1),
      () => shop.shared().set("n", 1),
    ]) {
      throws(call, "closed");
    }
  },

  closing_ends_every_subscription({ store, close }) {
    const log = told(store, "batched");
    const end = store.subscribe("n", () => log.push([]));
    store.set("n", 1);
    store.flush();
    log.take();
    close();
    end();
    equal(log.take(), []);
  },

  the_directory_forgets_it_and_tells({ store, name, close }) {
    const log = new Log<unknown>();
    const note = (event: Event): void => log.push((event as CustomEvent).detail, getStore(name));
    addEventListener("universal-state:closed", note);
    equal(getStore(name) === store, true);
    close();
    equal(log.take(), [{ name, protocol: 1 }, undefined]);
    removeEventListener("universal-state:closed", note);
  },

  a_listener_may_close_the_store({ store, close }) {
    const log = new Log<unknown>();
    store.subscribe("n", () => close(), { delivery: "sync" });
    store.subscribeAll((changes) => log.push(changes.length), { delivery: "sync" });
    store.set("n", 1);
    ok(store.isClosed());
    throws(() => store.set("n", 2), "closed");
  },
};
