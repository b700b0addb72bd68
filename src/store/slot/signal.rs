//! Signals: who is to be told that a slot, or the whole store, has changed.

use crate::few::Few;
use hashbrown::HashTable;
use reactive_graph::{
    graph::{AnySubscriber, Observer, ReactiveNode, Source, Subscriber, ToAnySource},
    signal::ArcTrigger,
};
use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

/// With more readers they are found by hash.
const MANY: usize = 16;

/// The effects and memos that read something, told in the order in which they first did: a part of a
/// page comes after what decides whether it is there, and a change that takes it away does not run it.
#[derive(Default)]
pub(crate) struct Signal {
    readers: Few<Reader>,
    /// Where among them each stands, if they are many.
    index: HashTable<u32>,
    /// How many there are when those who are gone are looked for.
    limit: usize,
    /// Whether one of them has read since they were told.
    is_waiting: bool,
}

struct Reader {
    /// When it first read.
    since: Since,
    node: AnySubscriber,
    /// Whether it is a memo that reads whenever it runs, and stays subscribed for as long as it lives.
    follows: bool,
    /// What others have among their sources, and give up when they run: a trigger of their own, which
    /// keeps them in their place. One for all would tell who ran last after those who did not run.
    source: Option<ArcTrigger>,
}

/// Whether a memo follows a slot.
#[cfg(feature = "leptos")]
#[derive(Debug, Default)]
pub(crate) struct Following(AtomicBool);

/// When somebody began to read, among all who read in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Since(u64);

impl Since {
    pub(crate) fn now() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Who is to be told of a change, outside of any lock.
pub(crate) struct Trigger {
    told: Few<Told>,
    /// Whether one of them has read since the last change.
    pub(crate) is_awaited: bool,
}

/// Somebody who is to be told, and stays subscribed.
pub(crate) struct Told {
    since: Since,
    node: Node,
}

enum Node {
    Follower(AnySubscriber),
    Source(ArcTrigger),
}

impl Told {
    pub(crate) fn new(since: Since, source: ArcTrigger) -> Self {
        let node = Node::Source(source);
        Self { since, node }
    }

    fn tell(&self) {
        match &self.node {
            Node::Follower(memo) => memo.mark_dirty(),
            Node::Source(trigger) => trigger.mark_dirty(),
        }
    }
}

impl Trigger {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Told> {
        self.told.iter()
    }

    /// Tells the readers.
    pub(crate) fn notify(&self) {
        self.iter().for_each(Told::tell);
    }
}

/// Tells the readers of several things that have changed as one.
pub(crate) fn tell_in_order<'t>(mut told: impl Iterator<Item = &'t Told>) {
    let Some(first) = told.next() else { return };
    let Some(second) = told.next() else {
        return first.tell();
    };
    let mut all: Vec<_> = [first, second].into_iter().chain(told).collect();
    all.sort_by_key(|told| told.since);
    all.into_iter().for_each(Told::tell);
}

impl Reader {
    /// Its memory is taken by nobody else while this refers to it.
    fn is(&self, node: &AnySubscriber) -> bool {
        self.node.0 == node.0
    }

    fn is_here(&self) -> bool {
        self.node.1.strong_count() > 0
    }

    fn to_tell(&self) -> Option<Told> {
        let node = match &self.source {
            _ if self.follows => Node::Follower(self.node.clone()),
            Some(source) => Node::Source(source.clone()),
            None => return None,
        };
        let since = self.since;
        Some(Told { since, node })
    }
}

impl Signal {
    /// Subscribes an effect or a memo, and hands out what is to be a source of it.
    pub(super) fn tracked_by(&mut self, observer: &AnySubscriber) -> ArcTrigger {
        let reader = self.reader(observer);
        let trigger = reader.source.get_or_insert_with(ArcTrigger::new);
        trigger.add_subscriber(observer.clone());
        trigger.clone()
    }

    /// Subscribes the running memo for as long as it lives, if it is not subscribed yet.
    #[cfg(feature = "leptos")]
    pub(super) fn followed_by(&mut self, following: &Following) {
        if following.0.load(Ordering::Relaxed) {
            self.is_waiting = true;
        } else if let Some(memo) = Observer::get() {
            self.reader(&memo).follows = true;
            following.0.store(true, Ordering::Relaxed);
        }
    }

    /// What is known of a reader, who is about to read.
    fn reader(&mut self, node: &AnySubscriber) -> &mut Reader {
        self.is_waiting = true;
        let at = self.find(node).unwrap_or_else(|| self.add(node.clone()));
        &mut self.readers[at]
    }

    fn find(&self, node: &AnySubscriber) -> Option<usize> {
        if self.readers.len() <= MANY {
            return self.readers.iter().position(|reader| reader.is(node));
        }
        let is_it = |at: &u32| self.readers[*at as usize].is(node);
        self.index.find(hash(node), is_it).map(|at| *at as usize)
    }

