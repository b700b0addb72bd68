//! The places inside of a value that somebody reads, as a tree.

use crate::store::Triggers;
use reactive_graph::{signal::ArcTrigger, traits::Track};
use reactive_stores::{StorePath, StorePathSegment};
use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, OnceLock},
};

/// The nodes below a node, by index of field or item. Shared, so that a walk goes over what was
/// there when it began and holds no lock.
pub(super) type Children = Arc<BTreeMap<usize, Arc<Node>>>;

/// A place inside of a value.
#[derive(Default)]
pub(super) struct Node {
    /// Made when somebody first reads this very place.
    trigger: OnceLock<ArcTrigger>,
    children: Mutex<Children>,
}

impl Node {
    /// Makes the running effect or memo depend on this place.
    pub(super) fn track(&self) {
        self.trigger.get_or_init(ArcTrigger::new).track();
    }

    pub(super) fn trigger(&self) -> Option<&ArcTrigger> {
        self.trigger.get()
    }

    pub(super) fn is_read(&self) -> bool {
        self.trigger.get().is_some() || !self.children().is_empty()
    }

    pub(super) fn children(&self) -> Children {
        Arc::clone(&crate::lock(&self.children))
    }

    pub(super) fn child(&self, index: usize) -> Option<Arc<Self>> {
        crate::lock(&self.children).get(&index).cloned()
    }

    /// The node of a place below this one, made if need be.
    pub(super) fn at(self: &Arc<Self>, path: &StorePath) -> Arc<Self> {
        let step = |node: Arc<Self>, segment| {
            let mut children = crate::lock(&node.children);
            let below = Arc::make_mut(&mut children).entry(index(segment));
            Arc::clone(below.or_default())
        };
        path.into_iter().fold(Arc::clone(self), step)
    }

    /// Puts others in the place of the nodes that a walk went over; what came meanwhile stays.
    pub(super) fn replace(&self, walked: &Children, with: BTreeMap<usize, Arc<Self>>) {
        let mut children = crate::lock(&self.children);
        let mut with = with;
        for (index, child) in children.iter() {
            if !walked.contains_key(index) {
                with.entry(*index).or_insert_with(|| Arc::clone(child));
            }
        }
        *children = Arc::new(with);
    }

    /// Adds the triggers of this place and of all below it.
    pub(super) fn tell_all(&self, triggers: &mut Triggers) {
        triggers.extend(self.trigger().cloned());
        for child in self.children().values() {
            child.tell_all(triggers);
        }
    }
}

/// The index that a segment of a path stands for. `reactive_stores` shows it to hashers only.
fn index(segment: &StorePathSegment) -> usize {
    struct Seen(usize);

    impl Hasher for Seen {
        fn write_usize(&mut self, n: usize) {
            self.0 = n;
        }

        fn write(&mut self, bytes: &[u8]) {
            let fold = |n: usize, byte: &u8| n.wrapping_mul(31).wrapping_add(usize::from(*byte));
            self.0 = bytes.iter().fold(self.0, fold);
        }

        fn finish(&self) -> u64 {
            self.0 as u64
        }
    }

    let mut seen = Seen(0);
    segment.hash(&mut seen);
    seen.0
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_segment_tells_its_index() {
        for n in [0, 1, 300, usize::MAX] {
            assert_eq!(super::index(&n.into()), n);
        }
    }
}
