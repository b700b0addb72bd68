// The chart: how many times faster than the fastest peer, on a logarithmic scale.

import { OURS, standings } from './report.js'
import { FLOOR, workloads } from './table.js'

const WIDTH = 880
const LABELS = 262
/** Room for the number of a bar that ends at the edge. */
const EDGE = 22
const RIGHT = 56
const TOP = 92
const BAR = 11
/** The line of dots below the bars of a workload, and the room below that. */
const DOTS = 10
const GAP = 11
/** What is slower than this stands at the edge. */
const SLOWEST = 1 / 30

const escaped = (text) => text.replace(/[&<>]/g, (character) => `&#${character.codePointAt(0)};`)
const tenfold = (value) => (value >= 10 ? value.toFixed(0) : value.toPrecision(2))

/** `results` by workload, as `summed` makes them. */
export function chart(results, environment) {
  const bands = Object.entries(results).map(([name, rows]) => {
    const ours = standings(name, rows)
    const best = ours[0].best
    const floor = workloads[name].floor ?? FLOOR
    const dots = rows
      .filter(({ name }) => !name.startsWith(OURS))
      .map((row) => ({ name: row.name, isFloor: row.name === floor, faster: best.median_ms / row.median_ms }))
    return { title: workloads[name].short, best: best.name, ours, dots }
  })
  const fastest = Math.max(...bands.flatMap(({ ours, dots }) => [...ours, ...dots].map(({ faster }) => faster)))
  const [low, high] = [Math.log10(SLOWEST), Math.log10(fastest * 1.3)]
  const x = (faster) => {
    const part = (Math.log10(Math.max(faster, SLOWEST)) - low) / (high - low)
    return (LABELS + EDGE + part * (WIDTH - LABELS - EDGE - RIGHT)).toFixed(1)
  }
  let y = TOP
  const body = bands.map((band) => {
    const drawn = drawBand(band, y, x)
    y += heightOf(band) + GAP
    return drawn
  })
  const bottom = y - 4
  const ticks = [0.1, 1, 10, 100, 1_000].filter((tick) => tick < fastest * 1.3)
  const grid = ticks.map(
    (tick) =>
      `<line class="${tick === 1 ? 'one' : 'grid'}" x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 6}" y2="${bottom}"/>` +
      `<text class="tick" x="${x(tick)}" y="${bottom + 15}" text-anchor="middle">${tick} ×</text>`,
  )
  const height = bottom + 42
  const when = `${environment.date}, Chromium ${environment.chromium.split('.')[0]}, ${environment.rounds} rounds; cargo xtask bench browser`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif">
<title id="title">How many times faster than the fastest other library universal-state is, by workload</title>
<style>
svg { --text: #1f2430; --faint: #5f6777; --line: #d9dde5; --one: #7b8394; --key: #3d4ed8; --handle: #8f9bf0; --peer: #9aa2b1; --paper: #ffffff }
@media (prefers-color-scheme: dark) { svg { --text: #e8eaf0; --faint: #a2aabb; --line: #2f3542; --one: #8a93a6; --key: #8a97ff; --handle: #5361c9; --peer: #717b8e; --paper: #12151c } }
.paper { fill: var(--paper) } text { fill: var(--text); font-size: 12px } .head { font-size: 15px; font-weight: 600 } .note, .tick { fill: var(--faint); font-size: 11px }
.grid { stroke: var(--line) } .one { stroke: var(--one) } .key { fill: var(--key) } .handle { fill: var(--handle) } .value { font-size: 10px }
.peer { fill: var(--peer) } .floor { fill: var(--paper); stroke: var(--text); stroke-width: 1.3 }
</style>
<rect class="paper" width="${WIDTH}" height="${height}" rx="10"/>
<text class="head" x="16" y="26">Times faster than the fastest other library</text>
<g transform="translate(16 40)">${legend()}</g>
<text class="note" x="${Number(x(1)) - 10}" y="${TOP - 14}" text-anchor="end">slower</text>
<text class="note" x="${Number(x(1)) + 10}" y="${TOP - 14}">faster</text>
${grid.join('\n')}
${body.join('\n')}
<text class="note" x="${WIDTH - 16}" y="${height - 9}" text-anchor="end">${escaped(when)}</text>
</svg>
`
}

function legend() {
  const entries = [
    ['<rect class="key" y="2" width="18" height="8" rx="2"/>', 'signal engine, by key'],
    ['<rect class="handle" y="2" width="18" height="8" rx="2"/>', 'by handle, cursor, listener, hook or Shared'],
    ['<circle class="peer" cx="9" cy="6" r="3"/>', 'another store'],
    ['<circle class="floor" cx="9" cy="6" r="3"/>', 'Leptos without a store'],
  ]
  let at = 0
  return entries
    .map(([mark, text]) => {
      const entry = `<g transform="translate(${at} 0)">${mark}<text class="note" x="24" y="10">${text}</text></g>`
      at += 42 + text.length * 6.1
      return entry
    })
    .join('')
}

const heightOf = ({ ours }) => Math.max(2, ours.length) * BAR + DOTS

function drawBand(band, y, x) {
  const { title, best, ours, dots } = band
  const middle = y + heightOf(band) / 2 - 1
  const first = y + (heightOf(band) - DOTS - ours.length * BAR) / 2
  const parts = [
    `<text x="${LABELS - 14}" y="${middle}" text-anchor="end">${escaped(title)}</text>`,
    `<text class="note" x="${LABELS - 14}" y="${middle + 12}" text-anchor="end">${escaped(best)} = 1</text>`,
  ]
  for (const [at, { form, row, faster }] of ours.entries()) {
    const [from, to] = [x(1), x(faster)].map(Number).toSorted((a, b) => a - b)
    const colour = form ? 'handle' : 'key'
    const top = first + at * BAR
    const label = faster < 1 ? `x="${from - 4}" text-anchor="end"` : `x="${to + 4}"`
    parts.push(
      `<rect class="${colour}" x="${from}" y="${top}" width="${Math.max(1, to - from).toFixed(1)}" height="${BAR - 2}" rx="2"><title>${escaped(row.name)}: ${tenfold(faster)} ×</title></rect>`,
      `<text class="value" ${label} y="${top + BAR - 3}">${tenfold(faster)}</text>`,
    )
  }
  for (const { name, isFloor, faster } of dots) {
    parts.push(
      `<circle class="${isFloor ? 'floor' : 'peer'}" cx="${x(faster)}" cy="${y + heightOf(band) - DOTS / 2 + 1}" r="3"><title>${escaped(name)}: ${tenfold(faster)} ×</title></circle>`,
    )
  }
  return parts.join('')
}
