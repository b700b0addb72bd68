// The page's side of the handle: what is JavaScript by nature. Values are checked, copied and frozen
// here, once each way, so that nothing that a script holds is ever what the store holds.

const PLACE = Symbol.for("universal-state/1");
const PROTOCOL = 1;
/** As deep as the values that the store takes from elsewhere. */
const MAX_DEPTH = 80;

/** What a method of the handle throws. `code` is stable, the message is for people. */
class StateError extends Error {
  constructor(code, message, key, path) {
    super(message);
    this.name = "StateError";
    this.code = code;
    if (key !== undefined) this.key = key;
    if (path !== undefined) this.path = path;
  }
}

export const failure = (code, message, key) => new StateError(code, message, key);

// ---- values -------------------------------------------------------------------------------------

const wrong = (key, path, what) =>
  new StateError(
    "value",
    `${what} cannot be stored${key === undefined ? "" : ` in key ${JSON.stringify(key)}`} (at ${path === "" ? "the top" : path}): ` +
      "give JSON, that is null, booleans, finite numbers, strings, arrays and plain objects",
    key,
    path,
  );

const step = (path, name) => `${path}/${String(name).replace(/~/g, "~0").replace(/\//g, "~1")}`;

/** A UTF-16 surrogate without its other half, which has no place in UTF-8. */
const HALF = /[\ud800-\udfff]/u;

const isPlain = (object) => {
  const prototype = Object.getPrototypeOf(object);
  // The `Object.prototype` of any realm has none itself, and is no instance of a class.
  return prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf"));
};

/** A member as it stands there: what has to be run to be read is refused, not run. */
const member = (object, name, key, path) => {
  const property = Object.getOwnPropertyDescriptor(object, name);
  if (property !== undefined && !("value" in property)) throw wrong(key, path, "an accessor property");
  return property?.value;
};

const copy = (value, key, path, above) => {
  switch (typeof value) {
    case "string":
      if (HALF.test(value)) throw wrong(key, path, "half of a surrogate pair");
      return value;
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      throw wrong(key, path, String(value));
    case "object":
      break;
    case "undefined":
      throw wrong(key, path, "undefined");
    default:
      throw wrong(key, path, { bigint: "a BigInt", function: "a function", symbol: "a symbol" }[typeof value]);
  }
  if (value === null) return null;
  if (above.includes(value)) throw wrong(key, path, "a cycle");
  if (above.length >= MAX_DEPTH) throw wrong(key, path, `a value deeper than ${MAX_DEPTH} levels`);
  if (value instanceof Date) {
    if (Number.isNaN(Date.prototype.getTime.call(value))) throw wrong(key, path, "an invalid Date");
    return Date.prototype.toISOString.call(value);
  }
  if (!Array.isArray(value) && !isPlain(value)) {
    const name = member(Object.getPrototypeOf(value), "constructor", key, path)?.name;
    throw wrong(key, path, `an instance of ${typeof name === "string" && name !== "" ? name : "a class"}`);
  }
  above.push(value);
  let copied;
  if (Array.isArray(value)) {
    copied = [];
    // `JSON.stringify` would ask an array's prototype.
    if ("toJSON" in copied) Object.defineProperty(copied, "toJSON", { value: undefined });
    const length = member(value, "length", key, path);
    for (let index = 0; index < length; index += 1) {
      const place = step(path, index);
      if (!Object.hasOwn(value, index)) throw wrong(key, place, "a hole in an array");
      copied.push(copy(member(value, index, key, place), key, place, above));
    }
  } else {
    // Without a prototype no name is special, and `JSON.stringify` finds no `toJSON`.
    copied = Object.create(null);
    for (const name of Reflect.ownKeys(value)) {
      const place = step(path, typeof name === "symbol" ? name.toString() : name);
      if (!Object.prototype.propertyIsEnumerable.call(value, name)) continue;
      if (typeof name === "symbol") throw wrong(key, place, "a member named by a symbol");
      if (HALF.test(name)) throw wrong(key, place, "a member named by half of a surrogate pair");
      const content = member(value, name, key, place);
      if (content !== undefined) copied[name] = copy(content, key, place, above);
    }
  }
  above.pop();
  return copied;
};

