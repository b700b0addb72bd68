// A page of rows, each bound to its key; as in `src/components.rs`.

import { initial } from './hear.js'

export const ROWS = 1_000
export const CHANGED = 100
/** More microtasks than any library takes to bring a change into the page. */
const PATIENCE = 100

export const rowOf = (tick) => (tick * 97) % ROWS

/**
 * `mount` puts a row for each key into a list, and returns a function that changes a hundred of them: to the number
 * that it is given and those that follow.
 */
export const pageOf = (mount) => {
  const list = document.body.appendChild(document.createElement('ol'))
  const write = mount(list)
  const shown = Array.from({ length: ROWS }, (_, at) => String(initial(at)))
  let tick = 0
  return {
    async runLater(passes) {
      for (let pass = 0; pass < passes; pass++) {
        write(tick + 1)
        for (const end = tick + CHANGED; tick < end; ) shown[rowOf(tick)] = String(++tick)
        const last = rowOf(tick - 1)
        const row = list.children[last]
        for (let turns = 0; row.textContent !== shown[last]; turns++) {
          if (turns === PATIENCE) throw new Error(`row ${last} shows ${row.textContent}, and not ${shown[last]}`)
          await undefined
        }
      }
    },
    /** Whether every row shows what was written to its key. */
    probe: () =>
      list.children.length === ROWS && shown.every((text, at) => list.children[at].textContent === text),
    /** The browser lays the page out between samples, and React ends what it puts off. */
    rest: () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))),
    free: () => list.remove(),
  }
}
