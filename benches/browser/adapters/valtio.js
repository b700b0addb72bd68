// One proxy of all keys; where each key has its listener, an object for each key, as its guide has it for state
// that is subscribed to in parts.

import { proxy, snapshot, subscribe } from 'valtio/vanilla'
import { subscribeKey } from 'valtio/vanilla/utils'
import { GROUP_NAME, LEAF_NAME, namedTree } from '../deep.js'
import { byName, initial, initialObject, objectSnapshots } from '../hear.js'
export { prepare } from '../workloads.js'

const set = (state, key, value) => {
  state[key] = value
}

const perKey = {
  open: (keys) => proxy(Object.fromEntries(keys.map((key, at) => [key, { value: initial(at) }]))),
  set: (state, key, value) => {
    state[key].value = value
  },
  listen: (state, key, hear) => {
    const part = state[key]
    return subscribe(part, () => hear(part.value), true)
  },
}

/** What is held is the object that the leaf is in. */
const deep = {
  open: () => proxy(namedTree()),
  hold: (state) => state.groups[GROUP_NAME],
  set: (state, group, value) => {
    group[LEAF_NAME] = value
  },
  listen: (state, group, hear) => subscribeKey(group, LEAF_NAME, hear, true),
}

export const adapters = {
  valtio: {
    ...byName,
    ...objectSnapshots,
    open: (keys) => proxy(initialObject(keys)),
    add: set,
    set,
    get: (state, key) => state[key],
    listen: (state, key, hear) => subscribeKey(state, key, hear, true),
    batch: (state, keys, first) => {
      for (let at = 0; at < keys.length; at++) state[keys[at]] = first + at
    },
    // Called once a turn.
    listenAll: (state, keys, hear) =>
      subscribe(state, () => {
        for (let at = 0; at < keys.length; at++) hear(state[keys[at]])
      }),
    snapshot,
    forms: {
      'many-keys': perKey,
      'deep-write': deep,
      microtasks: { listen: (state, key, hear) => subscribeKey(state, key, hear) },
    },
    later: ['batch', 'microtasks'],
  },
  'valtio, held': {
    ...perKey,
    stop: byName.stop,
    hold: (state, key) => state[key],
    set: (part, held, value) => {
      held.value = value
    },
    get: (part, held) => held.value,
    listen: (state, held, hear) => subscribe(held, () => hear(held.value), true),
  },
}
