// `node run.mjs URL [--json FILE] [--only NAME[,NAME]] [--rounds N]`: drives the browser that `CHROME` names and
// prints what the page measured. Started by `cargo xtask bench browser`.

import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { INCUMBENT, workloads } from './table.js'

const { chromium } = createRequire(new URL('../../end2end/package.json', import.meta.url))('playwright-core')

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, only: { type: 'string' }, rounds: { type: 'string', default: '15' } },
})
const names = values.only?.split(',') ?? Object.keys(workloads)
for (const name of names) {
  if (!workloads[name]) fail(`no workload "${name}"; there are ${Object.keys(workloads).join(', ')}`)
}

const browser = await chromium.launch({
  executablePath: process.env.CHROME,
  args: ['--js-flags=--expose-gc'],
})
try {
  const page = await browser.newPage()
  page.on('pageerror', (error) => fail(error.message))
  page.on('console', (message) => console.error(`page: ${message.text()}`))
  await page.goto(positionals[0])
  await page.waitForFunction(() => globalThis.bench)
  if (!(await page.evaluate(() => globalThis.bench.ready))) fail('the page is not cross-origin isolated')
  console.log(`Chromium ${browser.version()}, ${values.rounds} rounds; ms a pass, and times the best peer's median`)
  const json = {}
  for (const name of names) {
    const measured = await page.evaluate(([name, rounds]) => globalThis.bench.measure(name, rounds), [
      name,
      Number(values.rounds),
    ])
    const rows = summed(measured)
    print(name, rows)
    json[name] = Object.fromEntries(rows.map(({ name, ...numbers }) => [name, numbers]))
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(json, null, 2)}\n`)
} catch (error) {
  fail(error.message)
} finally {
  await browser.close()
}

function fail(message) {
  console.error(`error: ${message}`)
  process.exit(1)
}

function summed(measured) {
  const rows = measured.map(({ name, asPeer, times }) => {
    times.sort((a, b) => a - b)
    const quantile = (part) => times[Math.round(part * (times.length - 1))]
    return { name, asPeer, median_ms: quantile(0.5), p10_ms: quantile(0.1), p90_ms: quantile(0.9) }
  })
  const best = Math.min(...rows.filter(({ asPeer }) => asPeer).map(({ median_ms }) => median_ms))
  const incumbent = rows.find(({ name }) => name === INCUMBENT)?.median_ms
  return rows
    .map(({ asPeer, ...row }) => ({
      ...row,
      ratio_to_best_peer: row.median_ms / best,
      ...(incumbent && { ratio_to_incumbent: row.median_ms / incumbent }),
    }))
    .sort((a, b) => a.median_ms - b.median_ms)
}

function print(name, rows) {
  const cell = (text, width) => String(text ?? '').padStart(width)
  const number = (value) => value?.toPrecision(3)
  const ratio = (value) => value && `${value < 10 ? value.toPrecision(2) : value.toFixed(0)} ×`
  console.log(`\n${name}: ${workloads[name].title}`)
  console.log(`  ${''.padEnd(32)}${cell('median', 9)}${cell('p10', 9)}${cell('p90', 9)}${cell('best peer', 11)}${cell('incumbent', 11)}`)
  for (const row of rows) {
    console.log(
      `  ${row.name.padEnd(32)}${cell(number(row.median_ms), 9)}${cell(number(row.p10_ms), 9)}${cell(number(row.p90_ms), 9)}` +
        `${cell(ratio(row.ratio_to_best_peer), 11)}${cell(ratio(row.ratio_to_incumbent), 11)}`,
    )
  }
}