/** The JSON of a value, or a StateError. Whatever a proxy's traps throw is one, too. */
const encode = (value, key) => {
  try {
    return JSON.stringify(copy(value, key, "", []));
  } catch (error) {
    if (error instanceof StateError) throw error;
    throw wrong(key, "", `a value that cannot be read (${describe(error)})`);
  }
};

/** `next`, frozen, with each part that equals that of `before` replaced by it. */
const share = (before, next) => {
  if (typeof next !== "object" || next === null) return Object.is(before, next) ? before : next;
  const isArray = Array.isArray(next);
  const comparable = typeof before === "object" && before !== null && Array.isArray(before) === isArray;
  const names = Object.keys(next);
  let same = comparable && Object.keys(before).length === names.length;
  for (const name of names) {
    const was = comparable && Object.hasOwn(before, name) ? before[name] : undefined;
    const is = share(was, next[name]);
    next[name] = is;
    same &&= Object.is(was, is) && Object.hasOwn(before, name);
  }
  return same ? before : Object.freeze(next);
};

/** What a JSON text stands for, frozen, sharing with `before` what is equal. */
export const decode = (text, before) => share(before, JSON.parse(text));

/** An object of entries, in order, that is `before` if it has the same ones. */
export const collect = (entries, before) => {
  const next = Object.create(null);
  let same = before !== undefined && Object.keys(before).length * 2 === entries.length;
  for (let index = 0; index < entries.length; index += 2) {
    const name = entries[index];
    const value = entries[index + 1];
    next[name] = value;
    same &&= Object.hasOwn(before, name) && Object.is(before[name], value);
  }
  return same ? before : Object.freeze(next);
};

export const change = (key, value, previous, source, origin, time, version, removed) =>
  Object.freeze({ key, value, previous, source, origin, time, version, removed });

export const list = (items) => Object.freeze(items);

/** What was thrown, in words. Anything can be thrown, also what throws when it is looked at. */
export const describe = (thrown) => {
  try {
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  } catch {
    return "something that cannot be shown";
  }
};

// ---- the directory ------------------------------------------------------------------------------

const tell = (what, name) => {
  if (typeof CustomEvent === "function" && typeof globalThis.dispatchEvent === "function") {
    globalThis.dispatchEvent(
      new CustomEvent(`universal-state:${what}`, { detail: Object.freeze({ name, protocol: PROTOCOL }) }),
    );
  }
};

const makeDirectory = () => {
  const handles = new Map();
  return Object.freeze({
    protocol: PROTOCOL,
    get: (name = "default") => handles.get(name),
    names: () => Object.freeze([...handles.keys()]),
    install: (name, handle) => {
      if (handles.has(name)) return false;
      handles.set(name, handle);
      tell("ready", name);
      return true;
    },
    remove: (name, handle) => {
      if (handles.get(name) !== handle) return false;
      handles.delete(name);
      tell("closed", name);
      return true;
    },
  });
};

/** The page's directory of stores; undefined if something else is in its place. */
const directory = () => {
  if (!Object.hasOwn(globalThis, PLACE)) {
    Object.defineProperty(globalThis, PLACE, { value: makeDirectory() });
  }
  const found = globalThis[PLACE];
  return found?.protocol === PROTOCOL && typeof found.install === "function" ? found : undefined;
};

export const find = (name) => directory()?.get(name);

/** Whether the handle stands in the directory now. */
export const install = (name, handle) => directory()?.install(name, handle) ?? false;

/** Takes a handle away of which the store is gone, unless that was done. */
export const forget = (name, handle) => {
  directory()?.remove(name, handle);
};

/** Whether a store comes to have the name, within so many ms. */
export const arrival = (name, limit) =>
  new Promise((resolve) => {
    const look = (isLast) => {
      const found = find(name) !== undefined;
      if (!found && !isLast) return;
      clearTimeout(timer);
      globalThis.removeEventListener?.("universal-state:ready", again);
      resolve(found);
    };
    const again = () => look(false);
    const timer = setTimeout(() => look(true), limit);
    globalThis.addEventListener?.("universal-state:ready", again);
    again();
  });

// ---- the handle ---------------------------------------------------------------------------------

