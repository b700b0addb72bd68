// A value of 10,000 leaves, one of which is read and written; as in `src/deep.rs`.

import { initial } from './hear.js'

export const GROUP = 42
export const LEAF = 17

export const tree = () => ({
  groups: Array.from({ length: 100 }, (_, group) => ({
    leaves: Array.from({ length: 100 }, (_, leaf) => initial(group * 100 + leaf)),
  })),
})

export const GROUP_NAME = `group ${GROUP}`
export const LEAF_NAME = `leaf ${LEAF}`

const named = (name, list) => Object.fromEntries(list.map((one, at) => [`${name} ${at}`, one]))

/** The same with names in the place of numbers: what observes properties is faster on objects than on arrays. */
export const namedTree = () => ({
  groups: named(
    'group',
    tree().groups.map(({ leaves }) => named('leaf', leaves)),
  ),
})

export const leafOf = (tree) => tree.groups[GROUP].leaves[LEAF]

/** The tree with another leaf: what is on the way to it is copied, all else is shared. */
export const withLeaf = (tree, value) => {
  const group = tree.groups[GROUP]
  return { ...tree, groups: tree.groups.with(GROUP, { ...group, leaves: group.leaves.with(LEAF, value) }) }
}
