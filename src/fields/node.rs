//! The places inside of a value that somebody reads, as a tree.

use crate::store::{Dependence, ReaderSource, Readers, Triggers, track};
use reactive_graph::{
    graph::Observer,
    signal::{ArcTrigger, guards::WriteGuard},
};
use reactive_stores::{KeyMap, StoreField, StoreFieldTrigger, StorePath, StorePathSegment};
use std::{
    collections::BTreeMap,
    fmt,
    hash::{Hash, Hasher},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

/// The nodes below a node, by index of field or item. Shared, so that a walk goes over what was
/// there when it began and holds no lock.
pub(super) type Children = Arc<BTreeMap<usize, Arc<Node>>>;

/// A place inside of a value.
#[derive(Default)]
pub(super) struct Node {
    /// Those who read this very place.
    readers: OnceLock<Box<Mutex<Readers<StoreFieldTrigger>>>>,
    /// Those who may turn out not to, each by a dependence that can be taken back.
    apart: Mutex<Vec<Alone>>,
    /// Whether there may be such.
    has_apart: AtomicBool,
    children: Mutex<Children>,
    /// Whether it is in the tree no more.
    is_gone: AtomicBool,
}

/// A field tracks two triggers. That of the place itself is the reader's.
impl ReaderSource for StoreFieldTrigger {
    fn trigger(source: &mut Option<Self>) -> ArcTrigger {
        // The parts can be had only as a field gets them.
        let parts = Parts(source.get_or_insert_default());
        match parts.triggers_for_path(StorePath::new()).as_slice() {
            [_, this] => this.clone(),
            _ => ArcTrigger::default(),
        }
    }
}

/// A field without a value, to get at the parts of a trigger.
struct Parts<'t>(&'t StoreFieldTrigger);

impl StoreField for Parts<'_> {
    type Value = ();
    type Reader = Box<()>;
    type Writer = WriteGuard<ArcTrigger, Box<()>>;

    fn get_trigger(&self, _: StorePath) -> StoreFieldTrigger {
        self.0.clone()
    }

    fn get_trigger_unkeyed(&self, _: StorePath) -> StoreFieldTrigger {
        self.0.clone()
    }

    fn path(&self) -> impl IntoIterator<Item = StorePathSegment> {
        std::iter::empty()
    }

    fn reader(&self) -> Option<Self::Reader> {
        None
    }

    fn writer(&self) -> Option<Self::Writer> {
        None
    }

    fn keys(&self) -> Option<KeyMap> {
        None
    }
}

struct Alone {
    id: usize,
    dependence: Arc<Dependence>,
}

/// A reader that depends on a place in a way that can be taken back.
#[derive(Debug)]
pub(super) struct Apart {
    node: Arc<Node>,
    id: usize,
}

impl Apart {
    /// It was none.
    pub(super) fn undo(self) {
        let mut apart = crate::lock(&self.node.apart);
        apart.retain(|alone| alone.id != self.id);
    }

    /// It was one, and is made to depend by `track` instead, unless that is too late.
    pub(super) fn confirm(self, track: impl FnOnce()) {
        let observer = Observer::get();
        let is_its_own = |alone: &Alone| {
            alone.id == self.id
                && observer
                    .as_ref()
                    .is_some_and(|observer| alone.dependence.reader() == observer)
        };
        let in_time = crate::lock(&self.node.apart).iter().any(is_its_own);
        match in_time {
            true => {
                track();
                self.undo();
            }
            false => self.keep(),
        }
    }

    /// It was one. What it depended on before, in the same way, is not needed any more.
    pub(super) fn keep(self) {
        let mut apart = crate::lock(&self.node.apart);
        let this = apart.iter().find(|alone| alone.id == self.id);
        if let Some(this) = this.map(|alone| Arc::clone(&alone.dependence)) {
            let is_older =
                |alone: &Alone| alone.id < self.id && alone.dependence.reader() == this.reader();
            apart.retain(|alone| alone.dependence.is_here() && !is_older(alone));
        }
    }
}

impl Node {
    /// Makes the running effect or memo depend on this place.
    pub(super) fn track(&self) {
        track(self.readers());
    }

    /// What a field has to track, so that the running effect or memo depends on this place; `None` if
    /// none is running.
    pub(super) fn to_track(&self) -> Option<StoreFieldTrigger> {
        let observer = Observer::get()?;
        let mut readers = crate::lock(self.readers());
        let reader = readers.reader(&observer);
        // Before the field does: it finds the reader subscribed, and makes this a source.
        drop(reader.subscribed());
        Some(reader.source_or(StoreFieldTrigger::default))
    }

