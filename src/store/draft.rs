//! The writes of an open batch, which nobody else sees yet.

use super::{
    computed::Node,
    guest::{Drafting, Naming},
    inner::Deferred,
    slot::Slot,
};
use crate::{change::Stamp, value::Value};
use hashbrown::HashTable;
use rustc_hash::FxHashMap;
use std::{
    any::Any,
    cell::Cell,
    mem::take,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// The keys that a batch read, with the sequence number of what it saw.
pub(crate) type Reads = FxHashMap<usize, (Arc<Slot>, u64)>;

#[derive(Default)]
pub(crate) struct Draft {
    /// At most one a key, in the order of first write.
    pub(crate) writes: Vec<Drafted>,
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

/// What a batch has written to a key.
#[derive(Clone)]
pub(crate) struct Drafted {
    pub(crate) slot: Arc<Slot>,
    pub(crate) new: Option<Value>,
    pub(crate) stamp: Stamp,
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
    pub(crate) fn begin(marks: Option<&Marks>) -> Box<Self> {
        let spare = SPARE.try_with(Cell::take);
        let mut draft: Box<Self> = spare.ok().flatten().unwrap_or_default();
        draft.index.marks = marks.is_some();
        draft
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

/// The right to mark the slots of a store with their places in a draft, which one draft at a time has.
pub(crate) struct Marks<'a>(&'a AtomicBool);

impl<'a> Marks<'a> {
    /// Takes the right, unless the draft of another thread has it.
    pub(crate) fn take(taken: &'a AtomicBool) -> Option<Self> {
        (!taken.swap(true, Ordering::Acquire)).then_some(Self(taken))
    }
}

impl Drop for Marks<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Finds the writes of a draft by their slots: their places among the writes.
///
/// A draft that may marks each slot with its place. What other drafts have left there does no harm: the
/// write at the place is the slot's, or the slot was not written. (Briggs and Torczon, An Efficient
/// Representation for Sparse Sets, 1993.) Others, and who writes more than a mark can say, have a table.
#[derive(Default)]
struct Index {
    marks: bool,
    /// By the addresses of the slots.
    table: HashTable<u32>,
}

impl Index {
    /// Where a slot is among the writes.
    #[inline]
    fn find(&self, writes: &[Drafted], slot: &Arc<Slot>) -> Option<usize> {
        let is_it = |at: usize| {
            let write = writes.get(at);
            write.is_some_and(|write| Arc::ptr_eq(&write.slot, slot))
        };
        if self.marks {
            let at = usize::from(slot.drafted.load(Ordering::Relaxed));
            return is_it(at).then_some(at);
        }
        Some(*self.table.find(hash(slot), |at| is_it(*at as usize))? as usize)
    }

    /// Adds a write of a slot that was not found, the last one of all.
    #[inline]
    fn add_last(&mut self, writes: &[Drafted], at: usize, slot: &Slot) {
        if self.marks
            && let Ok(mark) = u16::try_from(at)
        {
            slot.drafted.store(mark, Ordering::Relaxed);
        } else {
            self.enter(writes, at);
        }
    }

    /// Enters the writes into the table: all of them if there was none, or from a place on.
    #[cold]
    #[inline(never)]
    fn enter(&mut self, writes: &[Drafted], from: usize) {
        let from = if take(&mut self.marks) { 0 } else { from };
        let hash_at = |at: &u32| {
            writes
                .get(*at as usize)
                .map_or(0, |write| hash(&write.slot))
        };
        for at in from as u32..writes.len() as u32 {
            self.table.insert_unique(hash_at(&at), at, hash_at);
        }
    }

    fn remove_last(&mut self, writes: &[Drafted]) {
        if let Some((last, write)) = writes.iter().enumerate().next_back() {
            let is_it = |at: &u32| *at as usize == last;
            if let Ok(entry) = self.table.find_entry(hash(&write.slot), is_it) {
                entry.remove();
            }
        }
    }

    fn clear(&mut self) {
        self.table.clear();
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
        let at = self.writes.len();
        self.writes.push(Drafted {
            slot: Arc::clone(slot),
            new,
            stamp: stamp.clone(),
        });
        self.index.add_last(&self.writes, at, slot);
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
    use super::{Draft, Marks};
    use crate::{
        Value,
        change::Stamp,
        store::{guest::Drafting, slot::Slot},
    };
    use std::{
        collections::HashSet,
        sync::{Arc, atomic::AtomicBool},
    };

    fn number(draft: &Draft, slot: &Arc<Slot>) -> Option<i32> {
        draft.content(slot).flatten()?.to().ok()
    }

    fn put(draft: &mut Draft, slots: &[Arc<Slot>], value: i32) {
        for slot in slots {
            draft.put(slot, Some(Value::new(value)), &Stamp::LOCAL);
        }
    }

    fn hold(draft: &Draft, slots: &[Arc<Slot>], value: i32) -> bool {
        slots.iter().all(|slot| number(draft, slot) == Some(value))
    }

    fn hold_nothing(draft: &Draft, slots: &[Arc<Slot>]) -> bool {
        slots.iter().all(|slot| draft.content(slot).is_none())
    }

    #[test]
    fn a_draft_finds_what_was_written_and_nothing_that_was_taken_back() {
        // More than marks can tell apart.
        let slots: Vec<_> = (0..70_000).map(|_| Slot::hidden("")).collect();
        let taken = AtomicBool::new(false);
        // Each takes the memory of the one before, if that did not have too much.
        for (written, kept) in [(600, 350), (3, 1), (600, 0), (70_000, 65_000), (600, 350)] {
            for is_marking in [true, false, true] {
                let marks = is_marking.then(|| Marks::take(&taken)).flatten();
                assert_eq!(marks.is_some(), is_marking);
                let mut draft = Draft::begin(marks.as_ref());
                assert!(hold_nothing(&draft, &slots));
                let (kept, undone) = slots[..written].split_at(kept);
                put(&mut draft, kept, 1);
                let savepoint = draft.nest();
                put(&mut draft, kept, 2);
                put(&mut draft, undone, 2);
                assert!(hold(&draft, kept, 2) && hold(&draft, undone, 2));
                drop(draft.roll_back(savepoint));
                assert!(hold(&draft, kept, 1) && hold_nothing(&draft, undone));
                put(&mut draft, undone, 3);
                put(&mut draft, kept, 4);
                assert!(hold(&draft, undone, 3) && hold(&draft, kept, 4));
                assert_eq!(draft.writes.len(), written);
                draft.end();
            }
        }
    }

    #[test]
    fn drafts_of_two_threads_find_each_its_own_writes() {
        let slots: Vec<_> = (0..100).map(|_| Slot::hidden("")).collect();
        let taken = AtomicBool::new(false);
        for rounds in 1..4 {
            let marks = Marks::take(&taken);
            assert!(marks.is_some() && Marks::take(&taken).is_none());
            let mut drafts = [Draft::begin(marks.as_ref()), Draft::begin(None)];
            for value in 0..rounds {
                for (n, draft) in drafts.iter_mut().enumerate() {
                    // In another order each time, so that no place is that of another draft by chance.
                    let from = value as usize * 7 + n * 31;
                    put(draft, &slots[from..from + 40], 10 * n as i32 + value);
                }
            }
            for (n, draft) in drafts.into_iter().enumerate() {
                let from = (rounds - 1) as usize * 7 + n * 31;
                assert!(hold(
                    &draft,
                    &slots[from..from + 40],
                    10 * n as i32 + rounds - 1
                ));
                assert!(hold_nothing(&draft, &slots[from + 40..]));
                assert!(hold_nothing(&draft, &slots[..n * 31]));
                let written: HashSet<_> = draft
                    .writes
                    .iter()
                    .map(|it| &*it.slot as *const _)
                    .collect();
                assert_eq!(written.len(), draft.writes.len(), "one write a key");
                draft.end();
            }
        }
    }
}
