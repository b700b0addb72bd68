//! What the host has told and is not taken in yet.

use crate::{
    edge::page::wire::{Computed, Entry, Estate, Push, State},
    mfe::{Mfe, RulesImage},
    store::ThisThread,
};
use std::{collections::VecDeque, sync::Mutex};

/// Takes what comes in its order, also where taking in one thing makes the next come.
#[derive(Default)]
pub(super) struct Inbox(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    items: VecDeque<Item>,
    /// Whether the state has come with which the guest begins.
    has_begun: bool,
    /// The thread that takes in, and how often it is at it.
    taking: Option<(ThisThread, usize)>,
}

pub(super) enum Item {
    State(State),
    Entry(Entry),
    Registry(Vec<Mfe>),
    Rules(RulesImage),
    /// The ids of all keys that are computed elsewhere.
    Listed(Vec<u64>),
    Computed(Vec<Computed>),
    /// A message begins.
    Begun,
    /// It has ended.
    Ended,
    /// What the host has left, if the page has had an edge.
    Closed(Option<Box<Estate>>),
}

impl Inbox {
    /// Another host is about to tell: what the last one told does not count.
    pub(super) fn open(&self) {
        let state = &mut *crate::lock(&self.0);
        state.items.clear();
        state.has_begun = false;
    }

    /// Begins with a state, before what has come since it was read.
    pub(super) fn begin(&self, from: State) {
        let state = &mut *crate::lock(&self.0);
        state.items.push_front(Item::State(from));
        state.has_begun = true;
    }

    pub(super) fn put(&self, push: Push) {
        let ids = |all: &Vec<Computed>| all.iter().map(|one| one.id).collect();
        let items = &mut crate::lock(&self.0).items;
        items.push_back(Item::Begun);
        // What is not computed any more may have been stored since, and what is computed now before.
        items.extend(push.computed.as_ref().map(ids).map(Item::Listed));
        items.extend(push.entries.into_iter().map(Item::Entry));
        items.extend(push.registry.map(Item::Registry));
        items.extend(push.rules.map(Item::Rules));
        items.extend(push.computed.map(Item::Computed));
        items.push_back(Item::Ended);
        let estate = push.estate.map(Box::new);
        items.extend(push.closed.then_some(Item::Closed(estate)));
    }

    /// Makes this the thread that takes in, unless another is.
    pub(super) fn take_turns(&self) -> Option<Taking<'_>> {
        let state = &mut *crate::lock(&self.0);
        let this = ThisThread::get();
        let depth = match state.taking {
            Some((thread, depth)) if thread == this => depth,
            Some(_) => return None,
            None => 0,
        };
        state.taking = Some((this, depth + 1));
        Some(Taking(self))
    }

    /// The next in line. With none left, this thread takes in no more, so that whoever brings more
    /// from now on does.
    pub(super) fn next(&self) -> Option<Item> {
        let state = &mut *crate::lock(&self.0);
        let item = match state.has_begun {
            true => state.items.pop_front(),
            false => None,
        };
        if item.is_none() {
            state.taking = state.taking.filter(|(_, depth)| *depth > 1);
        }
        item
    }
}

/// Lets others take in again, also when this thread panics.
pub(super) struct Taking<'a>(&'a Inbox);

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        let state = &mut *crate::lock(&self.0.0);
        let this = ThisThread::get();
        state.taking = match state.taking {
            Some((thread, depth)) if thread == this && depth > 1 => Some((thread, depth - 1)),
            Some((thread, _)) if thread == this => None,
            // Another thread is at it by now.
            other => other,
        };
    }
}
