//! Where a guard writes, as far as that is certain.
//!
//! A field or item asks for its path and its trigger, once, for a guard of its own: a field after the
//! root has handed out its guard, and then for the triggers of all places above; an item before. That
//! is what notifying an item looks like too, so whether it asked for the guard is told by the place
//! in the code from which both were called. Nobody but a field that makes a guard asks for its own
//! trigger and those above, once: `triggers_for_current_path` is there for that alone.

use super::{Caller, Calls, is_parent, is_same, starts};
use crate::fields::{course::Path, node::Node};
use reactive_stores::StorePath;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An item that asked for its trigger, and what that was for is not known yet.
pub(super) struct Asked {
    path: StorePath,
    caller: Caller,
}

/// The guard that was taken last, until it is used.
pub(super) struct Aim {
    id: usize,
    /// The item that asked first.
    item: Option<StorePath>,
    /// The field that asked last, and that certainly is on the way.
    field: Option<StorePath>,
    /// The field that asks, should it ask for the places above too.
    next: Option<StorePath>,
}

impl Aim {
    fn path(self) -> Option<Path> {
        let path = match (self.field, self.item) {
            (Some(field), Some(item)) if starts(&item, &field) => item,
            (Some(field), Some(item)) if !starts(&field, &item) => return None,
            (None, Some(path)) | (Some(path), _) => path,
            (None, None) => return None,
        };
        Some(path.into_iter().map(|step| Node::index(&step)).collect())
    }
}

impl Calls {
    /// A trigger is asked for, for the first time since a path was.
    pub(super) fn aims(&self, path: StorePath, paths: usize, caller: Caller) {
        let mut aim = self.aim.borrow_mut();
        let mut asked = self.asked.borrow_mut();
        if paths != 1 || self.keys.get().count > 0 {
            *asked = None;
            if let Some(aim) = &mut *aim {
                aim.next = None;
            }
        } else if let Some(aim) = &mut *aim {
            aim.next = Some(path);
        } else {
            let is_inside =
                |asked: &Asked| is_same(asked.caller, caller) && starts(&asked.path, &path);
            if !asked.as_ref().is_some_and(is_inside) {
                *asked = Some(Asked { path, caller });
            }
        }
    }

    /// The trigger of a place above is asked for.
    pub(super) fn aims_below(&self, path: &StorePath) {
        let mut aim = self.aim.borrow_mut();
        let Some(Aim { field, next, .. }) = &mut *aim else {
            return;
        };
        if let Some(next) = next.take_if(|next| is_parent(path, next)) {
            match field {
                Some(field) if !starts(&next, field) => *aim = None,
                field => *field = Some(next),
            }
        }
    }

    /// Nothing certain can be said any more.
    pub(super) fn forget_aim(&self) {
        self.asked.take();
        self.aim.take();
    }

    /// A guard is taken.
    pub(super) fn take_aim(&self, caller: Caller) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let asked = self.asked.take();
        let asked = asked.filter(|asked| is_same(asked.caller, caller));
        self.aim.replace(Some(Aim {
            id,
            item: asked.map(|asked| asked.path),
            field: None,
            next: None,
        }));
        id
    }

    /// Where a guard writes; `None` if that is not certain.
    pub(super) fn aim_of(&self, id: usize) -> Option<Path> {
        let mut aim = self.aim.borrow_mut();
        aim.take_if(|aim| aim.id == id)?.path()
    }
}
