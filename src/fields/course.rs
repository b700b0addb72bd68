//! [`Course`]: the way to the one place at which two values may differ.

use super::{diff::Diff, node::Node, walk::Found};
use crate::store::Triggers;
use smallvec::SmallVec;

/// The indices of fields and items on the way to a place, as in the paths of `reactive_stores`.
pub(super) type Path = SmallVec<[usize; 8]>;

/// The way to a place, as far as it is gone. Items by key are not on it.
pub(super) struct Course {
    path: Path,
    gone: usize,
    /// Whether the readers on the way are told, because the values are known to differ.
    pub(super) tells: bool,
    pub(super) outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The way leads to no place that both values have and know of.
    Lost,
    Same,
    Differs,
}

impl Outcome {
    pub(super) fn of(same: bool) -> Self {
        match same {
            true => Self::Same,
            false => Self::Differs,
        }
    }
}

impl Course {
    fn new(path: &Path, tells: bool) -> Self {
        Self {
            path: path.clone(),
            gone: 0,
            tells,
            outcome: Outcome::Lost,
        }
    }

    pub(super) fn has_arrived(&self) -> bool {
        self.gone == self.path.len()
    }

    /// Takes the next step if it is `to` there, or whereto it is.
    pub(super) fn step(&mut self, to: Option<usize>) -> Option<usize> {
        let next = *self.path.get(self.gone)?;
        if to.is_some_and(|to| to != next) {
            return None;
        }
        self.gone += 1;
        Some(next)
    }

    /// There is only one way.
    pub(super) fn close(&mut self) {
        self.gone = self.path.len();
    }

    /// The way leads into what does not know its parts.
    pub(super) fn end_here(&mut self, same: impl FnOnce() -> bool) {
        self.close();
        self.outcome = match self.tells {
            true => Outcome::Differs,
            false => Outcome::of(same()),
        };
    }
}

/// Whether two values differ at a place, outside of which they do not.
pub(super) fn differ<V: Diff>(old: &V, new: &V, path: &Path) -> Outcome {
    let mut triggers = Triggers::default();
    let mut found = Found::new(&mut triggers);
    found.follow(Course::new(path, false), None, old, new)
}

/// Tells of a place at which two values differ, and outside of which they do not. Whether it could.
pub(super) fn tell<V: Diff>(
    found: &mut Found<'_>,
    root: &Node,
    old: &V,
    new: &V,
    path: &Path,
) -> bool {
    let outcome = found.follow(Course::new(path, true), Some(root), old, new);
    outcome == Outcome::Differs
}
