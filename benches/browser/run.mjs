// `node run.mjs URL [--json FILE] [--markdown FILE] [--svg FILE] [--only NAME[,NAME]] [--rounds N]`: drives the browser that `CHROME` names and
// prints what the page measured. Started by `cargo xtask bench browser`.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { chart } from './chart.js'
import { markdown, print, summed } from './report.js'
import { workloads } from './table.js'
import { printTabs, tabs, tabsMarkdown } from './tabs.mjs'

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
/** What takes two pages. */
const TABS = 'tabs'
/** How often each is sent from one page to the other. */
const SENT = 1_000

const all = [...Object.keys(workloads), TABS]
const wanted = values.only?.split(',') ?? all
for (const name of wanted) {
  if (!all.includes(name)) fail(`no workload "${name}"; there are ${all.join(', ')}`)
}
const names = wanted.filter((name) => name !== TABS)

const browser = await chromium.launch({
  executablePath: process.env.CHROME,
  args: ['--js-flags=--expose-gc'],
})
try {
  const context = await browser.newContext()
  const open = async () => {
    const page = await context.newPage()
    page.on('pageerror', (error) => fail(error.message))
    page.on('console', (message) => console.error(`page: ${message.text()}`))
    await page.goto(positionals[0])
    await page.waitForFunction(() => globalThis.bench)
    if (!(await page.evaluate(() => globalThis.bench.ready))) fail('the page is not cross-origin isolated')
    return page
  }
  const page = await open()
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
  await page.close()
  const between = wanted.includes(TABS) && (await tabs(open, SENT))
  if (between) printTabs(between)
  const environment = {
    chromium: browser.version(),
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0].model}`,
    rounds: values.rounds,
  }
  const numbers = { ...byName(results), ...(between && { tabs: between }) }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(numbers, null, 2)}\n`)
  const sections = [
    names.length && ['bench browser', markdown(results, environment)],
    between && ['bench tabs', tabsMarkdown(between, environment)],
  ]
  if (values.markdown) writeSections(values.markdown, sections.filter(Boolean))
  if (values.svg && names.length) writeFileSync(values.svg, chart(results, environment))
} catch (error) {
  fail(error.message)
} finally {
  await browser.close()
}

function fail(message) {
  console.error(`error: ${message}`)
  process.exit(1)
}

/** Into a file that has marks for them, each between its own; else as a file of their own. */
function writeSections(file, sections) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const marks = (name) => [`<!-- ${name}: begin -->\n`, `<!-- ${name}: end -->`]
  const isMarked = ([name]) => marks(name).every((mark) => text.includes(mark))
  if (!sections.every(isMarked)) return writeFileSync(file, sections.map(([, section]) => section).join('\n'))
  const put = (text, [name, section]) => {
    const [begin, end] = marks(name)
    const [before, after] = [text.slice(0, text.indexOf(begin) + begin.length), text.slice(text.indexOf(end))]
    return before + section + after
  }
  writeFileSync(file, sections.reduce(put, text))
}

/** `{workload: {name: {median_ms, ratio_to_best_peer, …}}}` */
function byName(results) {
  const named = (rows) => Object.fromEntries(rows.map(({ name, asPeer, ...numbers }) => [name, numbers]))
  return Object.fromEntries(Object.entries(results).map(([name, rows]) => [name, named(rows)]))
}
