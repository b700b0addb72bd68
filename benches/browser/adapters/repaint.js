// A component of React that shows one key, which is written in Rust, in JavaScript through the page's handle, or with
// no store of ours at all. Loaded anew for each row, so that each has a React of its own.

import { createElement, useState } from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import { create } from 'zustand'
import { getStore } from '../../../js/src/directory.ts'
import { StoreProvider, useGlobalState } from '../../../js/src/react.ts'
import { heard, initial, listeners } from '../hear.js'

const WRITES = 1_000
/** More microtasks than React takes to bring a change into the page. */
const PATIENCE = 100
const KEY = 'key:0'

/** What the component reads, and how a number is written. */
const sources = {
  'react + zustand': () => {
    const useStore = create(() => ({ [KEY]: initial(0) }))
    return { use: () => useStore((state) => state[KEY]), write: (tick) => useStore.setState({ [KEY]: tick }) }
  },
  'react useState': () => {
    let set
    const use = () => {
      const [value, setValue] = useState(initial(0))
      set = setValue
      return value
    }
    // Else React puts it off to a task: what a store tells it, it shows in a microtask.
    return { use, write: (tick) => flushSync(() => set(tick)) }
  },
}

/** The npm package's hook, on a store in wasm that is on the page under the row's name. */
const shared = (name, wasm) => {
  const row = wasm.Case.prepare(name, 'repaint')
  const store = getStore(name)
  const use = () => useGlobalState(KEY)[0]
  const write = name.endsWith(', from Rust') ? () => row.step() : (tick) => store.set(KEY, tick)
  return { use, write, store: name, free: () => row.free() }
}

export const repaint = (name, wasm) => {
  const { use, write, store, free } = sources[name]?.() ?? shared(name, wasm)
  const hear = listeners[0]
  const Shown = () => {
    const value = use()
    hear(value)
    return createElement('output', null, value)
  }
  const shown = createElement(Shown)
  const place = document.body.appendChild(document.createElement('p'))
  const root = createRoot(place)
  flushSync(() => root.render(store ? createElement(StoreProvider, { store }, shown) : shown))
  let tick = 0
  return {
    heard,
    async runLater(passes) {
      for (let left = passes * WRITES; left > 0; left--) {
        write(++tick)
        const due = String(tick)
        let turns = 0
        do {
          if (turns++ === PATIENCE) throw new Error(`${name} shows ${place.textContent}, and not ${due}`)
          await undefined
        } while (place.textContent !== due)
      }
    },
    probe: () => place.textContent === String(tick),
    /** React ends what it puts off. */
    rest: () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))),
    free: () => {
      root.unmount()
      place.remove()
      free?.()
    },
  }
}
