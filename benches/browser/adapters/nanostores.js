// An atom for each key: found by name in a map, or held. What is read often is mounted, as where a component shows it.

import { atom, batch, computed, keepMount } from 'nanostores'
import { leafOf, tree, withLeaf } from '../deep.js'
import { byName, initialMap, mapSnapshots } from '../hear.js'
export { prepare } from '../workloads.js'

const mounted = {
  open: (keys) => {
    const atoms = initialMap(keys, atom)
    for (const one of atoms.values()) keepMount(one)
    return atoms
  },
}

const held = {
  stop: byName.stop,
  open: (keys) => initialMap(keys, atom),
  hold: (atoms, key) => atoms.get(key),
  set: (atoms, one, value) => one.set(value),
  get: (atoms, one) => one.get(),
  listen: (atoms, one, hear) => one.listen((value) => hear(value)),
}

/** The leaf is computed from the tree. */
const deep = {
  open: () => atom(tree()),
  set: (whole, key, value) => whole.set(withLeaf(whole.get(), value)),
  listen: (whole, key, hear) => computed(whole, leafOf).listen((value) => hear(value)),
}

export const adapters = {
  nanostores: {
    ...byName,
    ...mapSnapshots,
    open: held.open,
    add: (atoms, key, value) => {
      const one = atoms.get(key)
      if (one) one.set(value)
      else atoms.set(key, atom(value))
    },
    set: (atoms, key, value) => atoms.get(key).set(value),
    get: (atoms, key) => atoms.get(key).get(),
    listen: (atoms, key, hear) => atoms.get(key).listen((value) => hear(value)),
    batch: (atoms, keys, first) =>
      batch(() => {
        for (let at = 0; at < keys.length; at++) atoms.get(keys[at]).set(first + at)
      }),
    // A listener of many atoms is called once a batch.
    listenAll: (atoms, keys, hear) => {
      const all = keys.map((key) => atoms.get(key))
      const listener = () => {
        for (let at = 0; at < all.length; at++) hear(all[at].get())
      }
      for (const one of all) one.listen(listener)
    },
    snapshot: (atoms) => {
      const snapshot = new Map()
      for (const [key, one] of atoms) snapshot.set(key, one.get())
      return snapshot
    },
    forms: { 'deep-write': deep, reads: mounted, 'snapshot-after-write': mounted, 'snapshot-iterate': mounted },
  },
  'nanostores, held': { ...held, forms: { reads: mounted } },
}
