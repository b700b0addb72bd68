//! The steps of a history, and how many of them are applied.
//!
//! Everything here runs under the lock of a history, so it compares values by identity alone, and
//! hands out what it lets go in [`Waste`].

use crate::{
    change::{Change, ChangeSet, Stamp},
    key::Name,
    value::Value,
};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;
use std::{mem, sync::Arc};

/// What a step did to one key.
pub(super) struct Entry {
    pub(super) key: SmolStr,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
    stamp: Stamp,
}

impl From<&Change> for Entry {
    fn from(change: &Change) -> Self {
        Self {
            key: change.key.clone(),
            before: change.old.clone(),
            after: change.new.clone(),
            stamp: change.stamp.clone(),
        }
    }
}

/// One transaction, or several that were merged.
pub(super) struct Step {
    /// Grows with each step that is recorded.
    id: u64,
    pub(super) time: u64,
    pub(super) entries: Vec<Entry>,
}

impl Step {
    pub(super) fn source(&self) -> &str {
        self.entries
            .last()
            .map_or("", |entry| entry.stamp.source.as_str())
    }

    /// This step and the one before it as one; `None` if they do not belong together: another key or
    /// another writer.
    fn merged(&self, earlier: &Self, window: u64) -> Option<Self> {
        if self.time.abs_diff(earlier.time) >= window || self.entries.len() != earlier.entries.len()
        {
            return None;
        }
        let known: FxHashMap<&str, &Entry> = earlier
            .entries
            .iter()
            .map(|entry| (&*entry.key, entry))
            .collect();
        let merge = |entry: &Entry| {
            let earlier = known.get(&*entry.key)?;
            let is_one = entry.stamp.origin == earlier.stamp.origin
                && entry.stamp.source.as_str() == earlier.stamp.source.as_str();
            is_one.then(|| Entry {
                key: entry.key.clone(),
                before: earlier.before.clone(),
                after: entry.after.clone(),
                stamp: entry.stamp.clone(),
            })
        };
        Some(Self {
            id: self.id,
            time: self.time,
            entries: self.entries.iter().map(merge).collect::<Option<_>>()?,
        })
    }
}

/// A move that was thought out and is on its way through the pipe.
pub(super) struct Plan {
    /// The source of the writes of this move. Nobody else has this very text in memory.
    pub(super) mark: Arc<str>,
    pub(super) from: usize,
    pub(super) to: usize,
    /// The steps between the two, in the order in which they are gone through.
    pub(super) steps: Vec<Arc<Step>>,
    /// The state of the book that it starts from.
    pub(super) revision: u64,
    next_id: u64,
    cleared: u64,
}

impl Plan {
    pub(super) fn is_back(&self) -> bool {
        self.to < self.from
    }

    fn has(&self, step: &Arc<Step>) -> bool {
        self.steps.iter().any(|other| Arc::ptr_eq(step, other))
    }
}

struct Flight {
    plan: Arc<Plan>,
    /// The keys that the commit changed, once there was one.
    landed: Option<Vec<SmolStr>>,
}

/// What a book let go, to be dropped outside of its lock.
#[derive(Default)]
pub(super) struct Waste {
    pub(super) steps: Vec<Arc<Step>>,
    pub(super) changes: Vec<ChangeSet>,
}

#[derive(Default)]
pub(super) struct Book {
    limit: usize,
    window: u64,
    steps: Vec<Arc<Step>>,
    position: usize,
    flights: Vec<Flight>,
    /// Grows with every change of steps or position.
    revision: u64,
    next_id: u64,
    cleared: u64,
    /// Whether the next step stands for itself, whatever the merge window.
    sealed: bool,
    paused: bool,
    /// Whether there is news for those who track the history.
    pub(super) news: bool,
    pub(super) waste: Waste,
}

impl Book {
    pub(super) fn new(limit: usize, window: u64) -> Self {
        Self {
            limit,
            window,
            ..Self::default()
        }
    }

