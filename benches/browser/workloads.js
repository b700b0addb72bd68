// The workloads, as in `src/work.rs`. Bundled into each adapter and loaded anew for each case, so that no store
// suffers from what the engine learnt from another.

import { pageOf } from './dom.js'
import { heard, hearMany, listeners } from './hear.js'

const THOUSAND = 1_000
const MANY = 10_000

const names = (count) => Array.from({ length: count }, (_, at) => `key:${at}`)

/** Another key each time, far from the one before. */
const scattered = (tick, count) => (tick * 97) % count

const listenerOf = (at) => listeners[at % listeners.length]

/** Lets the browser see listeners of all kinds before it compiles. */
const mixListeners = (a) => {
  const { store, held: [one] } = opened(a, 1)
  const listening = listeners.map((listener) => a.listen(store, one, listener))
  for (let tick = 1; tick <= THOUSAND; tick++) a.set(store, one, tick)
  for (const one of listening) a.stop(store, one)
}

/** A store with keys and what its user holds in order to write, read and listen. */
const opened = (a, count) => {
  const keys = names(count)
  const store = a.open(keys)
  return { keys, store, held: keys.map((key) => a.hold(store, key)) }
}

const recipes = {
  'fresh-sets'(a) {
    const keys = names(THOUSAND)
    // Stores are kept until the clock has stopped.
    const kept = []
    let tick = 0
    return {
      run(passes) {
        for (let pass = 0; pass < passes; pass++) {
          const store = a.open([])
          for (let at = 0; at < keys.length; at++) a.add(store, keys[at], ++tick)
          kept.push(store)
        }
      },
      probe() {
        const store = kept.at(-1)
        return keys.every((key, at) => a.get(store, a.hold(store, key)) === tick - THOUSAND + 1 + at)
      },
      rest() {
        kept.length = 0
      },
    }
  },

  subscriptions(a) {
    const { store, held } = opened(a, THOUSAND)
    let tick = 0
    const all = () => {
      const listening = []
      for (let at = 0; at < held.length; at++) listening.push(a.listen(store, held[at], listenerOf(at)))
      return listening
    }
    const none = (listening) => {
      for (let at = 0; at < listening.length; at++) a.stop(store, listening[at])
    }
    return {
      run(passes) {
        for (let pass = 0; pass < passes; pass++) none(all())
      },
      probe() {
        const listening = all()
        heard()
        for (const one of held) a.set(store, one, ++tick)
        none(listening)
        for (const one of held) a.set(store, one, ++tick)
        return heard()[0] === THOUSAND
      },
    }
  },

  'hot-key'(a) {
    const { store, held: [one] } = opened(a, 1)
    a.listen(store, one, listenerOf(0))
    let tick = 0
    return {
      run(passes) {
        for (let left = passes * THOUSAND; left > 0; left--) a.set(store, one, ++tick)
      },
    }
  },

  'fan-out'(a) {
    const { store, held: [one] } = opened(a, 1)
    for (let count = 0; count < THOUSAND; count++) a.listen(store, one, listenerOf(count))
    let tick = 0
    return {
      run(passes) {
        for (let pass = 0; pass < passes; pass++) a.set(store, one, ++tick)
      },
    }
  },

  'many-keys'(a) {
    const { store, held } = opened(a, MANY)
    held.forEach((one, at) => a.listen(store, one, listenerOf(at)))
    let tick = 0
    return {
      run(passes) {
        for (let left = passes * 100; left > 0; left--) a.set(store, held[scattered(tick, MANY)], ++tick)
      },
    }
  },

  batch(a) {
    const { store, held } = opened(a, THOUSAND)
    a.listenAll(store, held, listenerOf(0))
    let tick = 0
    const one = () => {
      a.batch(store, held, tick + 1)
      tick += THOUSAND
    }
    return {
      run(passes) {
        for (let pass = 0; pass < passes; pass++) one()
      },
      async runLater(passes) {
        for (let pass = 0; pass < passes; pass++) {
          one()
          await undefined
        }
      },
    }
  },

  'snapshot-after-write'(a) {
    const { keys, store, held } = opened(a, MANY)
    let tick = 0
    // The one before lives until this one is there, as where two are compared.
    let snapshot
    return {
      run(passes) {
        for (let pass = 0; pass < passes; pass++) {
          const at = scattered(tick, MANY)
          a.set(store, held[at], ++tick)
          snapshot = a.snapshot(store)
          hearMany(1, a.read(snapshot, keys[at]))
        }
      },
    }
  },

  'snapshot-iterate'(a) {
    const { store } = opened(a, MANY)
    return {
      run(passes) {
        for (let pass = 0; pass < passes; pass++) a.readAll(a.snapshot(store))
      },
    }
  },

  reads(a) {
    const { store, held } = opened(a, MANY)
    const shuffled = held.map((_, at) => held[(at * 7919) % MANY])
    return {
      run(passes) {
        for (let pass = 0; pass < passes; pass++) {
          let sum = 0
          for (let at = 0; at < MANY; at++) sum = (sum + a.get(store, shuffled[at])) | 0
          hearMany(MANY, sum)
        }
      },
    }
  },

  'deep-write'(a) {
    const { store, held: [one] } = opened(a, 1)
    a.listen(store, one, listenerOf(0))
    let tick = 0
    return {
      run(passes) {
        for (let left = passes * 100; left > 0; left--) a.set(store, one, ++tick)
      },
    }
  },

  'convergent-set'(a) {
    const store = a.open()
    let tick = 0
    return {
      run(passes) {
        for (let left = passes * THOUSAND; left > 0; left--) a.set(store, ++tick)
      },
      probe: () => a.sent().includes(String(tick)),
    }
  },

  page: (a) => pageOf((list) => a.mount(list, listenerOf(0))),

  microtasks(a) {
    const { store, held: [one] } = opened(a, 1)
    a.listen(store, one, listenerOf(0))
    let tick = 0
    return {
      async runLater(passes) {
        for (let left = passes * THOUSAND; left > 0; left--) {
          a.set(store, one, ++tick)
          await undefined
        }
      },
    }
  },
}

/** Sets a workload up for an adapter, in the form that it has for that workload. */
export const prepare = (adapter, workload) => {
  const a = { ...adapter, ...adapter.forms?.[workload] }
  if (a.listen) mixListeners(a)
  return { heard, probe: () => true, rest() {}, ...recipes[workload](a) }
}
