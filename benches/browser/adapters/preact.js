// A signal for each key: found by name in a map, or held. Effects listen.

import { batch, effect, signal } from '@preact/signals-core'
import { GROUP, LEAF, tree } from '../deep.js'
import { byName, initialMap, mapSnapshots } from '../hear.js'
export { prepare } from '../workloads.js'

const listen = (one, hear) =>
  effect(() => {
    hear(one.value)
  })

/** A signal for each leaf: there is no value of the whole, and nothing hears of it. */
const deep = {
  label: 'a signal per leaf',
  asPeer: false,
  open: () => tree().groups.map(({ leaves }) => leaves.map((leaf) => signal(leaf))),
  hold: (groups) => groups[GROUP][LEAF],
  set: (groups, one, value) => {
    one.value = value
  },
  listen: (groups, one, hear) => listen(one, hear),
}

export const adapters = {
  'preact signals': {
    ...byName,
    ...mapSnapshots,
    open: (keys) => initialMap(keys, signal),
    add: (signals, key, value) => {
      const one = signals.get(key)
      if (one) one.value = value
      else signals.set(key, signal(value))
    },
    set: (signals, key, value) => {
      signals.get(key).value = value
    },
    get: (signals, key) => signals.get(key).value,
    listen: (signals, key, hear) => listen(signals.get(key), hear),
    batch: (signals, keys, first) =>
      batch(() => {
        for (let at = 0; at < keys.length; at++) signals.get(keys[at]).value = first + at
      }),
    listenAll: (signals, keys, hear) => {
      const all = keys.map((key) => signals.get(key))
      return effect(() => {
        for (let at = 0; at < all.length; at++) hear(all[at].value)
      })
    },
    snapshot: (signals) => {
      const snapshot = new Map()
      for (const [key, one] of signals) snapshot.set(key, one.value)
      return snapshot
    },
    forms: { 'deep-write': deep },
  },
  'preact signals, held': {
    stop: byName.stop,
    open: (keys) => initialMap(keys, signal),
    hold: (signals, key) => signals.get(key),
    set: (signals, one, value) => {
      one.value = value
    },
    get: (signals, one) => one.value,
    listen: (signals, one, hear) => listen(one, hear),
  },
}
