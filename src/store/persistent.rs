//! A persistent map from keys to values: a hash array mapped trie (Bagwell, "Ideal Hash Trees",
//! 2001) of 32-way nodes. A clone costs one reference count; a write copies the few nodes on its
//! path that somebody else holds, and none if nobody does.

use crate::value::Value;
use smol_str::SmolStr;
use std::{mem, slice, sync::Arc};

const BITS: u32 = 5;
const MASK: u32 = (1 << BITS) - 1;

#[derive(Clone, Default)]
pub(crate) struct PersistentMap {
    root: Arc<Node>,
    len: usize,
}

#[derive(Clone, Default)]
struct Node {
    /// Which of the 32 places are taken; `items` holds those, in order.
    taken: u32,
    items: Vec<Item>,
}

#[derive(Clone)]
struct Leaf {
    hash: u32,
    key: SmolStr,
    value: Value,
}

#[derive(Clone)]
enum Item {
    Leaf(Leaf),
    Node(Arc<Node>),
    /// Keys that share all 32 bits of their hash, and those that came later to the same path.
    Clash(Arc<Vec<Leaf>>),
}

impl PersistentMap {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, hash: u32, key: &str) -> Option<&Value> {
        let mut node = &*self.root;
        let mut shift = 0;
        loop {
            match node.items.get(node.find(hash, shift).ok()?)? {
                Item::Leaf(leaf) => return (*leaf.key == *key).then_some(&leaf.value),
                Item::Node(below) => node = below,
                Item::Clash(leaves) => {
                    return leaves
                        .iter()
                        .find(|leaf| *leaf.key == *key)
                        .map(|leaf| &leaf.value);
                }
            }
            shift += BITS;
        }
    }

    /// Puts a value under a key and hands back what was there.
    pub(crate) fn insert(&mut self, hash: u32, key: &SmolStr, value: Value) -> Option<Value> {
        let old = Arc::make_mut(&mut self.root).insert(
            Leaf {
                hash,
                key: key.clone(),
                value,
            },
            0,
        );
        if old.is_none() {
            self.len += 1;
        }
        old
    }

    /// Removes a key and hands back what was there.
    pub(crate) fn remove(&mut self, hash: u32, key: &str) -> Option<Value> {
        let old = Arc::make_mut(&mut self.root).remove(hash, key, 0);
        if old.is_some() {
            self.len -= 1;
        }
        old
    }

    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter {
            stack: vec![self.root.items.iter()],
            clash: [].iter(),
        }
    }
}

impl Node {
    /// Where the place of a hash is, or would be.
    fn find(&self, hash: u32, shift: u32) -> Result<usize, usize> {
        let place = 1u32 << ((hash >> shift) & MASK);
        let at = (self.taken & (place - 1)).count_ones() as usize;
        if self.taken & place == 0 {
            Err(at)
        } else {
            Ok(at)
        }
    }

    fn insert(&mut self, new: Leaf, shift: u32) -> Option<Value> {
        let at = match self.find(new.hash, shift) {
            Ok(at) => at,
            Err(at) => {
                self.taken |= 1 << ((new.hash >> shift) & MASK);
                self.items.insert(at, Item::Leaf(new));
                return None;
            }
        };
        let item = &mut self.items[at];
        match item {
            Item::Leaf(leaf) if leaf.key == new.key => {
                Some(mem::replace(&mut leaf.value, new.value))
            }
            Item::Leaf(leaf) => {
                let old = leaf.clone();
                *item = join(old, new, shift + BITS);
                None
            }
            Item::Node(below) => Arc::make_mut(below).insert(new, shift + BITS),
            Item::Clash(leaves) => {
                let leaves = Arc::make_mut(leaves);
                match leaves.iter_mut().find(|leaf| leaf.key == new.key) {
                    Some(leaf) => Some(mem::replace(&mut leaf.value, new.value)),
                    None => {
                        leaves.push(new);
                        None
                    }
                }
            }
        }
    }