    fn add(&mut self, node: AnySubscriber) -> usize {
        if self.readers.len() >= self.limit {
            self.forget_gone();
            self.limit = 2 * self.readers.len().max(MANY / 4);
        }
        self.readers.push(Reader {
            since: Since::now(),
            node,
            follows: false,
            source: None,
        });
        let last = self.readers.len() - 1;
        match last {
            0..MANY => {}
            MANY => self.index_all(),
            _ => self.index_one(last),
        }
        last
    }

    fn forget_gone(&mut self) {
        let before = self.readers.len();
        self.readers.retain(Reader::is_here);
        if before > MANY && self.readers.len() < before {
            self.index_all();
        }
    }

    fn index_all(&mut self) {
        self.index.clear();
        if self.readers.len() > MANY {
            (0..self.readers.len()).for_each(|at| self.index_one(at));
        }
    }

    fn index_one(&mut self, at: usize) {
        let readers = &self.readers;
        let hash_at = |at: &u32| hash(&readers[*at as usize].node);
        let place = at as u32;
        self.index.insert_unique(hash_at(&place), place, hash_at);
    }

    /// Who is to be told, if anyone has read it.
    #[inline]
    pub(super) fn existing(&mut self) -> Option<Trigger> {
        let is_awaited = self.is_tracked();
        self.is_waiting = false;
        self.forget_gone();
        if self.readers.is_empty() {
            return None;
        }
        Some(Trigger {
            told: self.readers.iter().filter_map(Reader::to_tell).collect(),
            is_awaited,
        })
    }

    /// Whether anyone has read it.
    pub(crate) fn is_made(&self) -> bool {
        !self.readers.is_empty()
    }

    /// Whether somebody has read it since it was notified, and is still there.
    pub(super) fn is_tracked(&self) -> bool {
        self.is_waiting && self.readers.iter().any(Reader::is_here)
    }
}

