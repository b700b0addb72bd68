// Runs in each of two pages, which share their stores: what is set here, and when it is seen there.

import { Tab } from './bench_browser.js'

/** Ms after which what was sent counts as lost. */
const LOST = 5_000
/** Ms between two rounds, at most. */
const PAUSE = 8

const pings = new BroadcastChannel('bench ping')
const clocks = new BroadcastChannel('bench clock')
const acknowledged = new BroadcastChannel('bench seen')

const stores = {}
const seenAt = {}
let noted = { messages: [], items: [] }

function see(kind, number) {
  seenAt[kind]?.set(number, performance.now())
  acknowledged.postMessage([kind, number])
}

/** Opens a store of so many keys, which are stored; returns how many there are by now. */
export function open(keys) {
  stores[keys] = Tab.open(`bench-${keys}`, (number) => see(keys, number))
  return stores[keys].keys()
}

export function fill(keys) {
  stores[keys].fill(keys)
}

/** Notes from now on when something is seen, by kind. */
export function watch(kinds) {
  for (const kind of kinds) seenAt[kind] = new Map()
  pings.onmessage = ({ data }) => see('ping', data)
  clocks.onmessage = ({ data }) => clocks.postMessage([data, performance.now()])
}

export const seen = () => Object.fromEntries(Object.entries(seenAt).map(([kind, times]) => [kind, [...times]]))

/** How many ms the other page's clock is ahead, and within how many that is certain: as in NTP (RFC 5905). */
export async function ahead() {
  let best = { offset: 0, within: Infinity }
  for (let left = 200; left > 0; left--) {
    const asked = performance.now()
    const answer = new Promise((resolve) => (clocks.onmessage = ({ data }) => resolve(data[1])))
    clocks.postMessage(asked)
    const there = await answer
    const now = performance.now()
    if (now - asked < 2 * best.within) best = { offset: there - (asked + now) / 2, within: (now - asked) / 2 }
  }
  return best
}

/** Sets and pings in turn, each when the one before was seen; the ms at which each began, by kind. */
export async function send(kinds, rounds, first) {
  const began = Object.fromEntries(kinds.map((kind) => [kind, []]))
  let arrived
  acknowledged.onmessage = ({ data: [kind, number] }) => arrived?.(kind, number)
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < kinds.length; turn++) {
      const kind = kinds[(turn + round) % kinds.length]
      const number = first + round
      await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE))
      const seen = new Promise((resolve, reject) => {
        const lost = setTimeout(() => reject(new Error(`${kind}: number ${number} was not seen`)), LOST)
        arrived = (ofKind, ofNumber) => {
          if (String(ofKind) !== String(kind) || ofNumber !== number) return
          clearTimeout(lost)
          resolve()
        }
      })
      const start = performance.now()
      if (kind === 'ping') pings.postMessage(number)
      else stores[kind].set(number)
      await seen
      began[kind].push([number, start])
    }
  }
  return began
}

/** What this page sends to others and stores, in bytes of UTF-8, from now on. */
export function weigh() {
  const bytes = (...texts) => texts.reduce((sum, text) => sum + new TextEncoder().encode(text).length, 0)
  const observe = (type, method, note) => {
    const call = type.prototype[method]
    type.prototype[method] = function (...given) {
      note(...given)
      return call.apply(this, given)
    }
  }
  observe(BroadcastChannel, 'postMessage', (message) => {
    // A digest is a heartbeat: each tab sends one now and then, whatever is written.
    const isHeartbeat = message.includes?.('"type":"digest"')
    if (message.startsWith?.('{') && !isHeartbeat) noted.messages.push(bytes(message))
  })
  observe(Storage, 'setItem', (name, text) => noted.items.push(bytes(name, text)))
}

/** What was weighed since the last call. */
export function weighed() {
  const since = noted
  noted = { messages: [], items: [] }
  return since
}

/** One write, and time for whatever follows from it in either page. */
export async function write(keys, number) {
  stores[keys].set(number)
  await new Promise((resolve) => setTimeout(resolve, 2_000))
}
