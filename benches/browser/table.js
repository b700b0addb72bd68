// What is measured, and beside what.

import { pageOf } from './dom.js'

/** What a listener or reader hears in so many passes, the first of which writes the number `first`. */
const sets = (perPass, listeners = 1) => ({
  writes: perPass,
  due: (passes, first) => {
    const count = passes * perPass
    return [count * listeners, listeners * (count * first + (count * (count - 1)) / 2)]
  },
})

/** All of 10,000 keys are read, `extra` counted in. */
const reads = (extra = 0) => ({ writes: 0, due: (passes) => [passes * 10_000, passes * (extra - 50_005_000)] })

const keyLengths = 10_000 * 'key:'.length + 10 + 90 * 2 + 900 * 3 + 9_000 * 4

const bothForms = { ours: ['', ', handle'] }
/** Keys that everybody has looked up before. */
const held = { ours: [', handle'], held: true }

export const workloads = {
  'fresh-sets': { title: '1,000 sets, fresh store' },
  subscriptions: { title: '1,000 subscriptions made and dropped', ...bothForms },
  'hot-key': { title: 'hot key: 1,000 sets, each delivered to its listener', ...bothForms, ...sets(1_000) },
  'hot-key-held': { title: 'hot key, all by handle', recipe: 'hot-key', ...held, ...sets(1_000) },
  'fan-out': { title: 'one set, 1,000 listeners', ...sets(1, 1_000) },
  'many-keys': { title: '10,000 keys with a listener each: 100 single sets', ...bothForms, ...sets(100) },
  'many-keys-held': { title: '10,000 keys, all by handle', recipe: 'many-keys', ...held, ...sets(100) },
  batch: { title: 'batch of 1,000 keys, one listener reads every change', ...bothForms, ...sets(1_000) },
  'snapshot-after-write': { title: 'write one of 10,000 keys, then snapshot', ...sets(1) },
  'snapshot-iterate': { title: 'snapshot of 10,000 keys, then iterate all of it', ...reads(keyLengths) },
  reads: { title: '10,000 reads', ...bothForms, ...reads() },
  'reads-held': { title: '10,000 reads, all by handle', recipe: 'reads', ...held, ...reads() },
  // Peers that deliver before `set` returns have no place here.
  microtasks: {
    title: '1,000 sets, each delivered in its own microtask',
    ...bothForms,
    ...sets(1_000),
    later: true,
    engines: ['signal'],
    peers: ['valtio'],
  },
  'deep-write': {
    title: '100 writes of one of 10,000 leaves in a value, each delivered to its reader',
    ours: ['', ', Shared'],
    floor: 'reactive_stores',
    ...sets(100),
  },
  effects: {
    title: 'hot key: 1,000 sets, each followed by the run of an effect',
    ours: ['', ', handle', ', hook'],
    ...sets(1_000),
    later: true,
    peers: [],
    floorIsPeer: true,
  },
  page: {
    title: 'page of 1,000 rows bound to 1,000 keys: 100 changed, until the DOM shows it',
    ...sets(100),
    later: true,
    peers: ['react'],
    floorIsPeer: true,
  },
}

export const FLOOR = 'leptos signals'
export const INCUMBENT = 'Map manager'
const PEERS = ['valtio', 'nanostores', 'preact', 'mobx', 'zustand', 'jotai', 'tinybase']

/** Runs a wasm row as the adapters run their microtasks. */
async function runLater(passes) {
  for (let left = passes * 1_000; left > 0; left--) {
    this.step()
    await undefined
  }
}

/** A wasm row's page. */
function pageOfRow(wasm, name) {
  let row
  const page = pageOf((list) => {
    row = wasm.Case.mount(name, list)
    return () => row.step()
  })
  return { ...page, heard: () => row.heard() }
}

/** The rows of a workload, each with a function that sets it up. */
export async function cases(id, wasm) {
  const { recipe = id, engines = ['signal', 'map'], ours = [''], held, peers, later, floorIsPeer } = workloads[id]
  const { floor = FLOOR } = workloads[id]
  const rows = engines.flatMap((engine) => ours.map((form) => `universal-state ${engine}${form}`))
  const inWasm = (name) =>
    recipe === 'page' ? pageOfRow(wasm, name) : Object.assign(wasm.Case.prepare(name, recipe), { runLater })
  const found = [...rows, floor].map((name) => {
    return { name, later, asPeer: name === floor && floorIsPeer, case: inWasm(name) }
  })
  for (const module of peers ?? [...PEERS, 'incumbent']) {
    // An address of its own makes it a module of its own.
    const { adapters, prepare } = await import(`./${module}.js?${id}`)
    for (const [name, adapter] of Object.entries(adapters)) {
      if (name.endsWith(', held') !== Boolean(held)) continue
      const { label, asPeer = name !== INCUMBENT } = adapter.forms?.[recipe] ?? {}
      found.push({
        name: label ? `${name}, ${label}` : name,
        later: later || adapter.later?.includes(recipe),
        asPeer,
        case: prepare(adapter, recipe),
      })
    }
  }
  return found
}
