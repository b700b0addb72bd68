/** Values that are no JSON, or pretend to be. */

import { equal, ok, same, throws, type At, type Suite } from "../page/support.js";

class Money {
  amount = 1;
}

/** Writes that try `value`, through every door that takes one. */
const doors = ({ store }: At, value: unknown): [path: string, write: () => unknown][] => {
  const scope = store.mfes().length === 0 ? store.scope("guest") : undefined;
  return [
    ["", () => store.set("k", value)],
    ["", () => store.update("k", () => value)],
    ["/deep/1/a~1b", () => store.set("k", { deep: [0, { "a/b": value }] })],
    ["", () => store.batch((tx) => tx.set("k", value))],
    ["", () => scope?.set("k", value) ?? store.set("k", value)],
  ];
};

/** Fails unless `value` is refused everywhere with key and path, and nothing changes. */
function refused(at: At, value: unknown, what: string): void {
  const { store } = at;
  const [before, snapshot] = [store.metadata(), store.snapshot()];
  for (const [path, write] of doors(at, value)) {
    const { message } = throws(write, "value", { key: "k", path });
    ok(message.includes("k"), `${what}: ${message}`);
  }
  throws(() => store.restore({ fine: 1, k: value }), "value");
  same(store.metadata(), before, what);
  same(store.snapshot(), snapshot, what);
}

export const values: Suite = {
  what_has_no_place_in_json_is_refused_with_key_and_path(at) {
    at.store.set("k", "before");
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const bad: Record<string, unknown> = {
      function: () => 1,
      class: Money,
      symbol: Symbol("s"),
      bigint: 1n,
      nan: NaN,
      infinity: -Infinity,
      map: new Map(),
      set: new Set(),
      "typed array": new Uint8Array(1),
      buffer: new ArrayBuffer(1),
      instance: new Money(),
      error: Error("e"),
      promise: Promise.resolve(),
      "regular expression": /x/,
      url: new URL("http://localhost/"),
      "boxed number": new Number(1),
      "boxed string": new String("x"),
      element: document.createElement("p"),
      window: globalThis,
      hole: [, 1],
      "undefined in an array": [undefined],
      cycle,
      "symbol member": { [Symbol("s")]: 1 },
      "invalid date": new Date(NaN),
    };
    for (const [what, value] of Object.entries(bad)) {
      const path = ["hole", "undefined in an array", "cycle", "symbol member"].includes(what);
      if (path) {
        throws(() => at.store.set("k", value), "value", { key: "k" });
        throws(() => at.store.set("k", { deep: [value] }), "value", { key: "k" });
      } else {
        refused(at, value, what);
      }
    }
    equal(at.store.get("k"), "before");
    throws(() => at.store.set("k", [1, , 2]), "value", { key: "k", path: "/1" });
    throws(() => at.store.set("k", undefined), "value", { key: "k", path: "" });
    throws(() => at.store.set("k", { a: [undefined] }), "value", { key: "k", path: "/a/0" });
  },

  what_json_leaves_out_is_left_out_and_what_it_rewrites_is_rewritten({ store }) {
    const shared = { n: 1 };
    const nobody = Object.assign(Object.create(null) as object, { n: 1 });
    store.set("k", { a: undefined, b: shared, c: shared, d: new Date(0), e: nobody, f: -0 });
    equal(store.get("k"), {
      b: { n: 1 }, c: { n: 1 }, d: "1970-01-01T00:00:00.000Z", e: { n: 1 }, f: 0,
    });
  },

  plain_objects_of_another_realm_are_fine({ store }) {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    const parse = (frame.contentWindow as unknown as { JSON: JSON }).JSON.parse;
    store.set("k", parse('{"a":[{"b":1}]}'));
    frame.remove();
    equal(store.get("k"), { a: [{ b: 1 }] });
    ok(store.get("k") instanceof Object || Object.getPrototypeOf(store.get("k")) === null);
  },

  a_getter_is_refused_and_not_run(at) {
    let runs = 0;
    const getter = { get a() { runs += 1; return 1; } };
    const { store } = at;
    throws(() => store.set("k", getter), "value", { key: "k", path: "/a" });
    throws(() => store.set("k", [{ x: getter }]), "value", { key: "k", path: "/0/x/a" });
    const list = [1];
    Object.defineProperty(list, 0, { get: () => (runs += 1), enumerable: true });
    throws(() => store.set("k", list), "value", { key: "k", path: "/0" });
    equal([runs, store.keys()], [0, []]);
  },

  a_toJSON_is_never_called({ store }) {
    let calls = 0;
    const toJSON = (): unknown => (calls += 1);
    throws(() => store.set("k", { toJSON }), "value", { key: "k", path: "/toJSON" });
    const date = new Date(0);
    Object.assign(date, { toJSON, toISOString: toJSON });
    store.set("k", date);
    equal([calls, store.get("k")], [0, "1970-01-01T00:00:00.000Z"]);
    const proto = Object.prototype as { toJSON?: unknown };
    proto.toJSON = toJSON;
    try {
      store.set("j", { n: { m: [1] } });
    } finally {
      delete proto.toJSON;
    }
    equal([calls, store.get("j")], [0, { n: { m: [1] } }]);
  },

  a_proxy_is_copied_once_and_what_its_traps_throw_is_an_error({ store }) {
    store.set("k", new Proxy({ a: [1] }, {}));
    equal(store.get("k"), { a: [1] });
    const { version } = store.metadata();
    const thrower = (): never => {
      throw Error("trap");
    };
    for (const trap of ["ownKeys", "getOwnPropertyDescriptor", "getPrototypeOf"] as const) {
      throws(() => store.set("k", new Proxy({ a: 1 }, { [trap]: thrower })), "value", { key: "k" });
      throws(() => store.set("k", { in: new Proxy({ a: 1 }, { [trap]: thrower }) }), "value", { key: "k" });
    }
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    throws(() => store.set("k", proxy), "value", { key: "k" });
    const liar = new Proxy([], { getOwnPropertyDescriptor: (target, name) =>
      name === "length" ? { value: 2 ** 40, writable: true } : Reflect.getOwnPropertyDescriptor(target, name) });
    throws(() => store.set("k", liar), "value", { key: "k" });
    equal([store.get("k"), store.metadata().version], [{ a: [1] }, version]);
  },

  a_proxy_that_writes_while_it_is_read_changes_nothing_twice({ store, reports }) {
    let writes = 0;
    const nosy = new Proxy({ a: 1 }, {
      ownKeys: (target) => {
        store.set("other", (writes += 1));
        return Reflect.ownKeys(target);
      },
    });
    store.set("k", nosy);
    equal([store.get("k"), store.get("other"), writes, reports], [{ a: 1 }, 1, 1, []]);
    store.batch((tx) => tx.set("k", { in: nosy }));
    equal([store.get("k"), store.get("other")], [{ in: { a: 1 } }, 2]);
  },

  members_called_like_the_prototype_pollute_nothing({ store }) {
    const evil = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1,"n":{"__proto__":null}}',
    ) as object;
    store.set("k", evil);
    store.set("__proto__", evil);
    store.restore(JSON.parse('{"k":{"__proto__":{"polluted":2}},"__proto__":{"polluted":2}}') as object, "merge");
    equal(({} as Record<string, unknown>)["polluted"], undefined);
    equal(([] as unknown as Record<string, unknown>)["polluted"], undefined);
    const value = store.get("k") as object;
    equal(Object.keys(value), ["__proto__"]);
    ok(Object.hasOwn(value, "__proto__"));
    equal(Object.getOwnPropertyDescriptor(value, "__proto__")?.value, { polluted: 2 });
    equal((value as Record<string, unknown>)["polluted"], undefined);
    equal(Object.keys(store.snapshot()).sort(), ["__proto__", "k"]);
    equal(({} as Record<string, unknown>)["polluted"], undefined);
  },

  what_is_read_cannot_be_changed({ store }) {
    store.set("k", { list: [{ n: 1 }] });
    const value = store.get("k") as { list: { n: number }[] };
    const attempts = [
      () => ((value as { list?: unknown }).list = 1),
      () => value.list.push({ n: 2 }),
      () => (value.list[0]!.n = 2),
      () => Object.setPrototypeOf(value, null),
      () => Object.defineProperty(value, "x", { value: 1 }),
      () => ((store.snapshot() as Record<string, unknown>)["k"] = 1),
      () => ((store.metadata() as { version: number }).version = 7),
      () => (store.keys() as string[]).push("x"),
      () => ((store as { get: unknown }).get = 1),
    ];
    for (const attempt of attempts) {
      let threw = false;
      try {
        attempt();
      } catch (error) {
        threw = error instanceof TypeError;
      }
      ok(threw, String(attempt));
    }
    equal([store.get("k"), store.metadata().version], [{ list: [{ n: 1 }] }, 1]);
  },
};