// What the port is asked, by number; `port.rs` has the same list.
const ASK = Object.freeze({
  get: 0, has: 1, keys: 2, snapshot: 3, metadata: 4, set: 5, delete: 6, clear: 7, restore: 8, batch: 9,
  subscribe: 10, unsubscribe: 11, flush: 12, engine: 13, mfes: 14, subscribeMfes: 15, scope: 16,
  shared: 17, peer: 18, isRegistered: 19, unregister: 20, report: 21, counts: 22,
});

const ALL = 0, KEYS = 1, PATTERN = 2;

/** How a listener is called, in bits; `port/telling.rs` has the same ones. */
const HOW = Object.freeze({ sync: 1, immediate: 2 });

const argument = (what) => new StateError("argument", what);

const text = (value, what) => {
  if (typeof value !== "string") throw argument(`${what} is a string, not ${value === null ? "null" : `of type ${typeof value}`}`);
  return value;
};

const keyText = (value) => {
  if (HALF.test(text(value, "a key"))) {
    throw new StateError("key", `${JSON.stringify(value)} is no key: it has half of a surrogate pair`, value);
  }
  return value;
};

const optionalText = (value, what) => (value === undefined ? undefined : text(value, what));

const callable = (value, what) => {
  if (typeof value !== "function") throw argument(`${what} is a function, not ${value === null ? "null" : `of type ${typeof value}`}`);
  return value;
};

const isPromise = (value) =>
  value !== null && typeof value === "object" && typeof value.then === "function";

/** A view of the store; what is written in it without a source has `own`. */
const makeView = (ask, id, own) => {
  const port = (what, a, b, c) => ask(id, what, a, b, c);
  const sourceText = (source) => optionalText(source, "a source") ?? own;
  const get = (key) => port(ASK.get, keyText(key));

  const set = (key, value, source) => {
    port(ASK.set, keyText(key), encode(value, key), sourceText(source));
  };

  /** Subscribes, and hands back what ends it, which can be called any number of times. */
  const hang = (ask, subject, listener, options) => {
    callable(listener, "a listener");
    const { immediate = false, delivery = "batched", signal } = options ?? {};
    if (delivery !== "batched" && delivery !== "sync") {
      throw argument(`delivery is "batched" or "sync", not ${JSON.stringify(delivery)}`);
    }
    if (signal !== undefined && typeof signal?.addEventListener !== "function") {
      throw argument("a signal is an AbortSignal");
    }
    if (signal?.aborted) return () => {};
    const how = (delivery === "sync" ? HOW.sync : 0) | (immediate ? HOW.immediate : 0);
    let subscription = port(ask, ...subject, listener, how);
    const end = () => {
      if (subscription === undefined) return;
      const ended = subscription;
      subscription = undefined;
      signal?.removeEventListener("abort", end);
      port(ASK.unsubscribe, ended);
    };
    // The call at once may have aborted it.
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end, { once: true });
    return end;
  };

  const view = {
    get,
    has: (key) => port(ASK.has, keyText(key)),
    keys: () => port(ASK.keys),
    snapshot: () => port(ASK.snapshot),
    metadata: () => port(ASK.metadata),
    set,
    update: (key, make, source) => {
      callable(make, "what makes the new value");
      set(key, make(get(key)), source);
    },
    delete: (key, source) => port(ASK.delete, keyText(key), sourceText(source)),
    clear: (source) => {
      port(ASK.clear, sourceText(source));
    },
    restore: (snapshot, mode = "replace") => {
      if (mode !== "replace" && mode !== "merge") {
        throw argument(`a mode is "replace" or "merge", not ${JSON.stringify(mode)}`);
      }
      if (typeof snapshot !== "object" || snapshot === null || Array.isArray(snapshot)) {
        throw argument("a snapshot is an object of keys and values");
      }
      port(ASK.restore, encode(snapshot), mode === "replace");
    },
    batch: (run, source) => {
      callable(run, "what a batch runs");
      let result;
      port(
        ASK.batch,
        () => {
          result = run(source === undefined ? view : Object.freeze(makeView(ask, id, source).view));
          if (isPromise(result)) {
            throw argument("a batch ends when its function returns: it cannot wait for a promise");
          }
        },
        sourceText(source),
      );
      return result;
    },
    subscribe: (key, listener, options) => {
      keyText(key);
      callable(listener, "a listener");
      let called = false;
      const one = ([change]) => {
        called = true;
        listener(change.value, change);
      };
      const end = hang(ASK.subscribe, [[KEYS, key]], one, options);
      // Listeners of several keys are not told of what is missing; this one is.
      if (options?.immediate && !called && !options.signal?.aborted) {
        try {
          one([change(key, undefined, undefined, "unknown", "page", 0, 0, true)]);
        } catch (error) {
          port(ASK.report, describe(error));
        }
      }
      return end;
    },
    subscribeKeys: (keys, listener, options) => {
      if (!Array.isArray(keys)) throw argument("keys are an array of strings");
      return hang(ASK.subscribe, [[KEYS, ...keys.map(keyText)]], listener, options);
    },
    subscribePattern: (glob, listener, options) =>
      hang(ASK.subscribe, [[PATTERN, text(glob, "a pattern")]], listener, options),
    subscribeAll: (listener, options) => hang(ASK.subscribe, [[ALL]], listener, options),
    flush: () => {
      port(ASK.flush);
    },
  };
  return { view, hang, port };
};

