//! The writes of an open batch, which nobody else sees yet.

use super::{
    computed::Node,
    guest::{Drafting, Naming},
    inner::Deferred,
    slot::Slot,
    transaction::Write,
};
use crate::{change::Stamp, value::Value};
use hashbrown::HashTable;
use rustc_hash::FxHashMap;
use std::{any::Any, cell::Cell, mem::take, sync::Arc};

/// The keys that a batch read, with the sequence number of what it saw.
pub(crate) type Reads = FxHashMap<usize, (Arc<Slot>, u64)>;

#[derive(Default)]
pub(crate) struct Draft {
    /// At most one write a key, in the order of first write. `old` is filled in at commit.
    pub(crate) writes: Vec<Write>,
    index: Index,
    pub(crate) reads: Reads,
    /// Computed keys that end with the batch.
    pub(crate) naming: Vec<Box<dyn Naming>>,
    /// Whether an effect or a memo saw what the batch wrote.
    pub(crate) observed: bool,
    /// What is to be done when the batch has ended, well or not.
    pub(crate) after: Vec<Deferred>,
    /// How to undo each write since the innermost nested batch began.
    undo: Vec<Undo>,
    nested: usize,
    /// Grows when what the batch has written changes.
    revision: u64,
    computed: FxHashMap<usize, Kept>,
}

/// A computed value as it follows from a batch.
pub(crate) struct Kept {
    /// So that no other comes to its address.
    _node: Arc<dyn Node>,
    /// The revision of the batch and the sequence number of the last commit.
    seen: (u64, u64),
    value: Arc<dyn Any + Send + Sync>,
}

pub(crate) enum Undo {
    Remove,
    Put(usize, Option<Value>, Stamp),
}

/// Where in a draft a nested batch began.
#[derive(Clone, Copy)]
pub(crate) struct Savepoint(usize);

/// The most writes for which memory is kept.
const MAX_SPARE: usize = 4_096;

thread_local! {
    /// A draft that has ended, for the memory that it has.
    static SPARE: Cell<Option<Box<Draft>>> = const { Cell::new(None) };
}

impl Draft {
    /// A draft without any writes.
    pub(crate) fn begin() -> Box<Self> {
        let spare = SPARE.try_with(Cell::take);
        spare.ok().flatten().unwrap_or_default()
    }

    /// Keeps the memory of a draft that has ended, for the next of this thread. Nothing is dropped but
    /// what is left in it.
    pub(crate) fn end(mut self: Box<Self>) {
        if self.writes.capacity() > MAX_SPARE {
            return;
        }
        let (mut writes, mut index) = (take(&mut self.writes), take(&mut self.index));
        writes.clear();
        index.clear();
        *self = Self {
            writes,
            index,
            ..Self::default()
        };
        // A thread that ends needs no memory.
        let _ = SPARE.try_with(|spare| spare.set(Some(self)));
    }
}

/// Finds the writes of a draft by the addresses of their slots: their places among the writes.
#[derive(Default)]
struct Index(HashTable<u32>);

impl Index {
    /// Where a slot is among the writes.
    #[inline]
    fn find(&self, writes: &[Write], slot: &Arc<Slot>) -> Option<usize> {
        let is_it = |at: &u32| {
            let write = writes.get(*at as usize);
            write.is_some_and(|write| Arc::ptr_eq(&write.slot, slot))
        };
        Some(*self.0.find(hash(slot), is_it)? as usize)
    }

    /// Adds the last of the writes, which was not found.
    #[inline]
    fn add_last(&mut self, writes: &[Write]) {
        if let Some((at, write)) = writes.iter().enumerate().next_back() {
            let hash_of = |at: &u32| {
                writes
                    .get(*at as usize)
                    .map_or(0, |write| hash(&write.slot))
            };
            self.0.insert_unique(hash(&write.slot), at as u32, hash_of);
        }
    }