const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) {
    value = level % 2 ? [value] : { d: value };
  }
  return value;
};

export const enormous: Suite = {
  a_value_deeper_than_80_is_refused_however_deep({ store }) {
    store.set("k", deep(80));
    const { version } = store.metadata();
    for (const levels of [81, 10_000]) {
      throws(() => store.set("k", deep(levels)), "value", { key: "k" });
      throws(() => store.restore({ k: deep(levels) }), "value");
    }
    equal(store.metadata().version, version);
    equal(store.get("k"), deep(80));
  },

  a_string_of_10_mib_survives({ store }) {
    const text = "é\u2028\ud83d\ude00x".repeat(2_097_152);
    store.set("k", { text });
    ok((store.get("k") as { text: string }).text === text, "the same text");
  },

  a_lone_surrogate_is_stored_or_refused_and_breaks_nothing({ store }) {
    for (const text of ["\ud800", "a\udc00b"]) {
      try {
        store.set("k", { text });
        equal(typeof (store.get("k") as { text: string }).text, "string");
      } catch (error) {
        throws(() => { throw error; }, "value", { key: "k" });
      }
      store.set("after", text.length);
      equal(store.get("after"), text.length);
    }
  },

  numbers_keep_every_bit({ store }) {
    const numbers = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, 2 ** 53 - 1, -(2 ** 53), 1e21, 123456789.123456789];
    store.set("k", numbers);
    equal(store.get("k"), numbers);
    store.set("k", 1);
    equal(store.get("k"), 1);
  },

  a_hundred_thousand_members_survive({ store }) {
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`m${n}`, n]));
    store.set("k", many);
    equal(Object.keys(store.get("k") as object).length, 100_000);
    const before = store.get("k");
    store.set("k", { ...many });
    same(store.get("k"), before);
  },
};
