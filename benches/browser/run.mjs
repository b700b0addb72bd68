// `node run.mjs URL [--json FILE] [--markdown FILE] [--svg FILE] [--only NAME[,NAME]] [--rounds N]`: drives the browser that `CHROME` names and
// prints what the page measured. Started by `cargo xtask bench browser`.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { chart } from './chart.js'
import { markdown, print, summed } from './report.js'
import { workloads } from './table.js'

const { chromium } = createRequire(new URL('../../end2end/package.json', import.meta.url))('playwright-core')

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    markdown: { type: 'string' },
    svg: { type: 'string' },
    only: { type: 'string' },
    rounds: { type: 'string', default: '15' },
  },
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
  const results = {}
  for (const name of names) {
    const measured = await page.evaluate(([name, rounds]) => globalThis.bench.measure(name, rounds), [
      name,
      Number(values.rounds),
    ])
    results[name] = summed(name, measured)
    print(name, results[name])
  }
  const environment = {
    chromium: browser.version(),
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0].model}`,
    rounds: values.rounds,
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(byName(results), null, 2)}\n`)
  if (values.markdown) writeBetweenMarks(values.markdown, markdown(results, environment))
  if (values.svg) writeFileSync(values.svg, chart(results, environment))
} catch (error) {
  fail(error.message)
} finally {
  await browser.close()
}

function fail(message) {
  console.error(`error: ${message}`)
  process.exit(1)
}

/** Into a file that has marks for it, between them; else as a file of its own. */
function writeBetweenMarks(file, text) {
  const [begin, end] = ['<!-- bench browser: begin -->', '<!-- bench browser: end -->']
  const [before, rest] = (existsSync(file) ? readFileSync(file, 'utf8') : '').split(begin)
  const after = rest?.split(end)[1]
  writeFileSync(file, after === undefined ? text : `${before}${begin}\n${text}${end}${after}`)
}

/** `{workload: {name: {median_ms, ratio_to_best_peer, …}}}` */
function byName(results) {
  const named = (rows) => Object.fromEntries(rows.map(({ name, asPeer, ...numbers }) => [name, numbers]))
  return Object.fromEntries(Object.entries(results).map(([name, rows]) => [name, named(rows)]))
}
