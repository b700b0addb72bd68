// What the store replaces: a manager that keeps values in a `Map` and listeners in sets.

import { leafOf, tree, withLeaf } from '../deep.js'
import { byName, initial, mapSnapshots } from '../hear.js'
export { prepare } from '../workloads.js'

class StateManager {
  values = new Map()
  listeners = new Map()
  everybody = new Set()
  metadata = { version: 0, lastUpdate: 0, updateCount: 0, source: 'unknown' }

  get(key) {
    return this.values.get(key)
  }

  set(key, value, source = 'unknown') {
    const previous = this.values.get(key)
    if (Object.is(previous, value)) return
    this.values.set(key, value)
    const { metadata } = this
    metadata.version++
    metadata.updateCount++
    metadata.lastUpdate = Date.now()
    metadata.source = source
    const listeners = this.listeners.get(key)
    if (!listeners && this.everybody.size === 0) return
    const event = { key, value, previous, source, timestamp: metadata.lastUpdate }
    if (listeners) {
      for (const listener of listeners) {
        try {
          listener(value, event)
        } catch (error) {
          console.error(error)
        }
      }
    }
    for (const listener of this.everybody) {
      try {
        listener(event)
      } catch (error) {
        console.error(error)
      }
    }
  }

  subscribe(key, listener) {
    let listeners = this.listeners.get(key)
    if (!listeners) this.listeners.set(key, (listeners = new Set()))
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.listeners.delete(key)
    }
  }

  subscribeAll(listener) {
    this.everybody.add(listener)
    return () => this.everybody.delete(listener)
  }

  getSnapshot() {
    return new Map(this.values)
  }
}

const set = (manager, key, value) => manager.set(key, value)

const deep = {
  open: () => {
    const manager = new StateManager()
    manager.set('tree', tree())
    return manager
  },
  set: (manager, key, value) => manager.set('tree', withLeaf(manager.get('tree'), value)),
  listen: (manager, key, hear) => {
    let leaf = leafOf(manager.get('tree'))
    return manager.subscribe('tree', (tree) => {
      if (Object.is(leaf, leafOf(tree))) return
      leaf = leafOf(tree)
      hear(leaf)
    })
  },
}

export const adapters = {
  'Map manager': {
    ...byName,
    ...mapSnapshots,
    open: (keys) => {
      const manager = new StateManager()
      keys.forEach((key, at) => manager.set(key, initial(at)))
      return manager
    },
    add: set,
    set,
    get: (manager, key) => manager.get(key),
    listen: (manager, key, hear) => manager.subscribe(key, (value) => hear(value)),
    // It has no batch: each set is told by itself.
    batch: (manager, keys, first) => {
      for (let at = 0; at < keys.length; at++) manager.set(keys[at], first + at)
    },
    listenAll: (manager, keys, hear) => manager.subscribeAll((event) => hear(event.value)),
    snapshot: (manager) => manager.getSnapshot(),
    forms: { 'deep-write': deep },
  },
}