    fn remove_last(&mut self, writes: &[Write]) {
        if let Some((last, write)) = writes.iter().enumerate().next_back() {
            let is_it = |at: &u32| *at as usize == last;
            if let Ok(entry) = self.0.find_entry(hash(&write.slot), is_it) {
                entry.remove();
            }
        }
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

/// Slots that were made one after the other lie at even distances, which a product spreads.
fn hash(slot: &Arc<Slot>) -> u64 {
    (address(slot) as u64)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(u32::BITS)
}

fn address<T: ?Sized>(of: &Arc<T>) -> usize {
    Arc::as_ptr(of).addr()
}

impl Drafting for Draft {
    fn draft(&mut self) -> &mut Draft {
        self
    }

    fn into_draft(self: Box<Self>) -> Box<Draft> {
        self
    }

    fn content(&self, slot: &Arc<Slot>) -> Option<Option<Value>> {
        let at = self.index.find(&self.writes, slot)?;
        Some(self.writes.get(at)?.new.clone())
    }

    fn read(&mut self, slot: &Arc<Slot>, sequence: u64) {
        self.reads
            .entry(address(slot))
            .or_insert_with(|| (Arc::clone(slot), sequence));
    }

    fn put(&mut self, slot: &Arc<Slot>, new: Option<Value>, stamp: &Stamp) -> Option<Value> {
        self.revision += 1;
        if let Some(at) = self.index.find(&self.writes, slot)
            && let Some(write) = self.writes.get_mut(at)
        {
            let old = std::mem::replace(&mut write.new, new);
            let old_stamp = std::mem::replace(&mut write.stamp, stamp.clone());
            if self.nested > 0 {
                self.undo.push(Undo::Put(at, old.clone(), old_stamp));
            }
            return old;
        }
        self.writes.push(Write {
            slot: Arc::clone(slot),
            old: None,
            new,
            stamp: stamp.clone(),
            rewritten: false,
        });
        self.index.add_last(&self.writes);
        if self.nested > 0 {
            self.undo.push(Undo::Remove);
        }
        None
    }

    fn observe(&mut self) {
        self.observed = true;
    }
}

impl Draft {
    /// What a computed value came to, if nothing was written since.
    pub(crate) fn computed(
        &self,
        node: &Arc<dyn Node>,
        clock: u64,
    ) -> Option<Arc<dyn Any + Send + Sync>> {
        let kept = self.computed.get(&address(node))?;
        (kept.seen == (self.revision, clock)).then(|| Arc::clone(&kept.value))
    }

    /// Keeps what a computed value came to. Hands back what it replaces, to be dropped outside of
    /// any borrow.
    #[must_use]
    pub(crate) fn keep_computed(
        &mut self,
        node: Arc<dyn Node>,
        clock: u64,
        value: Arc<dyn Any + Send + Sync>,
    ) -> Option<Kept> {
        let kept = Kept {
            seen: (self.revision, clock),
            value,
            _node: Arc::clone(&node),
        };
        self.computed.insert(address(&node), kept)
    }

    /// A nested batch begins.
    pub(crate) fn nest(&mut self) -> Savepoint {
        self.nested += 1;
        Savepoint(self.undo.len())
    }

    /// A nested batch ends well: what it wrote belongs to the batch around it. Hands out what is
    /// no longer needed to undo it, to be dropped outside of any borrow.
    #[must_use]
    pub(crate) fn keep(&mut self) -> Vec<Undo> {
        self.nested -= 1;
        match self.nested {
            0 => std::mem::take(&mut self.undo),
            _ => Vec::new(),
        }
    }

    /// A nested batch failed: what it wrote is taken back, and handed out to be dropped.
    #[must_use]
    pub(crate) fn roll_back(&mut self, to: Savepoint) -> Vec<(Arc<Slot>, Option<Value>)> {
        self.nested -= 1;
        self.revision += 1;
        let mut dropped = Vec::new();
        for undo in self.undo.drain(to.0..).rev() {
            match undo {
                Undo::Remove => {
                    self.index.remove_last(&self.writes);
                    if let Some(write) = self.writes.pop() {
                        dropped.push((write.slot, write.new));
                    }
                }
                Undo::Put(at, value, stamp) => {
                    let write = &mut self.writes[at];
                    let undone = std::mem::replace(&mut write.new, value);
                    dropped.push((Arc::clone(&write.slot), undone));
                    write.stamp = stamp;
                }
            }
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::Draft;
    use crate::{
        Value,
        change::Stamp,
        store::{guest::Drafting, slot::Slot},
    };
    use std::sync::Arc;

    fn number(draft: &Draft, slot: &Arc<Slot>) -> Option<i32> {
        draft.content(slot).flatten()?.to().ok()
    }

    #[test]
    fn a_draft_finds_what_was_written_and_nothing_that_was_taken_back() {
        let slots: Vec<_> = (0..600).map(|_| Slot::hidden("")).collect();
        let (kept, undone) = slots.split_at(350);
        // The second takes the memory of the first, and the third, after so few, hardly any.
        for most in [slots.len(), 3, slots.len()] {
            let mut draft = Draft::begin();
            let put = |draft: &mut Draft, slots: &[Arc<Slot>], value: i32| {
                for slot in slots.iter().take(most) {
                    draft.put(slot, Some(Value::new(value)), &Stamp::LOCAL);
                }
            };
            let hold = |draft: &Draft, slots: &[Arc<Slot>], value: i32| {
                let mut slots = slots.iter().take(most);
                slots.all(|slot| number(draft, slot) == Some(value))
            };
            put(&mut draft, kept, 1);
            let savepoint = draft.nest();
            put(&mut draft, kept, 2);
            put(&mut draft, undone, 2);
            assert!(hold(&draft, undone, 2));
            drop(draft.roll_back(savepoint));
            assert!(hold(&draft, kept, 1));
            assert!(undone.iter().all(|slot| draft.content(slot).is_none()));
            put(&mut draft, undone, 3);
            put(&mut draft, kept, 4);
            assert!(hold(&draft, undone, 3));
            assert!(hold(&draft, kept, 4));
            assert_eq!(
                draft.writes.len(),
                most.min(kept.len()) + most.min(undone.len())
            );
            draft.end();
        }
        let draft = Draft::begin();
        assert!(slots.iter().all(|slot| draft.content(slot).is_none()));
    }
}
