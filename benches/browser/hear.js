// What listeners do with a value, and what a store holds from the start; as in `src/adapter.rs`.

const numbers = new Int32Array(3)

/**
 * Listeners of eight kinds, for a page has more than one: with a single one, the browser would compile it into the
 * store's own code.
 */
export const listeners = Array.from({ length: 8 }, (_, kind) =>
  new Function('numbers', `return (value) => { numbers[0]++; numbers[1] += value; numbers[2] = ${kind} }`)(numbers),
)

export const hearMany = (count, sum) => {
  numbers[0] += count
  numbers[1] += sum
}

/** How many values were heard since the last call, and their wrapping sum. */
export const heard = () => {
  const [count, sum] = numbers
  numbers.fill(0)
  return [count, sum]
}

/** The value that key number `at` has from the start; workloads write numbers from 1 on. */
export const initial = (at) => -1 - at

export const initialObject = (keys) => Object.fromEntries(keys.map((key, at) => [key, initial(at)]))

export const initialMap = (keys, make) => new Map(keys.map((key, at) => [key, make(initial(at))]))

/** As most adapters hold a key: by its name. */
export const byName = { hold: (store, key) => key, stop: (store, listening) => listening() }

/** Snapshots that are plain objects. */
export const objectSnapshots = {
  read: (snapshot, key) => snapshot[key],
  readAll: (snapshot) => {
    let count = 0
    let sum = 0
    for (const key in snapshot) {
      sum = (sum + snapshot[key] + key.length) | 0
      count++
    }
    hearMany(count, sum)
  },
}

/** Snapshots that are maps. */
export const mapSnapshots = {
  read: (snapshot, key) => snapshot.get(key),
  readAll: (snapshot) => {
    let sum = 0
    for (const [key, value] of snapshot) sum = (sum + value + key.length) | 0
    hearMany(snapshot.size, sum)
  },
}
