// An observable map, written in actions; or a box for each key, held. Autoruns listen: its documentation advises
// against `observe`.

import { action, autorun, observable, reaction } from 'mobx'
import { GROUP_NAME, LEAF_NAME, namedTree } from '../deep.js'
import { byName, initialMap, mapSnapshots } from '../hear.js'
export { prepare } from '../workloads.js'

const set = action((map, key, value) => {
  map.set(key, value)
})

const put = action((box, value) => {
  box.set(value)
})

/** What is held is the object that the leaf is in. */
const deep = {
  open: () => observable(namedTree()),
  hold: (state) => state.groups[GROUP_NAME],
  set: action((state, group, value) => {
    group[LEAF_NAME] = value
  }),
  listen: (state, group, hear) => reaction(() => group[LEAF_NAME], hear),
}

export const adapters = {
  mobx: {
    ...byName,
    ...mapSnapshots,
    open: (keys) => observable.map(initialMap(keys, (value) => value)),
    add: set,
    set,
    get: (map, key) => map.get(key),
    listen: (map, key, hear) => autorun(() => hear(map.get(key))),
    batch: action((map, keys, first) => {
      for (let at = 0; at < keys.length; at++) map.set(keys[at], first + at)
    }),
    listenAll: (map, keys, hear) =>
      autorun(() => {
        for (const value of map.values()) hear(value)
      }),
    snapshot: (map) => new Map(map),
    forms: { 'deep-write': deep },
  },
  'mobx, held': {
    stop: byName.stop,
    open: (keys) => initialMap(keys, (value) => observable.box(value)),
    hold: (boxes, key) => boxes.get(key),
    set: (boxes, box, value) => put(box, value),
    get: (boxes, box) => box.get(),
    listen: (boxes, box, hear) => autorun(() => hear(box.get())),
  },
}