const makeScope = (askStore, id, name) => {
  const ask = (...question) => {
    try {
      return askStore(...question);
    } catch (error) {
      if (error?.code !== "unknown-mfe") throw error;
      throw failure(error.code, `micro-frontend ${JSON.stringify(name)} is not registered any more; call scope() again`);
    }
  };
  const { view, port } = makeView(ask, id);
  let shared;
  const peers = new Map();
  return Object.freeze({
    ...view,
    id: name,
    shared: () => (shared ??= Object.freeze(makeView(ask, port(ASK.shared)).view)),
    peer: (other) => {
      text(other, "an id");
      if (!peers.has(other)) peers.set(other, Object.freeze(makeView(ask, port(ASK.peer, other)).view));
      return peers.get(other);
    },
    isRegistered: () => port(ASK.isRegistered),
    unregister: () => {
      port(ASK.unregister);
    },
  });
};

// What a guest asks of its host, by number; `join.rs` has the same list.
const LINK = Object.freeze({
  open: 0,
  state: 1,
  commit: 2,
  register: 3,
  unregister: 4,
  rule: 5,
  computed: 6,
  define: 7,
  withdraw: 8,
  leave: 9,
});

/** How a store in another wasm joins this one: JSON text to and fro. */
const makeLink = (call, receive) => {
  const id = call(LINK.open, 0, callable(receive, "what is told"));
  const on = (what) => (text) => call(what, id, text);
  return Object.freeze({
    state: on(LINK.state),
    commit: on(LINK.commit),
    register: on(LINK.register),
    unregister: on(LINK.unregister),
    rule: on(LINK.rule),
    computed: on(LINK.computed),
    define: on(LINK.define),
    withdraw: on(LINK.withdraw),
    leave: on(LINK.leave),
  });
};

/** The handle of a store, and what takes it away. */
export const makeHandle = (port, name, library, guests) => {
  let closed = false;
  const ask = (...question) => {
    if (!closed) return port(...question);
    if (question[1] === ASK.unsubscribe) return undefined;
    throw new StateError("closed", `the store ${JSON.stringify(name)} has left the page; connect again`);
  };
  const { view, hang } = makeView(ask, 0);
  const handle = Object.freeze({
    ...view,
    protocol: PROTOCOL,
    name,
    library,
    engine: () => ask(0, ASK.engine),
    counts: () => ask(0, ASK.counts),
    isClosed: () => closed,
    mfes: () => ask(0, ASK.mfes),
    subscribeMfes: (listener, options) => hang(ASK.subscribeMfes, [], listener, options),
    scope: (id, info = {}) => {
      text(id, "an id");
      const framework = optionalText(info?.framework, "a framework") ?? "javascript";
      const version = optionalText(info?.version, "a version") ?? "";
      return makeScope(ask, ask(0, ASK.scope, id, framework, version), id);
    },
    link: (receive) =>
      makeLink((what, ...rest) => {
        if (!closed) return guests(what, ...rest);
        if (what === LINK.open) throw new StateError("closed", `the store ${JSON.stringify(name)} has left the page`);
        return '{"error":{"code":"disposed"}}';
      }, receive),
  });
  return {
    handle,
    close: () => {
      closed = true;
      directory()?.remove(name, handle);
    },
  };
};