    fn readers(&self) -> &Mutex<Readers<StoreFieldTrigger>> {
        self.readers.get_or_init(Box::default)
    }

    /// As [`Node::track`], in a way that can be taken back.
    pub(super) fn track_apart(self: &Arc<Self>) -> Option<Apart> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let observer = Observer::get()?;
        let dependence = crate::lock(self.readers()).reader(&observer).apart();
        dependence.track();
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let alone = Alone { id, dependence };
        let mut apart = crate::lock(&self.apart);
        self.has_apart.store(true, Ordering::Release);
        apart.push(alone);
        drop(apart);
        let node = Arc::clone(self);
        Some(Apart { node, id })
    }

    /// Whether somebody reads this very place.
    pub(super) fn is_read(&self) -> bool {
        self.readers.get().is_some_and(|readers| {
            !crate::lock(readers).is_empty()
                || self.has_apart() && !crate::lock(&self.apart).is_empty()
        })
    }

    fn has_apart(&self) -> bool {
        self.has_apart.load(Ordering::Acquire)
    }

    pub(super) fn is_gone(&self) -> bool {
        self.is_gone.load(Ordering::Acquire)
    }

    /// Takes nodes below this one out of the tree, and out of what a walk went over.
    pub(super) fn remove(&self, is_gone: impl Fn(&usize) -> bool) {
        let mut children = crate::lock(&self.children);
        Arc::make_mut(&mut children).retain(|index, child| {
            let goes = is_gone(index);
            if goes {
                child.leave();
            }
            !goes
        });
    }

    /// It is in the tree no more, and neither is what is below it, now or later.
    fn leave(&self) {
        self.is_gone.store(true, Ordering::Release);
        self.children().values().for_each(|child| child.leave());
    }

    fn below(&self) -> Arc<Self> {
        Arc::new(Self {
            is_gone: AtomicBool::new(self.is_gone()),
            ..Self::default()
        })
    }

    pub(super) fn has_children(&self) -> bool {
        !crate::lock(&self.children).is_empty()
    }

    /// Whether somebody reads this place or one inside of it.
    pub(super) fn is_in_use(&self) -> bool {
        self.is_read() || self.has_children()
    }

    /// Adds the readers of this place.
    #[inline]
    pub(super) fn tell(&self, triggers: &mut Triggers) {
        // Who may turn out not to read it is known too.
        if let Some(readers) = self.readers.get() {
            self.tell_those(readers, triggers);
        }
    }

    fn tell_those(&self, readers: &Mutex<Readers<StoreFieldTrigger>>, triggers: &mut Triggers) {
        crate::lock(readers).tell(|reader| triggers.push(reader));
        if !self.has_apart() {
            return;
        }
        let mut apart = crate::lock(&self.apart);
        self.has_apart.store(false, Ordering::Release);
        let apart = std::mem::take(&mut *apart);
        let told = apart.into_iter();
        triggers.extend(told.map(|alone| alone.dependence.told()));
    }

    pub(super) fn children(&self) -> Children {
        Arc::clone(&crate::lock(&self.children))
    }

    pub(super) fn child(&self, index: usize) -> Option<Arc<Self>> {
        crate::lock(&self.children).get(&index).cloned()
    }

    /// The node of a place below this one, made if need be.
    pub(super) fn at<'p>(
        self: &Arc<Self>,
        path: impl IntoIterator<Item = &'p StorePathSegment>,
    ) -> Arc<Self> {
        let step = |node: Arc<Self>, segment| {
            let mut children = crate::lock(&node.children);
            let below = Arc::make_mut(&mut children).entry(Self::index(segment));
            Arc::clone(below.or_insert_with(|| node.below()))
        };
        path.into_iter().fold(Arc::clone(self), step)
    }

    /// The index that a segment of a path stands for. `reactive_stores` shows it to hashers only.
    pub(super) fn index(segment: &StorePathSegment) -> usize {
        struct Seen(usize);

        impl Hasher for Seen {
            fn write_usize(&mut self, n: usize) {
                self.0 = n;
            }

            fn write(&mut self, bytes: &[u8]) {
                let fold =
                    |n: usize, byte: &u8| n.wrapping_mul(31).wrapping_add(usize::from(*byte));
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

    /// Adds the readers of this place and of all below it.
    pub(super) fn tell_all(&self, triggers: &mut Triggers) {
        self.tell(triggers);
        for child in self.children().values() {
            child.tell_all(triggers);
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_segment_tells_its_index() {
        for n in [0, 1, 300, usize::MAX] {
            assert_eq!(super::Node::index(&n.into()), n);
        }
    }
}
