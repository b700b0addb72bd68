// Keyed values, its flat half; where a value has parts, a table of them.

import { createStore } from 'tinybase/store'
import { GROUP, LEAF, tree } from '../deep.js'
import { byName, initialObject, objectSnapshots } from '../hear.js'
export { prepare } from '../workloads.js'

const set = (store, key, value) => store.setValue(key, value)

const [row, cell] = [GROUP, LEAF].map(String)

const deep = {
  open: () => {
    const rows = tree().groups.map(({ leaves }, group) => [group, Object.fromEntries(leaves.entries())])
    return createStore().setTable('groups', Object.fromEntries(rows))
  },
  set: (store, key, value) => store.setCell('groups', row, cell, value),
  listen: (store, key, hear) =>
    store.addCellListener('groups', row, cell, (_store, _table, _row, _cell, value) => hear(value)),
}

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
    forms: { 'deep-write': deep },
  },
}