    pub(super) fn steps(&self) -> &[Arc<Step>] {
        &self.steps
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    pub(super) fn set_paused(&mut self, paused: bool) {
        if self.paused != paused {
            self.paused = paused;
            self.sealed = true;
            self.news = true;
        }
    }

    /// Takes in what a commit changed, if it is a move of this history.
    pub(super) fn land(&mut self, changes: &ChangeSet) -> bool {
        let Some(Name::Shared(mark)) = changes.changes.first().map(|first| &first.stamp.source)
        else {
            return false;
        };
        let own = |flight: &&mut Flight| Arc::ptr_eq(&flight.plan.mark, mark);
        let Some(flight) = self.flights.iter_mut().find(own) else {
            return false;
        };
        let keys = changes.iter().map(|change| change.key.clone());
        flight.landed = Some(keys.collect());
        let plan = Arc::clone(&flight.plan);
        self.settle(&plan);
        true
    }

    /// Takes in what a commit changed: one step, which undoing and writing anew make the last.
    pub(super) fn record(&mut self, time: u64, entries: Vec<Entry>) {
        let mut step = Step {
            id: self.next_id,
            time,
            entries,
        };
        self.next_id += 1;
        self.waste.steps.extend(self.steps.drain(self.position..));
        let merged = self.steps.last().and_then(|earlier| {
            let may_merge = !self.sealed && self.window > 0;
            may_merge
                .then(|| step.merged(earlier, self.window))
                .flatten()
        });
        if let Some(merged) = merged {
            self.waste.steps.extend(self.steps.pop());
            let apart = mem::replace(&mut step, merged);
            self.waste.steps.push(Arc::new(apart));
        }
        self.steps.push(Arc::new(step));
        self.position = self.steps.len();
        self.sealed = false;
        self.trim();
        self.moved();
    }

    /// Takes in what others changed at a time: if it is in a key of the last step, the next stands for
    /// itself, as an undo of both would take back what was written in between.
    pub(super) fn pass<'a>(&mut self, time: u64, mut keys: impl Iterator<Item = &'a SmolStr>) {
        let Some(last) = self.steps.last() else {
            return;
        };
        if self.sealed || time.abs_diff(last.time) >= self.window {
            return;
        }
        self.sealed = match last.entries.as_slice() {
            [entry] => keys.any(|key| *key == entry.key),
            entries => {
                let known: FxHashSet<&SmolStr> = entries.iter().map(|entry| &entry.key).collect();
                keys.any(|key| known.contains(key))
            }
        };
    }

    /// How to get from here to a position.
    pub(super) fn plan(&mut self, to: usize, source: &str) -> Arc<Plan> {
        let (from, to) = (self.position, to.min(self.steps.len()));
        let between = |from, to| self.steps.get(from..to).unwrap_or_default().iter().cloned();
        let plan = Arc::new(Plan {
            mark: source.into(),
            from,
            to,
            steps: match to < from {
                true => between(to, from).rev().collect(),
                false => between(from, to).collect(),
            },
            revision: self.revision,
            next_id: self.next_id,
            cleared: self.cleared,
        });
        self.flights.push(Flight {
            plan: Arc::clone(&plan),
            landed: None,
        });
        plan
    }

    /// Ends a move. The keys that its commit changed; `None` if there was none.
    pub(super) fn end(&mut self, plan: &Arc<Plan>) -> Option<Vec<SmolStr>> {
        let own = |flight: &Flight| Arc::ptr_eq(&flight.plan, plan);
        let at = self.flights.iter().position(own)?;
        self.flights.swap_remove(at).landed
    }

    /// Moves to where a plan leads, if nothing has moved since. For a plan without any write.
    pub(super) fn follow(&mut self, plan: &Plan) -> bool {
        let is_current = self.revision == plan.revision;
        if is_current {
            self.settle(plan);
        }
        is_current
    }

    /// Notes that the steps of a plan were gone through.
    fn settle(&mut self, plan: &Plan) {
        self.sealed = true;
        if self.cleared != plan.cleared {
            return;
        }
        if self.revision == plan.revision {
            self.position = plan.to;
            return self.moved();
        }
        // Other threads recorded or moved between the plan and its commit. They did it in keys that
        // the plan does not touch, or else there was no commit; so the order of their steps and these
        // makes no difference to any key, and becomes one in which the position tells them apart.
        let mut applied = mem::take(&mut self.steps);
        let mut undone = applied.split_off(self.position);
        for steps in [&mut applied, &mut undone] {
            let own = steps.extract_if(.., |step| plan.has(step));
            self.waste.steps.extend(own);
        }
        let is_newer = |step: &Arc<Step>| step.id >= plan.next_id;
        let steps = plan.steps.iter().cloned();
        if !plan.is_back() {
            let at = applied.iter().position(is_newer);
            let at = at.unwrap_or(applied.len());
            applied.splice(at..at, steps);
        } else if self.next_id == plan.next_id {
            undone.splice(..0, steps.rev());
        }
        self.position = applied.len();
        applied.append(&mut undone);
        self.steps = applied;
        self.trim();
        self.moved();
    }

    /// Forgets every step.
    pub(super) fn clear(&mut self) {
        self.sealed = true;
        self.cleared += 1;
        if !self.steps.is_empty() {
            self.waste.steps.append(&mut self.steps);
            self.position = 0;
            self.moved();
        }
    }

    /// Lets the oldest steps go.
    fn trim(&mut self) {
        let over = self.steps.len().saturating_sub(self.limit);
        self.waste.steps.extend(self.steps.drain(..over));
        self.position = self.position.saturating_sub(over);
    }

    fn moved(&mut self) {
        self.revision += 1;
        self.news = true;
    }
}
