/** The base class for custom elements. */

import { StateElement, type State } from "universal-state/element";
import { closeStore, createStore } from "universal-state/store";
import { Log, equal, ok, settled, type At, type Suite } from "../page/support.js";

let number = 0;

/** A new element that follows `keys` of the case's store, and notes what it renders. */
function make({ name }: At, keys: readonly string[]): { tag: string; log: Log<unknown>; create(): StateElement } {
  const tag = `test-element-${(number += 1)}`;
  const log = new Log<unknown>();
  class Test extends StateElement {
    static override keys = keys;
    static override store = name;
    override render(state: State): void {
      log.push({ ...state });
      this.textContent = JSON.stringify(state);
    }
  }
  customElements.define(tag, Test);
  return { tag, log, create: () => document.createElement(tag) as StateElement };
}

export const element: Suite = {
  async it_renders_when_connected_and_when_its_keys_change(at) {
    const { log, create } = make(at, ["a", "b"]);
    const before = at.listeners();
    const one = create();
    equal([log.take(), at.listeners(), one.store], [[], before, undefined]);
    document.body.append(one);
    equal(log.take(), [{ a: undefined, b: undefined }]);
    ok(one.store === at.store);
    at.store.set("a", 1);
    at.store.set("b", 2);
    at.store.set("c", 3);
    at.store.flush();
    equal(log.take().at(-1), { a: 1, b: 2 });
    one.remove();
    equal([at.listeners(), one.store], [before, undefined]);
    at.store.set("a", 4);
    await settled();
    equal(log.take(), []);
    document.body.append(one);
    equal(log.take(), [{ a: 4, b: 2 }]);
    one.remove();
    equal(at.listeners(), before);
  },

  it_is_upgraded_where_it_stands(at) {
    at.store.set("a", 1);
    const host = document.createElement("div");
    document.body.append(host);
    const tag = `test-element-${number + 1}`;
    host.innerHTML = `<${tag}></${tag}>`;
    make(at, ["a"]);
    equal(host.textContent, '{"a":1}');
    host.remove();
  },

  a_store_that_comes_late_or_goes_is_followed: async (at) => {
    const { create, log } = make(at, ["a"]);
    const late = `${at.name} late`;
    const one = create();
    one.setAttribute("store", late);
    document.body.append(one);
    equal(log.take(), [{ a: undefined }]);
    const store = await createStore({ name: late, engine: at.engine });
    store.set("a", 1);
    store.flush();
    equal(log.take().at(-1), { a: 1 });
    closeStore(late);
    equal(log.take(), [{ a: undefined }]);
    one.remove();
  },

  with_the_attribute_it_is_a_micro_frontend_while_it_is_connected(at) {
    const before = at.listeners();
    const { create, log } = make(at, ["n"]);
    at.store.set("n", "shared");
    const one = create();
    one.setAttribute("mfe", "mini-cart");
    document.body.append(one);
    equal(at.store.mfes().map(({ id, framework }) => [id, framework]), [["mini-cart", "element"]]);
    one.store?.set("n", "own");
    one.store?.flush();
    equal([log.take().at(-1), at.store.get("n")], [{ n: "own" }, "shared"]);
    one.remove();
    equal([at.store.mfes(), at.listeners()], [[], before]);
    document.body.append(one);
    equal(log.take(), [{ n: undefined }]);
    one.remove();
  },

  moved_in_one_step_it_keeps_its_scope(at) {
    const { create } = make(at, ["n"]);
    const [one, host] = [create(), document.createElement("div") as HTMLElement & { moveBefore?(node: Node, child: null): void }];
    one.setAttribute("mfe", "mini-cart");
    document.body.append(one, host);
    one.store?.set("n", 1);
    ok(host.moveBefore, "this browser moves");
    host.moveBefore(one, null);
    equal([one.store?.get("n"), one.parentNode === host], [1, true]);
    one.remove();
    host.remove();
    equal(at.store.mfes(), []);
  },

  a_thousand_of_them_leave_no_listener(at) {
    const before = at.listeners();
    const { create } = make(at, ["a", "b"]);
    const all = Array.from({ length: 1_000 }, create);
    document.body.append(...all);
    equal(at.listeners(), before + 1_000);
    all.forEach((one) => one.remove());
    equal(at.listeners(), before);
  },
};
