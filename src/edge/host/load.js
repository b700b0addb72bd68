// Loads modules, mounts what they export, and hears of what they throw. `host/page.rs` binds it.

/** What a load or a mount failed at: `kind` is the name of a `FailureKind`. */
class Failure extends Error {
  constructor(kind, reason) {
    super(reason);
    this.kind = kind;
  }
}

/** What was thrown, in words; it may be anything, with a `toString` that throws. */
function words(thrown) {
  try {
    return String((thrown instanceof Error && thrown.message) || thrown);
  } catch {
    return "it threw something that has no text";
  }
}

function stackOf(thrown) {
  try {
    return String(thrown?.stack ?? "");
  } catch {
    return "";
  }
}

/** Settles as `promise` does, or rejects after `limit` ms or when `signal` says so. */
function within(promise, limit, what, signal) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Failure("timeout", `${what} took longer than ${limit} ms`));
    const timer = setTimeout(late, limit);
    const given = () => reject(new Failure("network", "it was given up"));
    signal?.addEventListener("abort", given, { once: true });
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", given);
    };
    promise.then(resolve, reject).finally(end);
  });
}

const ALGORITHMS = ["sha512", "sha384", "sha256"];

/** Compares with the digests of the strongest algorithm that is named, as Subresource Integrity does. */
async function verify(bytes, integrity) {
  const digests = integrity.split(/\s+/).filter(Boolean);
  const named = (algorithm) => digests.filter((digest) => digest.startsWith(`${algorithm}-`));
  const strongest = ALGORITHMS.find((algorithm) => named(algorithm).length > 0);
  if (!strongest) return;
  const hash = await crypto.subtle.digest(strongest.replace("sha", "SHA-"), bytes);
  const found = `${strongest}-${btoa(String.fromCharCode(...new Uint8Array(hash)))}`;
  if (!named(strongest).some((digest) => digest.split("?")[0] === found)) {
    throw new Failure("integrity", `its digest is ${found}, not the one of the manifest`);
  }
}

/** The body, with progress: bytes so far, and in all if the server said so (otherwise 0). */
async function bytesOf(response, progress) {
  const total = Number(response.headers.get("content-length")) || 0;
  const reader = response.body?.getReader();
  if (!reader) return new Uint8Array(await response.arrayBuffer());
  const chunks = [];
  let received = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    received += value.length;
    // The length that a server states is that of the compressed body.
    progress(received, received > total ? 0 : total);
  }
  const bytes = new Uint8Array(received);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function fetched(url, integrity, signal, progress) {
  // Without a secure context there is no `crypto.subtle`; then the browser checks, and a wrong digest
  // looks like a network that failed.
  const canHash = Boolean(globalThis.crypto?.subtle);
  const options = { signal, credentials: "same-origin" };
  if (integrity && !canHash) options.integrity = integrity;
  let response;
  try {
    response = await fetch(url, options);
  } catch (thrown) {
    throw new Failure("network", words(thrown));
  }
  if (!response.ok) throw new Failure("http", `the server answered ${response.status}`);
  let bytes;
  try {
    bytes = await bytesOf(response, progress);
  } catch (thrown) {
    throw new Failure("network", words(thrown));
  }
  if (integrity && canHash) await verify(bytes, integrity);
  return bytes.length;
}

/**
 * Has the browser check the import too, where import maps know integrity and may come late. Elsewhere
 * this changes nothing, and what was fetched and checked comes from the browser's cache.
 */
function demand(address, integrity) {
  if (!globalThis.HTMLScriptElement?.supports?.("importmap")) return;
  const map = document.createElement("script");
  map.type = "importmap";
  map.textContent = JSON.stringify({ integrity: { [address]: integrity } });
  document.head.append(map);
  map.remove();
}

async function imported(url, integrity, again) {
  // A browser remembers that a module failed, by its whole address; the server never sees a fragment.
  const address = again > 0 ? `${url.split("#")[0]}#again-${again}` : url;
  if (integrity) demand(address, integrity);
  let module;
  try {
    module = await import(address);
  } catch (thrown) {
    throw new Failure("module", words(thrown));
  }
  if (typeof module.mount !== "function") {
    throw new Failure("module", "it exports no function `mount`");
  }
  return module;
}

/** Begins to load a module. `done` resolves to `{ module, bytes, ms }`, or rejects with a `Failure`. */
export function load(url, integrity, again, limit, progress) {
  const control = new AbortController();
  const { signal } = control;
  const began = performance.now();
  const run = async () => {
    const count = (received, total) => {
      if (!signal.aborted) progress(received, total);
    };
    const bytes = await fetched(url, integrity, signal, count);
    if (signal.aborted) throw new Failure("network", "it was given up");
    const module = await imported(url, integrity, again);
    return { module, bytes, ms: performance.now() - began };
  };
  const done = within(run(), limit, "loading", signal).catch((failure) => {
    control.abort();
    throw failure;
  });
  return { done, abort: () => control.abort() };
}

