//! [`Readers`]: who is to be told that something has changed.

use crate::few::Few;
#[cfg(any(feature = "fields", feature = "collections"))]
use reactive_graph::graph::Observer;
use reactive_graph::{
    graph::{AnySource, AnySubscriber, ReactiveNode, Source, Subscriber, ToAnySource},
    signal::ArcTrigger,
};
#[cfg(any(feature = "fields", feature = "collections"))]
use std::sync::Mutex;
use std::{
    cmp,
    collections::BinaryHeap,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// More readers have an index.
const MANY: usize = 16;

/// The effects and memos that read something. Of all that changes as one, they are told in the order
/// in which they first read it: a part of a page comes after what decides whether it is there, and a
/// change that takes it away does not run it.
pub(crate) struct Readers<S = ()> {
    list: Few<Reader<S>>,
    /// Where in the list each stands, in the order of their addresses, if they are many.
    index: Vec<u32>,
    /// How many there are when those who are gone are looked for.
    limit: usize,
}

pub(crate) struct Reader<S = ()> {
    /// That of its memory, which nobody else takes while it is referred to.
    address: usize,
    dependence: Arc<Dependence>,
    /// What else is kept of it.
    source: Option<S>,
}

/// What readers of one kind have among their sources.
pub(crate) trait ReaderSource: Sized {
    /// The trigger that one of them is subscribed to.
    fn trigger(source: &mut Option<Self>) -> ArcTrigger;
}

impl ReaderSource for () {
    fn trigger(_: &mut Option<Self>) -> ArcTrigger {
        ArcTrigger::default()
    }
}

/// How one reader depends on what it has read. It stands in for the reader among the subscribers of its
/// trigger: as a reader gives up its sources when it is about to run, whether anything refers to this
/// tells whether it is to be told. The trigger itself is never notified, which would copy its list.
pub(crate) struct Dependence {
    since: Since,
    node: AnySubscriber,
    /// Whether it is a memo that reads whenever it runs, and stays subscribed for as long as it lives.
    follows: AtomicBool,
    /// What it has among its sources. Each has one of its own, as a trigger has its own order.
    trigger: OnceLock<ArcTrigger>,
}

/// When somebody first read something, among all who read in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Since(u64);

/// Somebody who is to be told, outside of any lock.
pub(crate) struct Told(Arc<Dependence>);

impl Since {
    fn now() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Dependence {
    fn new(since: Since, node: AnySubscriber) -> Self {
        Self {
            since,
            node,
            follows: AtomicBool::new(false),
            trigger: OnceLock::new(),
        }
    }

    /// Subscribes the reader until it runs again, and hands out what is to be a source of it.
    fn subscribe(self: &Arc<Self>, new: impl FnOnce() -> ArcTrigger) -> AnySource {
        let trigger = self.trigger.get_or_init(new);
        if Arc::weak_count(self) == 0 {
            let this = Arc::downgrade(self) as Weak<dyn Subscriber + Send + Sync>;
            trigger.add_subscriber(AnySubscriber(self.node.0, this));
        }
        trigger.to_any_source()
    }

    /// Subscribes the reader by a trigger of its own.
    #[cfg(feature = "fields")]
    pub(crate) fn track(self: &Arc<Self>) {
        self.node.add_source(self.subscribe(ArcTrigger::default));
    }

    #[cfg(feature = "fields")]
    pub(crate) fn reader(&self) -> &AnySubscriber {
        &self.node
    }

    #[cfg(feature = "fields")]
    pub(crate) fn told(self: Arc<Self>) -> Told {
        Told(self)
    }

    pub(crate) fn is_here(&self) -> bool {
        self.node.1.strong_count() > 0
    }

    /// Whether the reader is to be told.
    fn stands(self: &Arc<Self>) -> bool {
        self.follows.load(Ordering::Relaxed) || Arc::weak_count(self) > 0
    }
}

impl ReactiveNode for Dependence {
    fn mark_dirty(&self) {
        self.node.mark_dirty();
    }

    fn mark_check(&self) {
        self.node.mark_check();
    }

    fn mark_subscribers_check(&self) {}

    fn update_if_necessary(&self) -> bool {
        false
    }
}

impl Subscriber for Dependence {
    fn add_source(&self, _: AnySource) {}

    fn clear_sources(&self, _: &AnySubscriber) {}
}

impl Told {
    pub(crate) fn tell(&self) {
        if self.0.stands() {
            self.0.node.mark_dirty();
        }
    }
}

/// Tells the readers of all that has changed as one.
pub(crate) fn tell_in_order(mut all: Vec<&Told>) {
    // A heap sorts with a fifth of the code of `sort`, and most often there is nothing to sort.
    if !all.is_sorted() {
        all = BinaryHeap::from(all).into_sorted_vec();
    }
    all.into_iter().for_each(Told::tell);
}

impl Ord for Told {
    fn cmp(&self, other: &Self) -> cmp::Ordering {
        self.0.since.cmp(&other.0.since)
    }
}

impl PartialOrd for Told {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Told {
    fn eq(&self, other: &Self) -> bool {
        self.0.since == other.0.since
    }
}

impl Eq for Told {}

/// Makes the running effect or memo one of the readers, until it runs again.
#[cfg(any(feature = "fields", feature = "collections"))]
pub(crate) fn track<S: ReaderSource>(readers: &Mutex<Readers<S>>) {
    if let Some(observer) = Observer::get() {
        let source = crate::lock(readers).reader(&observer).subscribed();
        observer.add_source(source);
    }
}

impl<S> Default for Readers<S> {
    fn default() -> Self {
        Self {
            list: Few::None,
            index: Vec::new(),
            limit: 0,
        }
    }
}

impl<S: ReaderSource> Reader<S> {
    /// Subscribes it, and hands out what is to be a source of it.
    pub(crate) fn subscribed(&mut self) -> AnySource {
        self.dependence.subscribe(|| S::trigger(&mut self.source))
    }
}

impl<S: Clone> Reader<S> {
    /// What else is kept of it, made if need be.
    pub(crate) fn source_or(&mut self, new: impl FnOnce() -> S) -> S {
        self.source.get_or_insert_with(new).clone()
    }
}

impl<S> Reader<S> {
    /// Subscribes it, a memo that reads whenever it runs, for as long as it lives.
    #[cfg(feature = "leptos")]
    pub(crate) fn follow(&mut self) {
        self.dependence.follows.store(true, Ordering::Relaxed);
    }

    /// A further dependence, which can be taken back by itself.
    #[cfg(feature = "fields")]
    pub(crate) fn apart(&self) -> Arc<Dependence> {
        let Dependence { since, node, .. } = &*self.dependence;
        Arc::new(Dependence::new(*since, node.clone()))
    }

    fn is(&self, node: &AnySubscriber) -> bool {
        self.address == node.0
    }

    fn is_here(&self) -> bool {
        self.dependence.is_here()
    }

    fn to_tell(&self) -> Option<Told> {
        let stands = self.dependence.stands();
        stands.then(|| Told(Arc::clone(&self.dependence)))
    }
}

impl<S> Readers<S> {
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of them still is there.
    pub(crate) fn has_any(&self) -> bool {
        self.list.iter().any(Reader::is_here)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// What is known of somebody who is about to read.
    pub(crate) fn reader(&mut self, node: &AnySubscriber) -> &mut Reader<S> {
        let at = self.find(node).unwrap_or_else(|| self.add(node.clone()));
        &mut self.list[at]
    }

    fn find(&self, node: &AnySubscriber) -> Option<usize> {
        if self.list.len() <= MANY {
            return self.list.iter().position(|reader| reader.is(node));
        }
        let at = *self.index.get(self.place(node.0))? as usize;
        self.list[at].is(node).then_some(at)
    }

    /// Where it is in the index, or would have to be.
    fn place(&self, address: usize) -> usize {
        let is_before = |at: &u32| self.list[*at as usize].address < address;
        self.index.partition_point(is_before)
    }

    fn add(&mut self, node: AnySubscriber) -> usize {
        if self.list.len() >= self.limit {
            self.forget_gone();
            self.limit = 2 * self.list.len().max(MANY / 4);
        }
        self.list.push(Reader {
            address: node.0,
            dependence: Arc::new(Dependence::new(Since::now(), node)),
            source: None,
        });
        let last = self.list.len() - 1;
        match last {
            0..MANY => {}
            MANY => self.index_all(),
            _ => self.index_one(last),
        }
        last
    }

    fn forget_gone(&mut self) {
        let before = self.list.len();
        self.list.retain(Reader::is_here);
        if before > MANY && self.list.len() < before {
            self.index_all();
        }
    }

    fn index_all(&mut self) {
        self.index.clear();
        if self.list.len() > MANY {
            (0..self.list.len()).for_each(|at| self.index_one(at));
        }
    }

    fn index_one(&mut self, at: usize) {
        let place = self.place(self.list[at].address);
        self.index.insert(place, at as u32);
    }
}

impl<S: ReaderSource> Readers<S> {
    /// Hands out who is to be told now. Those who are gone are forgotten.
    #[inline]
    pub(crate) fn tell(&mut self, mut add: impl FnMut(Told)) {
        match &*self.list {
            [] => {}
            [only] if only.is_here() => only.to_tell().into_iter().for_each(add),
            _ => {
                self.forget_gone();
                let told = self.list.iter().filter_map(Reader::to_tell);
                told.for_each(&mut add);
            }
        }
    }
}
