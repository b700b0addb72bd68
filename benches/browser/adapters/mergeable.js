// A store whose writes are stamped and merge: TinyBase's. Made are the changes that its synchronizers send, when and as
// they make them; as text, where the channel carries text.

import { createMergeableStore } from 'tinybase/mergeable-store'
import { hearMany } from '../hear.js'
export { prepare } from '../workloads.js'

let last

const adapter = (encode) => ({
  open: () => {
    const store = createMergeableStore()
    store.addDidFinishTransactionListener(() => {
      last = encode(store.getTransactionMergeableChanges())
      hearMany(1, 0)
    })
    return store
  },
  set: (store, value) => store.setValue('key:0', value),
  /** What was sent last, as text; it has to hold the value and its stamp. */
  sent: () => {
    const [, [values]] = typeof last === 'string' ? JSON.parse(last) : last
    const [value, stamp] = values['key:0']
    return stamp ? String(value) : ''
  },
})

export const adapters = {
  'tinybase mergeable': adapter((changes) => changes),
  'tinybase mergeable, as text': adapter(JSON.stringify),
}