/** The text at an address. */
export async function text(url, limit) {
  const response = await within(fetch(url, { signal: AbortSignal.timeout(limit) }), limit, "loading").catch(
    (thrown) => {
      throw thrown instanceof Failure ? thrown : new Failure("network", words(thrown));
    },
  );
  if (!response.ok) throw new Failure("http", `the server answered ${response.status}`);
  return response.text();
}

/** An address in full, or nothing if it is none. */
export function resolve(url, base) {
  try {
    return new URL(url, base ?? document.baseURI).href;
  } catch {
    return undefined;
  }
}

/** When what a module mounted last, and what it was still taking down, is done with. */
const settled = new WeakMap();

const nothing = () => {};

/** What is mounted: in an element of its own, so that what fails or comes late shows nowhere. */
class Mount {
  #module;
  #limit;
  #element = document.createElement("div");
  #mounting;
  #isStopped = false;
  #hasBegun = false;
  #isSettled = false;
  #isLate = false;

  constructor(module, parent, context, limit) {
    this.#module = module;
    this.#limit = limit;
    this.#element.className = "mfe";
    this.#element.dataset.mfe = context.id;
    this.#element.dataset.version = context.version;
    parent.append(this.#element);
    const before = settled.get(module) ?? Promise.resolve();
    this.#mounting = before.then(() => this.#begin(Object.freeze(context)));
    this.done = before.then(() => this.#end());
    // The next one waits, but not for ever.
    settled.set(module, this.done.then(nothing, nothing));
  }

  async #begin(context) {
    if (this.#isStopped) return;
    this.#hasBegun = true;
    try {
      await this.#module.mount(this.#element, context);
    } finally {
      this.#isSettled = true;
    }
  }

  /** How long it took, in ms. */
  async #end() {
    const began = performance.now();
    try {
      await within(this.#mounting, this.#limit, "mounting");
    } catch (thrown) {
      this.#isLate = !this.#isSettled;
      throw thrown instanceof Failure ? thrown : new Failure("mount", words(thrown));
    }
    return performance.now() - began;
  }

  /** Takes it down. One that is still mounting is told when it is done, and shows no more until then. */
  stop() {
    if (this.#isStopped) return;
    this.#isStopped = true;
    const isOver = !this.#hasBegun || this.#isSettled;
    const left = isOver ? this.#leave() : this.#mounting.then(nothing, nothing).then(() => this.#leave());
    this.#element.remove();
    // What had its time is not waited for once more.
    if (this.#isLate) return;
    const gone = within(left, this.#limit, "it").catch(nothing);
    settled.set(this.#module, Promise.all([this.done.catch(nothing), gone]));
  }

  async #leave() {
    if (!this.#hasBegun) return;
    try {
      await this.#module.unmount?.(this.#element);
    } catch (thrown) {
      globalThis.reportError(thrown);
    }
    this.#element.replaceChildren();
  }
}

/** The page as one host sees it. */
export class Page {
  #report;
  #navigate;
  #moved;
  #control = new AbortController();

  /**
   * `report(id, reason, file, stack)`: without an id, it has to be found out whose error it was.
   * `moved()`: another store has the name `store` now.
   */
  constructor(store, report, navigate, moved) {
    this.#report = report;
    this.#navigate = navigate;
    this.#moved = moved;
    const { signal } = this.#control;
    globalThis.addEventListener(
      "error",
      (event) => {
        const { error, message, filename } = event;
        // A resource that did not load has no message.
        if (message !== undefined) this.#tell(undefined, error ?? message, filename);
      },
      { signal },
    );
    globalThis.addEventListener(
      "unhandledrejection",
      ({ reason }) => this.#tell(undefined, reason, ""),
      { signal },
    );
    globalThis.addEventListener(
      "universal-state:ready",
      ({ detail }) => {
        // Whoever put it there is still at it.
        if (detail?.name === store) queueMicrotask(() => this.#moved?.());
      },
      { signal },
    );
  }

  #tell(id, thrown, file) {
    this.#report?.(id, words(thrown), file ?? "", stackOf(thrown));
  }

  /** Registers a micro-frontend: its scope, from the handle of the page's store. Throws if that cannot be. */
  scope(store, id, framework, version) {
    const handle = globalThis[Symbol.for("universal-state/1")]?.get(store);
    if (!handle) throw new Failure("register", `the page has no store ${JSON.stringify(store)}`);
    try {
      return { handle, scope: handle.scope(id, { framework, version }) };
    } catch (thrown) {
      throw new Failure("register", words(thrown));
    }
  }

  mount(module, parent, registered, version, url, limit) {
    const { handle, scope } = registered;
    const context = {
      id: scope.id,
      version,
      base: new URL(".", url.startsWith("http") ? url : document.baseURI).href,
      store: handle,
      scope,
      navigate: (path, options) => this.#navigate?.(String(path), Boolean(options?.replace)),
      reportError: (thrown) => this.#tell(scope.id, thrown, ""),
    };
    return new Mount(module, parent, context, limit);
  }

  end() {
    this.#control.abort();
    this.#report = undefined;
    this.#navigate = undefined;
    this.#moved = undefined;
  }
}
