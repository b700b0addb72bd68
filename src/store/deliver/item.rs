//! What waits for its delivery, and whom it concerns.

use crate::{
    change::{Change, ChangeSet},
    few::Few,
    store::{
        listen::{Flags, Listener},
        slot::Slot,
    },
    value::same_content,
};
use std::{borrow::Cow, sync::Arc};

/// A set of changes that waits for its delivery. Boxed and used again, so that it is never moved.
#[derive(Default)]
pub(crate) struct Item {
    /// The slots of the changes, in their order.
    pub(crate) slots: Few<Arc<Slot>>,
    pub(crate) changes: ChangeSet,
    pub(crate) audience: Audience,
    /// How many causes lie between these changes and a write that no listener made.
    pub(crate) round: u32,
    /// Whether the key of each change ends where it began; empty if none does.
    pub(crate) restored: Vec<bool>,
    /// The sequence number of the commit that made all of it, if that gave values to keys, to none of
    /// which somebody listened: then it is of interest to those alone who listen to every key.
    pub(crate) unheard: Option<u64>,
}

impl Item {
    /// Finds out which keys end where they began. Only what sums up several writes can.
    pub(super) fn settle(&mut self) {
        let is_restored = |change: &Change| {
            change.is_sum() && same_content(change.old.as_ref(), change.new.as_ref())
        };
        if self.changes.iter().any(is_restored) {
            self.restored = self.changes.iter().map(is_restored).collect();
        }
    }

    pub(super) fn is_restored(&self, at: usize) -> bool {
        self.restored.get(at).is_some_and(|restored| *restored)
    }

    pub(super) fn is_news(&self, at: usize, listener: &Listener) -> bool {
        let told = Told {
            change: &self.changes.changes[at],
            restored: self.is_restored(at),
            audience: self.audience,
        };
        told.is_news(listener)
    }

    /// Some of the changes.
    pub(super) fn some(&self, places: &[usize]) -> Cow<'_, ChangeSet> {
        if places.len() == self.changes.len() {
            return Cow::Borrowed(&self.changes);
        }
        let changes = places.iter().map(|at| self.changes.changes[*at].clone());
        Cow::Owned(ChangeSet {
            changes: changes.collect(),
        })
    }
}

/// What is told of one key, and to whom.
#[derive(Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) change: &'a Change,
    /// Whether the key ends where it began.
    pub(crate) restored: bool,
    pub(crate) audience: Audience,
}

impl<'a> Told<'a> {
    /// A change that does not sum up others.
    pub(crate) fn new(change: &'a Change, audience: Audience) -> Self {
        Self {
            change,
            restored: false,
            audience,
        }
    }

    /// The flags of listeners that have to be asked more before they are called.
    #[inline]
    pub(super) fn unusual(&self) -> u8 {
        if self.restored || is_void(self.change) {
            // Whether it is news has to be asked for each.
            return u8::MAX;
        }
        Flags::ENDED | Flags::MUTED | Flags::SET | Flags::GATED | self.audience.deaf()
    }

    /// Whether it tells a listener anything. A key that ends where it began is news to those alone
    /// who subscribed in between, and may have seen it as it was then.
    pub(super) fn is_news(&self, listener: &Listener) -> bool {
        let change = self.change;
        if is_void(change) && !listener.subject.looks_for_itself() {
            return false;
        }
        listener.since < change.sequence && (!self.restored || listener.since >= change.first())
    }
}

/// Who is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Audience {
    #[default]
    All,
    Sync,
    Batched,
}

impl Audience {
    /// The listeners that are not told, by the flag of their delivery.
    fn deaf(self) -> u8 {
        match self {
            Self::All => 0,
            Self::Sync => Flags::BATCHED,
            Self::Batched => Flags::SYNC,
        }
    }

    pub(super) fn includes(self, listener: &Listener) -> bool {
        !listener.flags.any(self.deaf())
    }
}

/// Whether it only says that a computed key has come or gone: those who listen to the key are told of
/// its value.
pub(super) fn is_void(change: &Change) -> bool {
    change.old.is_none() && change.new.is_none() && !change.is_sum()
}