    fn remove(&mut self, hash: u32, key: &str, shift: u32) -> Option<Value> {
        let at = self.find(hash, shift).ok()?;
        let item = &mut self.items[at];
        let (old, emptied) = match item {
            Item::Leaf(leaf) if *leaf.key == *key => (leaf.value.clone(), true),
            Item::Leaf(_) => return None,
            Item::Node(below) => {
                let below = Arc::make_mut(below);
                let old = below.remove(hash, key, shift + BITS)?;
                match below.items.as_mut_slice() {
                    [Item::Leaf(last)] => {
                        let last = last.clone();
                        *item = Item::Leaf(last);
                        (old, false)
                    }
                    rest => {
                        let emptied = rest.is_empty();
                        (old, emptied)
                    }
                }
            }
            Item::Clash(leaves) => {
                let leaves = Arc::make_mut(leaves);
                let index = leaves.iter().position(|leaf| *leaf.key == *key)?;
                let old = leaves.remove(index).value;
                if let [last] = leaves.as_slice() {
                    let last = last.clone();
                    *item = Item::Leaf(last);
                }
                (old, false)
            }
        };
        if emptied {
            self.items.remove(at);
            self.taken &= !(1 << ((hash >> shift) & MASK));
        }
        Some(old)
    }
}

/// The smallest tree that holds two leaves, from a depth on.
fn join(a: Leaf, b: Leaf, shift: u32) -> Item {
    if a.hash == b.hash || shift >= u32::BITS {
        return Item::Clash(Arc::new(vec![a, b]));
    }
    let (place_a, place_b) = ((a.hash >> shift) & MASK, (b.hash >> shift) & MASK);
    let node = if place_a == place_b {
        Node {
            taken: 1 << place_a,
            items: vec![join(a, b, shift + BITS)],
        }
    } else {
        let taken = (1 << place_a) | (1 << place_b);
        let (a, b) = (Item::Leaf(a), Item::Leaf(b));
        let items = if place_a < place_b {
            vec![a, b]
        } else {
            vec![b, a]
        };
        Node { taken, items }
    };
    Item::Node(Arc::new(node))
}

pub(crate) struct Iter<'a> {
    stack: Vec<slice::Iter<'a, Item>>,
    clash: slice::Iter<'a, Leaf>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a SmolStr, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(leaf) = self.clash.next() {
                return Some((&leaf.key, &leaf.value));
            }
            match self.stack.last_mut()?.next() {
                None => drop(self.stack.pop()),
                Some(Item::Leaf(leaf)) => return Some((&leaf.key, &leaf.value)),
                Some(Item::Node(below)) => self.stack.push(below.items.iter()),
                Some(Item::Clash(leaves)) => self.clash = leaves.iter(),
            }
        }
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn contents(map: &PersistentMap) -> BTreeMap<String, u32> {
        map.iter()
            .map(|(key, value)| (key.to_string(), value.to::<u32>().unwrap()))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// Hashes are squeezed to few bits at both ends, so that paths are deep and clashes happen.
        #[test]
        fn it_is_a_map_and_old_versions_stay(
            steps in prop::collection::vec((0u32..64, 0u32..6, any::<bool>()), 0..200),
        ) {
            let mut map = PersistentMap::default();
            let mut model = BTreeMap::new();
            let mut versions = Vec::new();
            for (number, squeeze, insert) in steps {
                let key: SmolStr = format!("k{number}").into();
                let hash = match number % 3 {
                    0 => number % 4,
                    1 => (number % 8) << 29,
                    _ => number.wrapping_mul(0x9E37_79B9),
                };
                prop_assert_eq!(map.get(hash, &key).and_then(|v| v.to::<u32>().ok()), model.get(&*key).copied());
                let old = if insert {
                    (map.insert(hash, &key, Value::new(squeeze)), model.insert(key.to_string(), squeeze))
                } else {
                    (map.remove(hash, &key), model.remove(&*key))
                };
                prop_assert_eq!(old.0.and_then(|v| v.to::<u32>().ok()), old.1);
                prop_assert_eq!(map.len(), model.len());
                versions.push((map.clone(), model.clone()));
            }
            for (map, model) in versions {
                prop_assert_eq!(contents(&map), model);
            }
        }
    }
}
