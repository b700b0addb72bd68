// Drives two pages of one browser: from a set in one to the effect in the other, beside a bare ping.

/** How many keys are stored. */
const SIZES = [10, 10_000]
const KINDS = ['ping', ...SIZES]
const WARM_UP = 50

/** One frame at 60 Hz, in ms; so much later than a ping what was set may be seen. */
export const FRAME = 1_000 / 60
/** The most bytes of the message, and of the stored item, of a write. */
export const MOST_BYTES = 1_000

/** What the pages measured: `open` opens a page of the bench in one browser context. */
export async function tabs(open, rounds) {
  const here = await open()
  const call = (page, name, ...given) =>
    page.evaluate(([name, given]) => globalThis.bench.tab[name](...given), [name, given])
  for (const keys of SIZES) {
    await call(here, 'open', keys)
    await call(here, 'fill', keys)
  }
  const there = await open()
  for (const keys of SIZES) {
    const found = await call(there, 'open', keys)
    if (found !== keys) throw new Error(`the second page found ${found} of ${keys} keys`)
  }
  await call(there, 'watch', KINDS)
  await call(here, 'send', KINDS, WARM_UP, 1)
  const before = await call(here, 'ahead')
  const began = await call(here, 'send', KINDS, rounds, 1 + WARM_UP)
  const after = await call(here, 'ahead')
  const seen = await call(there, 'seen')
  const ahead = (before.offset + after.offset) / 2
  const latencies = KINDS.map((kind) => {
    const at = new Map(seen[kind])
    const took = began[kind].map(([number, start]) => at.get(number) - ahead - start)
    return { kind, ...summed(took) }
  })
  const writes = await weighed(call, [here, there], 2 * WARM_UP + rounds)
  const certain = Math.max(before.within, after.within) + Math.abs(before.offset - after.offset) / 2
  return { rounds, certain_ms: certain, latencies, writes }
}

/** What both pages send and store because of one write with so many keys stored. */
async function weighed(call, pages, number) {
  const [here] = pages
  for (const page of pages) await call(page, 'weigh')
  const writes = {}
  for (const keys of SIZES) {
    await call(here, 'write', keys, number)
    const found = []
    for (const page of pages) found.push(await call(page, 'weighed'))
    const all = (what) => found.flatMap((page) => page[what])
    writes[keys] = { messages: all('messages'), items: all('items') }
  }
  return writes
}

function summed(took) {
  const sorted = took.toSorted((a, b) => a - b)
  const quantile = (part) => sorted[Math.round(part * (sorted.length - 1))]
  return { p50_ms: quantile(0.5), p90_ms: quantile(0.9), p99_ms: quantile(0.99), max_ms: sorted.at(-1) }
}

const ms = (value) => value.toFixed(2)
const label = (kind) => (kind === 'ping' ? 'bare BroadcastChannel ping' : `set, ${Number(kind).toLocaleString('en')} keys stored`)
const p99 = (latencies, wanted) => latencies.find(({ kind }) => kind === wanted).p99_ms
const beyond = (latencies, keys) => p99(latencies, keys) - p99(latencies, 'ping')
const verdict = (isMet) => (isMet ? 'met' : '**missed**')

/** What is asked for, and whether it is so. */
export function verdicts({ latencies, writes }) {
  const [few, many] = SIZES
  const bounds = SIZES.map((keys) => [
    `p99 with ${keys.toLocaleString('en')} keys at most a frame, ${ms(FRAME)} ms, beyond the ping's`,
    `${ms(beyond(latencies, keys))} ms`,
    beyond(latencies, keys) <= FRAME,
  ])
  const apart = Math.abs(p99(latencies, many) - p99(latencies, few))
  const { messages, items } = writes[many]
  const one = (found) => found.length === 1 && found[0] < MOST_BYTES
  return [
    ...bounds,
    ['the same p99 for both, within a frame', `${ms(apart)} ms apart`, apart <= FRAME],
    ['one message a write, under 1 kB', `${messages.length}: ${messages.join(', ')} bytes`, one(messages)],
    ['one stored item a write, under 1 kB', `${items.length}: ${items.join(', ')} bytes`, one(items)],
  ]
}

export function printTabs(measured) {
  console.log(`\ntabs: from a set in one page to the effect in another, ms over ${measured.rounds}; clocks agree within ${ms(measured.certain_ms)}`)
  console.log(`  ${''.padEnd(34)}${['p50', 'p90', 'p99', 'max'].map((name) => name.padStart(9)).join('')}`)
  for (const { kind, p50_ms, p90_ms, p99_ms, max_ms } of measured.latencies) {
    const cells = [p50_ms, p90_ms, p99_ms, max_ms].map((value) => ms(value).padStart(9)).join('')
    console.log(`  ${label(kind).padEnd(34)}${cells}`)
  }
  for (const [asked, found, isMet] of verdicts(measured)) console.log(`  ${isMet ? 'met   ' : 'MISSED'} ${asked}: ${found}`)
}

/** A section for PERFORMANCE.md. */
export function tabsMarkdown(measured, environment) {
  const lines = [
    `${environment.date}, ${environment.machine}, Chromium ${environment.chromium}. Two pages of one browser, ms over ${measured.rounds.toLocaleString('en')} each, in turn; the pages' clocks agree within ${ms(measured.certain_ms)} ms.`,
    '',
    '| from … in one page to the other | p50 | p90 | p99 | max |',
    '|---|--:|--:|--:|--:|',
  ]
  for (const { kind, p50_ms, p90_ms, p99_ms, max_ms } of measured.latencies) {
    lines.push(`| ${label(kind)} | ${[p50_ms, p90_ms, p99_ms, max_ms].map(ms).join(' | ')} |`)
  }
  lines.push('', '| asked for | found | |', '|---|--:|---|')
  for (const [asked, found, isMet] of verdicts(measured)) lines.push(`| ${asked} | ${found} | ${verdict(isMet)} |`)
  return `${lines.join('\n')}\n`
}
