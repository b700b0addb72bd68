// Runs in the browser: times every row of a workload, round by round.

import init, * as wasm from './bench_browser.js'
import * as tab from './tab.js'
import { cases, workloads } from './table.js'

/** Ms that a sample is to take at least: some hundred ticks of the clock, which has 5 µs where a page is isolated. */
const SAMPLE = 1.5
/** Ms for the browser to compile what is hot. */
const WARM_UP = 200

await init()

async function sample(workload, row, passes) {
  const { later } = row
  row.case.heard()
  globalThis.gc?.({ type: 'minor' })
  const start = performance.now()
  if (later) await row.case.runLater(passes)
  else row.case.run(passes)
  const took = performance.now() - start
  check(workload, row, passes)
  await row.case.rest()
  return took
}

/** A store that did not do the work has no time. */
function check(workload, row, passes) {
  const { due, writes } = workloads[workload]
  if (due) {
    const [count, sum] = due(passes, (row.written ?? 0) + 1)
    row.written = (row.written ?? 0) + passes * writes
    const heard = [...row.case.heard()]
    if (heard[0] !== count || heard[1] !== Number(BigInt.asIntN(32, BigInt(sum)))) {
      throw new Error(`${workload}: ${row.name} heard ${heard}, and not ${count} with the sum ${sum | 0}`)
    }
  }
  if (!row.case.probe()) throw new Error(`${workload}: ${row.name} did not do its work`)
}

/** How many passes make a sample, found while the code gets hot. */
async function warmedUp(workload, row) {
  const start = performance.now()
  let passes = 1
  for (let turn = 0; turn < 3 || performance.now() - start < WARM_UP; turn++) {
    const took = await sample(workload, row, passes)
    passes = Math.max(1, Math.ceil(passes * Math.min(10, (1.2 * SAMPLE) / Math.max(took, 0.01))))
  }
  while ((await sample(workload, row, passes)) < SAMPLE) passes = Math.ceil(passes * 1.5)
  return passes
}

/** Ms for one pass of a workload, for each row and round. */
async function measure(workload, rounds) {
  const rows = await cases(workload, wasm)
  for (const row of rows) row.passes = await warmedUp(workload, row)
  const times = rows.map(() => [])
  for (let round = 0; round < rounds; round++) {
    globalThis.gc?.()
    for (let turn = 0; turn < rows.length; turn++) {
      const at = (turn + round) % rows.length
      times[at].push((await sample(workload, rows[at], rows[at].passes)) / rows[at].passes)
    }
  }
  for (const row of rows) row.case.free?.()
  return rows.map(({ name, asPeer = false }, at) => ({ name, asPeer, times: times[at] }))
}

globalThis.bench = { measure, tab, ready: crossOriginIsolated }
