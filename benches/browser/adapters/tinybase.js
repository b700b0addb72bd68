// Keyed values, its flat half.

import { createStore } from 'tinybase/store'
import { byName, initialObject, objectSnapshots } from '../hear.js'
export { prepare } from '../workloads.js'

const set = (store, key, value) => store.setValue(key, value)

export const adapters = {
  tinybase: {
    ...byName,
    ...objectSnapshots,
    open: (keys) => createStore().setValues(initialObject(keys)),
    add: set,
    set,
    get: (store, key) => store.getValue(key),
    listen: (store, key, hear) => store.addValueListener(key, (_store, _key, value) => hear(value)),
    stop: (store, listening) => store.delListener(listening),
    batch: (store, keys, first) =>
      store.transaction(() => {
        for (let at = 0; at < keys.length; at++) store.setValue(keys[at], first + at)
      }),
    listenAll: (store, keys, hear) =>
      store.addValuesListener((_store, changeOf) => {
        for (let at = 0; at < keys.length; at++) {
          const [changed, , value] = changeOf(keys[at])
          if (changed) hear(value)
        }
      }),
    snapshot: (store) => store.getValues(),
  },
}
