// A page made by React, each row bound to its key: of one Zustand store, where a row selects its key and the hundred
// changes are one call; of a Valtio proxy with an object for each row, as its guide has it for lists.

import { createElement, memo } from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import { proxy, useSnapshot } from 'valtio'
import { create } from 'zustand'
import { CHANGED, ROWS, rowOf } from '../dom.js'
import { initial, initialObject } from '../hear.js'
export { prepare } from '../workloads.js'

const names = Array.from({ length: ROWS }, (_, at) => `key:${at}`)

const render = (list, Row) => {
  const rows = names.map((name) => createElement(Row, { key: name, name }))
  flushSync(() => createRoot(list).render(rows))
}

export const adapters = {
  'react + zustand': {
    mount: (list, hear) => {
      const useStore = create(() => initialObject(names))
      const Row = memo(({ name }) => {
        const value = useStore((state) => state[name])
        hear(value)
        return createElement('li', null, value)
      })
      render(list, Row)
      return (first) => {
        const changes = {}
        for (let at = 0; at < CHANGED; at++) changes[names[rowOf(first - 1 + at)]] = first + at
        useStore.setState(changes)
      }
    },
  },
  'react + valtio': {
    mount: (list, hear) => {
      const state = proxy(Object.fromEntries(names.map((name, at) => [name, { value: initial(at) }])))
      const Row = memo(({ name }) => {
        const { value } = useSnapshot(state[name])
        hear(value)
        return createElement('li', null, value)
      })
      render(list, Row)
      return (first) => {
        for (let at = 0; at < CHANGED; at++) state[names[rowOf(first - 1 + at)]].value = first + at
      }
    },
  },
}

