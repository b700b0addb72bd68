/** Finding the store, whichever comes first. */

import { connect, getStore, isStateError, key } from "universal-state";
import { closeStore, createStore } from "universal-state/store";
import { equal, ok, same, throws, type Suite } from "../page/support.js";

async function rejected(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw Error("it was not rejected");
}

export const connecting: Suite = {
  async connect_gives_the_store_that_is_there({ store, name }) {
    same(await connect({ name }), store);
    same(getStore(name), store);
    equal([store.name, store.protocol, store.engine().length > 0], [name, 1, true]);
    ok(/^\d+\.\d+\.\d+/.test(store.library), store.library);
  },

  async connect_waits_for_the_store_of_its_name({ name, engine }) {
    const late = `${name} late`;
    const waiting = [connect({ name: late }), connect({ name: late, timeout: Infinity })];
    const other = await createStore({ name: `${name} other` });
    const store = await createStore({ name: late, engine });
    (await Promise.all(waiting)).forEach((found) => same(found, store));
    ok(other !== store);
    closeStore(late);
    closeStore(`${name} other`);
    equal(getStore(late), undefined);
  },

  async connect_gives_up_after_its_time_and_says_what_to_do() {
    const error = await rejected(connect({ name: "nobody", timeout: 20 }));
    equal([error.name, error instanceof DOMException], ["TimeoutError", true]);
    for (const part of ['"nobody"', "20 ms", "createStore()", "container"]) {
      ok(error.message.includes(part), error.message);
    }
  },

  async connect_ends_with_its_signal() {
    const controller = new AbortController();
    const waiting = connect({ name: "nobody", signal: controller.signal });
    controller.abort(RangeError("enough"));
    equal((await rejected(waiting)).message, "enough");
    const late = connect({ name: "nobody", signal: controller.signal });
    equal((await rejected(late)).message, "enough");
  },

  async a_second_store_of_a_name_is_the_first({ store, name, engine }) {
    same(await createStore({ name, engine: engine === "map" ? "signal" : "map" }), store);
    equal(store.engine(), engine);
    const [one, two] = await Promise.all([createStore({ name: `${name} 2` }), createStore({ name: `${name} 2` })]);
    same(one, two);
    equal([closeStore(`${name} 2`), closeStore(`${name} 2`)], [true, false]);
    equal(getStore(`${name} 2`), undefined);
  },

  async a_wrong_option_is_named({ name }) {
    const wrong = (options: object): Promise<Error> => rejected(createStore({ name: `${name} wrong`, ...options }));
    ok((await wrong({ engine: "steam" })).message.includes("steam"));
    ok((await wrong({ persist: { backend: "paper" } })).message.includes("paper"));
    equal(getStore(`${name} wrong`), undefined);
  },

  async what_is_persisted_is_there_again({ name, engine }) {
    for (const backend of ["local", "session", "indexed-db"] as const) {
      const options = { name: `${name} ${backend}`, engine, persist: { prefix: `${name}-${backend}`, backend } };
      (await createStore(options)).set("kept", { n: [backend] });
      if (backend === "indexed-db") {
        // A database writes after the turn.
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      closeStore(options.name);
      const again = await createStore(options);
      equal(again.get("kept"), { n: [backend] }, backend);
      closeStore(options.name);
    }
    localStorage.clear();
  },

  a_key_names_its_type_and_is_its_name({ store }) {
    const COUNT = key<number>("count");
    equal(COUNT, "count");
    store.set(COUNT, 1);
    const n: number | undefined = store.get(COUNT);
    equal(n, 1);
  },

  an_error_of_the_store_is_known_by_its_code({ store }) {
    const error = throws(() => store.set("", 1), "key");
    ok(isStateError(error) && isStateError(error, "key") && !isStateError(error, "value"));
    ok(!isStateError(Error("key")) && !isStateError(undefined) && !isStateError({ name: "StateError", code: "key" }));
  },
};
