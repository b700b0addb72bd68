//! [`Edit`]: a write that says which place it changes; and what is kept of it for the next one.

use super::{
    copy::Ahead,
    course::Path,
    diff::Diff,
    root::{Root, Told},
    track::Track,
};
use crate::{
    store::Triggers,
    value::{Value, is_content},
};
use reactive_graph::graph::untrack;
use std::{mem, sync::Arc};

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
    Track(Arc<Track>),
}

impl EditAt {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Path(path) => path,
            Self::Track(track) => &track.path,
        }
    }
}

impl Told {
    fn knows(&self, stored: &Value) -> bool {
        !self.comparing && is_content(self.value.as_ref(), Some(stored))
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> Root<V> {
    /// What is equal to `base` and nobody else has, if there is such a value.
    pub(super) fn take_spare(&self, base: Option<&Value>) -> Option<Value> {
        let mut told = crate::lock(&self.told);
        if told.comparing || !is_content(told.value.as_ref(), base) {
            return None;
        }
        told.spare.take()
    }

    /// Says what a write is about to change, to whoever will compare.
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
            self.keep_as(old, &new, &path);
        }
    }

    /// Makes a value equal to `stored`, from which it differs at the end of `path` at most, and keeps
    /// it for the next write: if readers know of `stored`, and nobody has the value any more.
    pub(super) fn keep_as(&self, mut value: Value, stored: &Value, path: &Path) {
        if !self.is_told(stored) {
            return;
        }
        let (held, _) = self.shape.read(Some(stored));
        let take_over = |spare: &mut V| spare.take_over(&held, &mut Ahead::new(path));
        let spare = untrack(|| match self.shape.alone_as()(&mut value) {
            Some(spare) => take_over(spare).then_some(value),
            None => {
                let mut spare = self.shape.take(value)?;
                let is_equal = take_over(&mut spare);
                self.shape.store(spare).filter(|_| is_equal)
            }
        });
        if let Some(spare) = spare {
            self.put_spare(spare, stored);
        }
    }

    fn is_told(&self, stored: &Value) -> bool {
        crate::lock(&self.told).knows(stored)
    }

    /// Keeps what is equal to `stored` for the next write, if readers know of that.
    pub(super) fn put_spare(&self, spare: Value, stored: &Value) {
        let mut told = crate::lock(&self.told);
        if told.knows(stored) {
            let outdated = told.spare.replace(spare);
            drop(told);
            drop(outdated);
        }
    }

    /// Tells of the write that was announced, if that is all that differs and who reads the place is
    /// known. Hands out what is to be dropped outside of the lock.
    pub(super) fn follow(
        &self,
        told: &mut Told,
        new: Option<&Value>,
        triggers: &mut Triggers,
    ) -> Option<impl Sized + use<V>> {
        let Edit { at, .. } = told.edit.as_ref().filter(|edit| {
            is_content(told.value.as_ref(), Some(&edit.old)) && is_content(new, Some(&edit.new))
        })?;
        let EditAt::Track(track) = at else {
            return None;
        };
        let by_index = told.keys.is_none() && self.is_by_index();
        if !by_index || !track.tell(triggers) {
            return None;
        }
        told.age += 1;
        let outdated = mem::replace(&mut told.value, new.cloned());
        Some((
            outdated,
            told.edit.take(),
            told.other.take(),
            told.spare.take(),
        ))
    }
}
