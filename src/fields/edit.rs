//! [`Edit`]: a write that says which place it changes; and what is kept of it for the next one.

use super::{
    copy::Ahead,
    course::Path,
    diff::Diff,
    node::Node,
    root::{Root, Told},
    track::Follow,
};
use crate::{
    store::{Inner, Triggers},
    value::{Value, is_content},
};
use reactive_graph::graph::untrack;
use reactive_stores::KeyMap;
use std::sync::Arc;

/// A write of a place inside of a value. Outside of it the two do not differ.
pub(super) struct Edit {
    pub(super) old: Value,
    pub(super) new: Value,
    pub(super) at: EditAt,
}

/// Which place that is.
#[derive(Clone)]
pub(super) enum EditAt {
    Path(Path),
    /// The nodes on the way are known.
    Track(Arc<dyn Follow>),
}

impl Edit {
    pub(super) fn values(&self) -> (&Value, &Value) {
        (&self.old, &self.new)
    }
}

impl EditAt {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Path(path) => path,
            Self::Track(track) => track.path(),
        }
    }
}

/// What the next write is made in.
pub(super) struct Spare {
    value: Value,
    /// Where it differs from what is stored, if it does: it was replaced by a write of that place, and
    /// somebody still held it then.
    behind: Option<EditAt>,
}

/// What is to be dropped outside of the lock.
pub(super) type Waste = (
    Option<Value>,
    Option<(Option<Value>, KeyMap)>,
    Option<Spare>,
);

impl Told {
    /// Tells of a write of the place that `track` leads to, if that is all that differs and who reads
    /// the place is known: nobody does by the keys of items, which have these nodes.
    pub(super) fn follow(
        &mut self,
        (old, new): (&Value, &Value),
        track: &dyn Follow,
        by_key: [&Node; 2],
        triggers: &mut Triggers,
    ) -> Option<Waste> {
        let can =
            self.knows(old) && self.keys.is_none() && !by_key.into_iter().any(Node::is_in_use);
        if !can || !track.tell(triggers) {
            return None;
        }
        self.age += 1;
        let outdated = self.value.replace(new.clone());
        Some((outdated, self.other.take(), self.spare.take()))
    }

    fn knows(&self, stored: &Value) -> bool {
        !self.comparing && is_content(self.value.as_ref(), Some(stored))
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> Root<V> {
    /// What is equal to `base` and nobody else has, if there is such a value.
    pub(super) fn take_spare(&self, base: Option<&Value>) -> Option<Value> {
        let spare = {
            let mut told = crate::lock(&self.told);
            if told.comparing || !is_content(told.value.as_ref(), base) {
                return None;
            }
            told.spare.take()?
        };
        let mut value = spare.value;
        let is_equal = spare
            .behind
            .is_none_or(|at| self.bring_up(&mut value, base, at.path()) == Some(true));
        is_equal.then_some(value)
    }

    /// Makes a value equal to `stored`, from which it differs at the end of `path` at most. Returns
    /// whether it could, or `None` if somebody else has the value.
    fn bring_up(&self, value: &mut Value, stored: Option<&Value>, path: &Path) -> Option<bool> {
        let spare = self.shape.alone_as()(value)?;
        let (held, _) = self.shape.read(stored);
        Some(untrack(|| spare.take_over(&held, &mut Ahead::new(path))))
    }

    /// Tells of a write of a place by the commit of this number, if that can be done without comparing,
    /// and without a look at what is stored: if it is the last.
    pub(super) fn follow(
        &self,
        inner: &Inner,
        sequence: u64,
        values: (&Value, &Value),
        track: &dyn Follow,
        triggers: &mut Triggers,
    ) -> bool {
        let mut told = crate::lock(&self.told);
        // Whoever commits from now on takes this lock after it.
        let waste = match inner.is_last(sequence) {
            true => told.follow(values, track, self.by_key_nodes(), triggers),
            false => None,
        };
        drop(told);
        waste.is_some()
    }

    /// Says what a write changes, to whoever will compare.
    pub(super) fn announce(&self, edit: Edit) {
        let outdated = crate::lock(&self.told).edit.replace(edit);
        drop(outdated);
    }

    /// What was announced.
    pub(super) fn take_edit(&self) -> Option<Edit> {
        crate::lock(&self.told).edit.take()
    }

    /// After a write of a path that was announced: what it replaced is kept for the next one.
    pub(super) fn keep(&self) {
        if let Some(Edit {
            old,
            new,
            at: EditAt::Path(path),
        }) = self.take_edit()
        {
            self.keep_as(old, &new, path);
        }
    }

    /// Keeps a value for the next write, if readers know of `stored`, from which it differs at the end
    /// of `path` at most. If nobody else has it, it is made equal at once.
    pub(super) fn keep_as(&self, mut value: Value, stored: &Value, path: Path) {
        if !self.is_told(stored) {
            return;
        }
        match self.bring_up(&mut value, Some(stored), &path) {
            Some(true) => self.put_spare(value, None, stored),
            Some(false) => {}
            None => self.put_spare(value, Some(EditAt::Path(path)), stored),
        }
    }

    fn is_told(&self, stored: &Value) -> bool {
        crate::lock(&self.told).knows(stored)
    }

    /// Keeps a value for the next write, if readers know of `stored`: it is equal to that, or `behind`
    /// it at this place.
    pub(super) fn put_spare(&self, value: Value, behind: Option<EditAt>, stored: &Value) {
        let mut told = crate::lock(&self.told);
        if told.knows(stored) {
            let outdated = told.spare.replace(Spare { value, behind });
            drop(told);
            drop(outdated);
        }
    }
}