/// A product has mixed its upper half best. (The factor is 2⁶⁴ divided by the golden ratio.)
fn hash(node: &AnySubscriber) -> u64 {
    (node.0 as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(u32::BITS)
}

/// A [`Signal`] of the whole store.
#[derive(Default)]
pub(crate) struct SharedSignal {
    signal: Mutex<Signal>,
    /// Whether anyone ever tracked it.
    used: AtomicBool,
}

impl SharedSignal {
    pub(crate) fn track(&self) {
        if let Some(observer) = Observer::get() {
            self.used.store(true, Ordering::Release);
            let trigger = crate::lock(&self.signal).tracked_by(&observer);
            observer.add_source(trigger.to_any_source());
        }
    }

    /// Whether anyone ever tracked it.
    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Acquire)
    }

    /// Who is to be told, if anyone has read it.
    pub(crate) fn existing(&self) -> Option<Trigger> {
        if !self.is_used() {
            return None;
        }
        crate::lock(&self.signal).existing()
    }

    pub(crate) fn notify(&self) {
        if let Some(trigger) = self.existing() {
            trigger.notify();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{EngineKind, Store};
    use reactive_graph::graph::{
        AnySource, AnySubscriber, ReactiveNode, Source, Subscriber, WithObserver,
    };
    use std::{
        cell::{Cell, RefCell},
        sync::{
            Arc, Mutex, Weak,
            atomic::{AtomicUsize, Ordering},
        },
        thread,
    };

    thread_local! {
        /// What others do while a reader is about to be subscribed.
        static MEANWHILE: Cell<Option<Box<dyn FnOnce()>>> = const { Cell::new(None) };
        /// The numbers of those who were told.
        static TOLD: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
    }

    /// Counts how often it is told, and gives up its sources before it reads, as effects do.
    #[derive(Default)]
    struct Reader {
        number: usize,
        told: AtomicUsize,
        sources: Mutex<Vec<AnySource>>,
    }

    impl Reader {
        fn new(number: usize) -> Arc<Self> {
            Arc::new(Self {
                number,
                ..Self::default()
            })
        }

        fn told(&self) -> usize {
            self.told.load(Ordering::Relaxed)
        }

        fn read(self: &Arc<Self>, read: impl FnOnce()) {
            let this = Arc::downgrade(self) as Weak<dyn Subscriber + Send + Sync>;
            let this = AnySubscriber(Arc::as_ptr(self).addr(), this);
            this.clear_sources(&this);
            this.with_observer(read);
        }
    }

    impl ReactiveNode for Reader {
        fn mark_dirty(&self) {
            self.told.fetch_add(1, Ordering::Relaxed);
            TOLD.with_borrow_mut(|told| told.push(self.number));
        }
        fn mark_check(&self) {}
        fn mark_subscribers_check(&self) {}
        fn update_if_necessary(&self) -> bool {
            false
        }
    }

    impl Subscriber for Reader {
        fn add_source(&self, source: AnySource) {
            crate::lock(&self.sources).push(source);
            if let Some(meanwhile) = MEANWHILE.take() {
                meanwhile();
            }
        }
        fn clear_sources(&self, subscriber: &AnySubscriber) {
            for source in crate::lock(&self.sources).drain(..) {
                source.remove_subscriber(subscriber);
            }
        }
    }

    fn stores() -> impl Iterator<Item = Store> {
        let store = |kind: &EngineKind| {
            let store = Store::builder().engine(*kind).build();
            store.set("n", -1).ok();
            store
        };
        EngineKind::ALL.iter().map(store)
    }

    /// How many readers a store knows.
    fn known(store: &Store) -> usize {
        let n = store.handle::<i32>("n").unwrap();
        let state = crate::lock(&n.slot.state);
        state.rare().map_or(0, |rare| rare.signal.readers.len())
    }

    #[test]
    fn who_reads_is_told_until_it_reads_no_more() {
        for store in stores() {
            let read = || assert!(store.has("n"));
            let [late, here, away] = [0, 1, 2].map(Reader::new);
            late.read(read);
            away.read(read);
            for n in 0..200 {
                here.read(read);
                store.set("n", n).ok();
            }
            assert_eq!(here.told(), 200);
            assert_eq!(late.told(), 200, "as an effect that is paused");
            away.read(|| ());
            store.set("n", -1).ok();
            assert_eq!((late.told(), away.told()), (201, 200));
            assert_eq!(known(&store), 3);
            drop((late, away));
            store.set("n", -2).ok();
            assert_eq!(known(&store), 1, "who is gone is forgotten");
        }
    }

    #[test]
    fn who_came_first_is_told_first_however_many_come_and_go() {
        for store in stores() {
            let readers: Vec<_> = (0..100).map(Reader::new).collect();
            let told = || {
                store.update("n", |n: &mut i32| *n += 1).ok();
                TOLD.take()
            };
            let read = |reader: &Arc<Reader>| reader.read(|| assert!(store.has("n")));
            readers.iter().for_each(read);
            assert_eq!(told(), Vec::from_iter(0..100));
            readers.iter().rev().for_each(read);
            assert_eq!(told(), Vec::from_iter(0..100));
            for kept in [60, 20, 10] {
                let some = || readers.iter().filter(|reader| reader.number % 100 < kept);
                readers.iter().for_each(|reader| reader.read(|| ()));
                some().rev().for_each(read);
                assert_eq!(told(), Vec::from_iter(0..kept));
            }
            let mut few = readers;
            for step in [2, 5] {
                few.retain(|reader| reader.number % step == 0);
                few.iter().rev().for_each(read);
                let numbers: Vec<_> = few.iter().map(|reader| reader.number).collect();
                assert_eq!(told(), numbers);
                assert_eq!(known(&store), numbers.len());
                few.iter().rev().for_each(read);
                assert_eq!(told(), numbers);
            }
        }
    }

    #[test]
    fn readers_that_come_and_go_between_two_writes_are_forgotten() {
        for store in stores() {
            let here: Vec<_> = (0..20).map(Reader::new).collect();
            let read = |reader: &Arc<Reader>| reader.read(|| assert!(store.has("n")));
            here.iter().for_each(read);
            (0..1_000).for_each(|number| read(&Reader::new(number)));
            assert!(known(&store) <= 2 * here.len(), "{}", known(&store));
            here.iter().for_each(read);
            store.set("n", 0).ok();
            assert!(here.iter().all(|reader| reader.told() == 1));
            assert_eq!(known(&store), here.len());
        }
    }

    #[cfg(feature = "leptos")]
    #[test]
    fn who_follows_is_told_each_time() {
        for store in stores() {
            let n = store.handle::<i32>("n").unwrap();
            let (reader, following) = (Reader::new(0), super::Following::default());
            let follow = || drop(n.follow(&following));
            for round in 1..=200 {
                // It may read the key in other ways, too.
                let tracks = round % 3 == 0;
                reader.read(|| {
                    follow();
                    assert!(!tracks || store.has("n"));
                });
                n.set(round).ok();
                assert_eq!(reader.told(), round as usize);
            }
            n.set(-1).ok();
            assert_eq!(reader.told(), 201, "also if it has not run");
            drop(reader);
            n.set(-2).ok();
            assert_eq!(known(&store), 0);
        }
    }

    #[test]
    fn who_is_about_to_be_subscribed_is_told() {
        for store in stores() {
            let late = Reader::new(0);
            let other = store.clone();
            let write = move || thread::spawn(move || other.set("n", 0)).join().is_ok();
            MEANWHILE.set(Some(Box::new(move || assert!(write()))));
            late.read(|| assert!(store.has("n")));
            let before = late.told();
            store.set("n", 1).ok();
            assert!(late.told() > before, "after {before}");
        }
    }
}
