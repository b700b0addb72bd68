//! Guards to write, and what is called on their behalf.

use super::{CALLS, Calls, Read, is_parent, observer};
use crate::fields::course::Path;
use reactive_stores::StorePath;
use std::panic::Location;

/// A guard that was taken.
pub(super) struct Guard {
    id: usize,
    observer: usize,
    /// The place that it writes, as far as it is known.
    path: StorePath,
    /// What may have been asked for on its behalf before it was taken.
    before: Vec<Read>,
}

/// A guard that was dropped.
pub(super) struct Written {
    path: StorePath,
    seen: Seen,
}

/// What was called since.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Seen {
    Nothing,
    Path,
    Keys,
    Reader,
}

impl Guard {
    /// How many items by index lie between the place that it is known to write and the next one.
    fn items_to(&self, path: &StorePath) -> Option<usize> {
        let mut here = &self.path;
        for (items, item) in self.before.iter().rev().enumerate() {
            if is_parent(here, path) {
                return Some(items);
            }
            if !item.is_item_of(here) {
                return None;
            }
            here = &item.path;
        }
        is_parent(here, path).then_some(self.before.len())
    }

    pub(super) fn may_ask(&self, path: &StorePath) -> bool {
        self.items_to(path).is_some()
    }

    /// It writes this place, or one inside of it.
    pub(super) fn go_to(&mut self, path: StorePath) {
        for _ in 0..self.items_to(&path).unwrap_or(0) {
            drop(self.before.pop().map(Read::undo));
        }
        // A field that asks now did not ask before.
        if let Some(read) = self.before.pop_if(|read| read.path == path) {
            read.leave();
        }
        self.path = path;
    }

    /// All its fields have asked.
    fn complete(&mut self) {
        while let Some(item) = self.before.pop_if(|item| item.is_item_of(&self.path)) {
            self.path = item.undo().0;
        }
        self.before.drain(..).for_each(Read::leave);
    }
}

impl Written {
    /// Whether a trigger is asked for to notify: a keyed collection does so once it has been written.
    pub(super) fn notifies(&self, path: &StorePath) -> bool {
        self.seen == Seen::Reader && self.path == *path
    }
}

impl Calls {
    /// Notes what is called after a guard was dropped.
    pub(super) fn saw(&self, now: Seen) {
        let mut written = self.written.borrow_mut();
        if let Some(what) = &mut *written {
            match (what.seen, now) {
                (Seen::Nothing, Seen::Path)
                | (Seen::Path, Seen::Keys)
                | (Seen::Keys, Seen::Reader) => {
                    what.seen = now;
                }
                (Seen::Nothing, _) | (Seen::Path, Seen::Reader) => *written = None,
                _ => {}
            }
        }
    }

    /// The guard that was taken last, if its fields may still ask.
    pub(super) fn taken<R>(&self, observer: usize, f: impl FnOnce(&mut Guard) -> R) -> Option<R> {
        let id = self.taken.get()?;
        let mut guards = self.guards.borrow_mut();
        let taken = |guard: &&mut Guard| guard.id == id && guard.observer == observer;
        guards.iter_mut().find(taken).map(f)
    }
}

/// A guard to write, as the calls see it.
#[derive(Debug)]
pub(in crate::fields) struct Taken {
    id: usize,
    /// Whether an effect or a memo took it.
    observed: bool,
}

impl Taken {
    /// A field takes a guard.
    #[track_caller]
    pub(in crate::fields) fn begin() -> Self {
        let caller = Location::caller();
        CALLS.with(|calls| {
            let id = calls.take_aim(caller);
            calls.paths.set(0);
            calls.taken.set(None);
            calls.doubtful.take();
            calls.leave_sought();
            calls.written.take();
            let Some(observer) = observer() else {
                calls.leave_open();
                return Self {
                    id,
                    observed: false,
                };
            };
            let (before, others): (Vec<_>, Vec<_>) = calls
                .open
                .take()
                .into_iter()
                .partition(|read| read.observer == observer && read.apart.is_some());
            others.into_iter().for_each(Read::leave);
            calls.guards.borrow_mut().push(Guard {
                id,
                observer,
                path: StorePath::new(),
                before,
            });
            calls.taken.set(Some(id));
            Self { id, observed: true }
        })
    }

    /// It is used: all its fields have asked.
    pub(in crate::fields) fn used(&self) {
        let Self { id, observed: true } = *self else {
            return;
        };
        // A thread that ends has no calls left.
        let _ = CALLS.try_with(|calls| {
            if calls.taken.get() == Some(id) {
                calls.taken.set(None);
                calls.doubtful.take();
            }
            let mut guards = calls.guards.borrow_mut();
            let guard = guards.iter_mut().find(|guard| guard.id == id);
            if let Some(guard) = guard {
                guard.complete();
            }
        });
    }

    /// Where it writes; `None` if that is not certain, or was asked before.
    pub(in crate::fields) fn aim(&self) -> Option<Path> {
        CALLS.try_with(|calls| calls.aim_of(self.id)).ok().flatten()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.aim();
        let Self { id, observed: true } = *self else {
            return;
        };
        self.used();
        let _ = CALLS.try_with(|calls| {
            let mut guards = calls.guards.borrow_mut();
            if let Some(at) = guards.iter().position(|guard| guard.id == id) {
                let path = guards.remove(at).path;
                let seen = Seen::Nothing;
                calls.written.replace(Some(Written { path, seen }));
            }
        });
    }
}
