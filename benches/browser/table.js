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

/**
 * `bars`: how many times faster than the fastest peer, or the fastest of those named by `beside`, our rows on the
 * `signal` engine must and should be, by their form.
 */
export const workloads = {
  'fresh-sets': { title: '1,000 sets, fresh store', short: '1,000 sets, fresh store', bars: { '': [2, 3] } },
  subscriptions: {
    title: '1,000 subscriptions made and dropped',
    short: '1,000 subscriptions',
    bars: { '': [1.5, 2] },
    ...bothForms,
  },
  'hot-key': {
    title: 'hot key: 1,000 sets, each delivered to its listener',
    short: 'hot key, one listener',
    bars: { '': [2.5, 4.5], handle: [6, 10] },
    ...bothForms,
    ...sets(1_000),
  },
  'hot-key-held': {
    title: 'hot key, all by handle',
    short: 'hot key, peers hold theirs too',
    recipe: 'hot-key',
    ...held,
    ...sets(1_000),
  },
  'fan-out': {
    title: 'one set, 1,000 listeners',
    short: 'one key, 1,000 listeners',
    bars: { '': [2.3, 3] },
    ...sets(1, 1_000),
  },
  'many-keys': {
    title: '10,000 keys with a listener each: 100 single sets',
    short: '10,000 keys, single sets',
    bars: { '': [2, 3], handle: [3.5, 6] },
    ...bothForms,
    ...sets(100),
  },
  'many-keys-held': {
    title: '10,000 keys, all by handle',
    short: '10,000 keys, peers hold theirs too',
    recipe: 'many-keys',
    ...held,
    ...sets(100),
  },
  batch: {
    title: 'batch of 1,000 keys, one listener reads every change',
    short: 'batch of 1,000 keys',
    bars: { '': [1.5, 2.5] },
    ...bothForms,
    ...sets(1_000),
  },
  'snapshot-after-write': {
    title: 'write one of 10,000 keys, then snapshot',
    short: 'write, then snapshot 10,000 keys',
    bars: { '': [100, 500] },
    ...sets(1),
  },
  'snapshot-iterate': {
    title: 'snapshot of 10,000 keys, then iterate all of it',
    short: 'snapshot, then iterate 10,000 keys',
    bars: { '': [1.5, 3] },
    ...reads(keyLengths),
  },
  reads: {
    title: '10,000 reads',
    short: '10,000 reads',
    bars: { '': [1, 1.5], handle: [10, 15] },
    ...bothForms,
    ...reads(),
  },
  'reads-held': {
    title: '10,000 reads, all by handle',
    short: '10,000 reads, peers hold theirs too',
    recipe: 'reads',
    ...held,
    ...reads(),
  },
  // Peers that deliver before `set` returns have no place here.
  microtasks: {
    title: '1,000 sets, each delivered in its own microtask',
    short: 'sets, each in its microtask',
    bars: { '': [1, 3], handle: [1, 3] },
    ...bothForms,
    ...sets(1_000),
    later: true,
    engines: ['signal'],
    peers: ['valtio'],
  },
  'deep-write': {
    title: '100 writes of one of 10,000 leaves in a value, each delivered to its reader',
    short: 'deep write in 10,000 leaves',
    plain: 'fields',
    bars: { '': [1, 5], Shared: [1, 5], cursor: [1, 5], listener: [1, 5] },
    beside: ['valtio', 'mobx'],
    ours: ['', ', Shared', ', cursor', ', listener'],
    floor: 'reactive_stores',
    ...sets(100),
  },
  // `set`, the stamp, and the message to other tabs, which a counter drops. It has no floor.
  'convergent-set': {
    title: '1,000 sets, each stamped and made a message to other tabs',
    short: 'convergent sets, each a message',
    bars: { '': [2, 3] },
    floor: '',
    peers: ['mergeable'],
    writes: 1_000,
    due: (passes) => [passes * 1_000, 0],
  },
  effects: {
    title: 'hot key: 1,000 sets, each followed by the run of an effect',
    short: 'hot key, an effect reads',
    bars: { '': [1 / 1.15, 1], handle: [1 / 1.15, 1], hook: [1 / 1.15, 1] },
    ours: ['', ', handle', ', hook'],
    ...sets(1_000),
    later: true,
    peers: [],
    floorIsPeer: true,
  },
  page: {
    title: 'page of 1,000 rows bound to 1,000 keys: 100 changed, until the DOM shows it',
    short: 'page of 1,000 rows, 100 changed',
    plain: 'hook',
    bars: { '': [1 / 1.1, 1] },
    ...sets(100),
    later: true,
    peers: ['react'],
    floorIsPeer: true,
  },
  // React beside itself: what holds the value differs, and who writes it.
  repaint: {
    title: '1,000 writes of a key, each until a component of React has committed it to the DOM',
    short: 'a write, until React shows it',
    ours: [', from Rust', ', from JavaScript'],
    floor: 'react useState',
    peers: ['react + zustand'],
    ...sets(1_000),
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

/** Rows that differ in what the component reads and who writes. */
async function repaints(names, peers, wasm) {
  const made = names.map(async (name) => {
    const { repaint } = await import(`./repaint.js?${encodeURIComponent(name)}`)
    return { name, later: true, asPeer: peers.includes(name), case: repaint(name, wasm) }
  })
  return Promise.all(made)
}

/** The rows of a workload, each with a function that sets it up. */
export async function cases(id, wasm) {
  const { recipe = id, engines = ['signal', 'map'], ours = [''], held, peers, later, floorIsPeer } = workloads[id]
  const { floor = FLOOR } = workloads[id]
  const rows = engines.flatMap((engine) => ours.map((form) => `universal-state ${engine}${form}`))
  if (recipe === 'repaint') return repaints([...rows, floor, ...peers], peers, wasm)
  const inWasm = (name) =>
    recipe === 'page' ? pageOfRow(wasm, name) : Object.assign(wasm.Case.prepare(name, recipe), { runLater })
  const found = [...rows, ...(floor ? [floor] : [])].map((name) => {
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
