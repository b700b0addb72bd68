// An atom for each key in one store: found by name in a map, or held. What is read often is mounted, as where a
// component shows it.

import { atom, createStore } from 'jotai/vanilla'
import { leafOf, tree, withLeaf } from '../deep.js'
import { byName, initialMap, mapSnapshots } from '../hear.js'
export { prepare } from '../workloads.js'

const open = (keys) => ({ store: createStore(), atoms: initialMap(keys, (value) => atom(value)) })

const mounted = {
  open: (keys) => {
    const { store, atoms } = open(keys)
    for (const one of atoms.values()) store.sub(one, () => {})
    return { store, atoms }
  },
}

const listen = (store, one, hear) => store.sub(one, () => hear(store.get(one)))

/** The leaf is an atom that follows from the tree's. */
const deep = {
  open: () => {
    const whole = atom(tree())
    return { store: createStore(), whole, leaf: atom((get) => leafOf(get(whole))) }
  },
  set: ({ store, whole }, key, value) => store.set(whole, (tree) => withLeaf(tree, value)),
  listen: ({ store, leaf }, key, hear) => listen(store, leaf, hear),
}

const setMany = atom(null, (get, set, atoms, keys, first) => {
  for (let at = 0; at < keys.length; at++) set(atoms.get(keys[at]), first + at)
})

export const adapters = {
  jotai: {
    ...byName,
    ...mapSnapshots,
    open,
    add: ({ store, atoms }, key, value) => {
      const one = atoms.get(key)
      if (one) store.set(one, value)
      else atoms.set(key, atom(value))
    },
    set: ({ store, atoms }, key, value) => store.set(atoms.get(key), value),
    get: ({ store, atoms }, key) => store.get(atoms.get(key)),
    listen: ({ store, atoms }, key, hear) => listen(store, atoms.get(key), hear),
    batch: ({ store, atoms }, keys, first) => store.set(setMany, atoms, keys, first),
    // An atom that follows from all others is told of once.
    listenAll: ({ store, atoms }, keys, hear) => {
      const all = keys.map((key) => atoms.get(key))
      const values = atom((get) => all.map(get))
      return store.sub(values, () => {
        for (const value of store.get(values)) hear(value)
      })
    },
    snapshot: ({ store, atoms }) => {
      const snapshot = new Map()
      for (const [key, one] of atoms) snapshot.set(key, store.get(one))
      return snapshot
    },
    forms: { 'deep-write': deep, reads: mounted, 'snapshot-after-write': mounted, 'snapshot-iterate': mounted },
  },
  'jotai, held': {
    stop: byName.stop,
    open,
    hold: ({ atoms }, key) => atoms.get(key),
    set: ({ store }, one, value) => store.set(one, value),
    get: ({ store }, one) => store.get(one),
    listen: ({ store }, one, hear) => listen(store, one, hear),
    forms: { reads: mounted },
  },
}
