// What the page measured, as numbers, as text and as Markdown.

import { FLOOR, INCUMBENT, workloads } from './table.js'

export const OURS = 'universal-state'

const quantile = (sorted, part) => sorted[Math.round(part * (sorted.length - 1))]

/** The rows of a workload by their medians, each beside the best peer, the incumbent and the floor. */
export function summed(name, measured) {
  const rows = measured.map(({ name, asPeer, times }) => {
    const sorted = times.toSorted((a, b) => a - b)
    const [median_ms, p10_ms, p90_ms] = [0.5, 0.1, 0.9].map((part) => quantile(sorted, part))
    return { name, asPeer, median_ms, p10_ms, p90_ms }
  })
  const medianOf = (wanted) => rows.find(({ name }) => name === wanted)?.median_ms
  const best = Math.min(...rows.filter(({ asPeer }) => asPeer).map(({ median_ms }) => median_ms))
  const besides = {
    ratio_to_best_peer: best,
    ratio_to_incumbent: medianOf(INCUMBENT),
    ratio_to_floor: medianOf(workloads[name].floor ?? FLOOR),
  }
  for (const row of rows) {
    for (const [ratio, beside] of Object.entries(besides)) if (beside) row[ratio] = row.median_ms / beside
  }
  return rows.toSorted((a, b) => a.median_ms - b.median_ms)
}

const number = (value) => Number(value.toPrecision(3)).toLocaleString('en', { maximumSignificantDigits: 3 })
const times = (ratio) => (ratio ? `${ratio < 10 ? ratio.toPrecision(2) : ratio.toFixed(0)} ×` : '')

export function print(name, rows) {
  const cells = (...texts) => texts.map((text) => String(text ?? '').padStart(11)).join('')
  console.log(`\n${name}: ${workloads[name].title}`)
  console.log(`  ${''.padEnd(34)}${cells('median', 'p10', 'p90', 'best peer', 'incumbent', 'floor')}`)
  for (const row of rows) {
    const spread = [row.median_ms, row.p10_ms, row.p90_ms].map(number)
    const ratios = [row.ratio_to_best_peer, row.ratio_to_incumbent, row.ratio_to_floor].map(times)
    console.log(`  ${row.name.padEnd(34)}${cells(...spread, ...ratios)}`)
  }
}

/** The peer that others are compared with: the fastest, or the fastest of those that the bar names. */
const bestOf = (rows, names) => rows.find(({ name, asPeer }) => (names ? names.includes(name) : asPeer))

/** How many times faster than the best peer our rows on the `signal` engine are, and what is asked of them. */
export function standings(name, rows) {
  const { bars = {}, beside } = workloads[name]
  const best = bestOf(rows, beside)
  return rows
    .filter((row) => row.name.startsWith(`${OURS} signal`))
    .map((row) => {
      const form = row.name.slice(`${OURS} signal`.length).replace(', ', '')
      const [must, aim] = bars[form] ?? []
      return { form, row, best, faster: best.median_ms / row.median_ms, must, aim }
    })
    .toSorted((a, b) => a.form.localeCompare(b.form))
}

const microseconds = (row) => `${number(row.median_ms * 1_000)} (${number(row.p10_ms * 1_000)} – ${number(row.p90_ms * 1_000)})`

/** Tables for PERFORMANCE.md. */
export function markdown(results, environment) {
  const lines = [
    `${environment.date}, ${environment.machine}, Chromium ${environment.chromium}, ${environment.rounds} rounds. Medians, with the tenth and the ninetieth percentile, in µs a pass; a pass is what the workload's name says.`,
    '',
    'The `signal` engine; “× faster” is the median of the fastest peer by ours:',
    '',
    '| workload | form | µs | fastest peer, µs | × faster | must | aim | |',
    '|---|---|--:|--:|--:|--:|--:|---|',
  ]
  for (const [name, rows] of Object.entries(results)) {
    for (const { form, row, best, faster, must, aim } of standings(name, rows)) {
      const verdict = must === undefined ? '' : faster >= aim ? 'aim' : faster >= must ? 'must' : '**missed**'
      const peer = `${best.name} ${number(best.median_ms * 1_000)}`
      const bar = (value) => (value ? times(value) : '')
      lines.push(
        `| ${workloads[name].title} | ${form || workloads[name].plain || 'key'} | ${microseconds(row)} | ${peer} | ${times(faster)} | ${bar(must)} | ${bar(aim)} | ${verdict} |`,
      )
    }
  }
  lines.push(
    '',
    'The `map` engine beside the `Map` manager that it stands for, and the floor, in µs:',
    '',
    '| workload | `map` | `Map` manager | × faster | floor |',
    '|---|--:|--:|--:|--:|',
  )
  for (const [name, rows] of Object.entries(results)) {
    const incumbent = rows.find((row) => row.name === INCUMBENT)
    const ours = rows.find((row) => row.name.startsWith(`${OURS} map`))
    const floor = rows.find((row) => row.name === (workloads[name].floor ?? FLOOR))
    if (!incumbent || !ours) continue
    const cells = [ours, incumbent].map((row) => number(row.median_ms * 1_000))
    lines.push(
      `| ${workloads[name].title} | ${cells.join(' | ')} | ${times(incumbent.median_ms / ours.median_ms)} | ${number(floor.median_ms * 1_000)} |`,
    )
  }
  return `${lines.join('\n')}\n`
}
