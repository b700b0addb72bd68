//! [`Readers`]: who is to be told that something has changed.

use crate::few::Few;
#[cfg(any(feature = "fields", feature = "collections"))]
use reactive_graph::graph::{Observer, Subscriber, ToAnySource};
use reactive_graph::{
    graph::{AnySubscriber, ReactiveNode, Source},
    signal::ArcTrigger,
    traits::Notify,
};
#[cfg(any(feature = "fields", feature = "collections"))]
use std::sync::Mutex;
use std::{
    cmp,
    collections::BinaryHeap,
    sync::atomic::{AtomicU64, Ordering},
};

/// More readers have an index.
const MANY: usize = 16;

/// The effects and memos that read something. Of all that changes as one, they are told in the order
/// in which they first read it: a part of a page comes after what decides whether it is there, and a
/// change that takes it away does not run it.
pub(crate) struct Readers<S = ArcTrigger> {
    list: Few<Reader<S>>,
    /// Where in the list each stands, in the order of their addresses, if they are many.
    index: Vec<u32>,
    /// How many there are when those who are gone are looked for.
    limit: usize,
}

pub(crate) struct Reader<S = ArcTrigger> {
    pub(crate) since: Since,
    node: AnySubscriber,
    /// Whether it is a memo that reads whenever it runs, and stays subscribed for as long as it lives.
    pub(crate) follows: bool,
    /// What others have among their sources, and give up when they run. Each has one of its own: one
    /// for all would tell who ran last after those who did not run.
    source: Option<S>,
}

/// What a reader has among its sources.
pub(crate) trait ReaderSource: Default + Clone {
    /// Whether who was told and has not run since is told no more. That takes less time, and an effect
    /// that was paused meanwhile misses what comes after.
    const IS_LIGHT: bool;

    /// That which is notified.
    fn trigger(&self) -> &ArcTrigger;
}

impl ReaderSource for ArcTrigger {
    const IS_LIGHT: bool = false;

    fn trigger(&self) -> &ArcTrigger {
        self
    }
}

/// When somebody first read something, among all who read in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Since(u64);

/// Somebody who is to be told, outside of any lock.
pub(crate) struct Told {
    since: Since,
    to_tell: ToTell,
}

enum ToTell {
    Follower(AnySubscriber),
    Source(ArcTrigger),
    LightSource(ArcTrigger),
}

impl Since {
    fn now() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Told {
    #[cfg(feature = "fields")]
    pub(crate) fn new(since: Since, source: ArcTrigger) -> Self {
        let to_tell = ToTell::LightSource(source);
        Self { since, to_tell }
    }

    pub(crate) fn tell(&self) {
        match &self.to_tell {
            ToTell::Follower(memo) => memo.mark_dirty(),
            ToTell::Source(trigger) => trigger.mark_dirty(),
            ToTell::LightSource(trigger) => trigger.notify(),
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
        self.since.cmp(&other.since)
    }
}

impl PartialOrd for Told {
    fn partial_cmp(&self, other: &Self) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Told {
    fn eq(&self, other: &Self) -> bool {
        self.since == other.since
    }
}

impl Eq for Told {}

/// Makes the running effect or memo one of the readers, until it runs again.
#[cfg(any(feature = "fields", feature = "collections"))]
pub(crate) fn track<S: ReaderSource>(readers: &Mutex<Readers<S>>) {
    if let Some(observer) = Observer::get() {
        let trigger = crate::lock(readers).reader(&observer).subscribed();
        observer.add_source(trigger.to_any_source());
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
    fn to_tell(&self) -> Option<Told> {
        let to_tell = match &self.source {
            _ if self.follows => ToTell::Follower(self.node.clone()),
            Some(source) if S::IS_LIGHT => ToTell::LightSource(source.trigger().clone()),
            Some(source) => ToTell::Source(source.trigger().clone()),
            None => return None,
        };
        let since = self.since;
        Some(Told { since, to_tell })
    }

    /// Subscribes it, and hands out what is to be a source of it.
    pub(crate) fn subscribed(&mut self) -> ArcTrigger {
        let source = self.source.get_or_insert_default().trigger();
        source.add_subscriber(self.node.clone());
        source.clone()
    }
}

impl<S: Clone> Reader<S> {
    /// What it has among its sources, made if need be.
    pub(crate) fn source_or(&mut self, new: impl FnOnce() -> S) -> S {
        self.source.get_or_insert_with(new).clone()
    }
}

impl<S> Reader<S> {
    /// Its memory is taken by nobody else while this refers to it.
    fn is(&self, node: &AnySubscriber) -> bool {
        self.node.0 == node.0
    }

    fn is_here(&self) -> bool {
        self.node.1.strong_count() > 0
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
        let at = *self.index.get(self.place(node))? as usize;
        self.list[at].is(node).then_some(at)
    }

    /// Where it is in the index, or would have to be.
    fn place(&self, node: &AnySubscriber) -> usize {
        let is_before = |at: &u32| self.list[*at as usize].node.0 < node.0;
        self.index.partition_point(is_before)
    }

    fn add(&mut self, node: AnySubscriber) -> usize {
        if self.list.len() >= self.limit {
            self.forget_gone();
            self.limit = 2 * self.list.len().max(MANY / 4);
        }
        self.list.push(Reader {
            since: Since::now(),
            node,
            follows: false,
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
        let place = self.place(&self.list[at].node);
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
