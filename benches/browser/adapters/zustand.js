// One store of all keys; listeners select theirs.

import { subscribeWithSelector } from 'zustand/middleware'
import { createStore } from 'zustand/vanilla'
import { leafOf, tree, withLeaf } from '../deep.js'
import { byName, initialObject, objectSnapshots } from '../hear.js'
export { prepare } from '../workloads.js'

const set = (store, key, value) => store.setState({ [key]: value })

const deep = {
  open: () => createStore(subscribeWithSelector(tree)),
  set: (store, key, value) => store.setState((state) => withLeaf(state, value)),
  listen: (store, key, hear) => store.subscribe(leafOf, hear),
}

export const adapters = {
  zustand: {
    ...byName,
    ...objectSnapshots,
    open: (keys) => createStore(subscribeWithSelector(() => initialObject(keys))),
    add: set,
    set,
    get: (store, key) => store.getState()[key],
    listen: (store, key, hear) => store.subscribe((state) => state[key], hear),
    batch: (store, keys, first) => {
      const changes = {}
      for (let at = 0; at < keys.length; at++) changes[keys[at]] = first + at
      store.setState(changes)
    },
    listenAll: (store, keys, hear) =>
      store.subscribe((state, previous) => {
        for (const key in state) if (state[key] !== previous[key]) hear(state[key])
      }),
    snapshot: (store) => store.getState(),
    forms: { 'deep-write': deep },
  },
}
