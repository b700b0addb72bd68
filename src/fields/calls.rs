//! Which calls of `reactive_stores` mean that somebody reads.
//!
//! A field asks its root for paths, keys, triggers and guards, and does so to read, to write and to
//! notify alike. It gets triggers that nobody else sees; what a reader depends on is decided here,
//! by the order of the calls:
//!
//! | what happens | calls |
//! |---|---|
//! | a field is tracked or read | path, path, its trigger, those of all places above, (reader); all from one place in the code |
//! | a pointer, an erased field or an iterator is | path, its trigger, (reader) |
//! | a field is written | writer; for each field on the way: path, its trigger, those above |
//! | an item is written by its index | path, its trigger; then as above, for the list |
//! | a keyed collection was written | path, keys, reader; path, its trigger |
//! | a field notifies | path, its trigger |
//!
//! With keys on the way, a field also looks for them each time it needs its path, and once more when
//! it takes a guard.

mod aim;
mod guard;

pub(super) use guard::Taken;

use super::{
    node::Apart,
    place::{Found, Place, Sought},
};
use aim::{Aim, Asked};
use guard::{Guard, Seen, Written};
use reactive_graph::graph::Observer;
use reactive_stores::{StoreFieldTrigger, StorePath};
use std::{
    cell::{Cell, RefCell},
    panic::Location,
};

/// What the calls until now have come to, in this thread.
#[derive(Default)]
struct Calls {
    /// How often a path was asked for since the last trigger or guard.
    paths: Cell<usize>,
    /// From where in the code, if that was one place.
    paths_from: Cell<Option<Caller>>,
    keys: Cell<Keys>,
    /// Reads that may turn out to be part of a write. Each lies inside of the next.
    open: RefCell<Vec<Read>>,
    /// What is read if a reader is taken next.
    doubtful: RefCell<Option<Place>>,
    /// A read of an item by its key, of which the reader that is taken next shows whether the item
    /// is there.
    sought: RefCell<Option<Read>>,
    guards: RefCell<Vec<Guard>>,
    /// The guard that was taken last, while its fields on the way may still ask for triggers.
    taken: Cell<Option<usize>>,
    written: RefCell<Option<Written>>,
    asked: RefCell<Option<Asked>>,
    aim: RefCell<Option<Aim>>,
    /// Handed out in the place of triggers. A field that is read is subscribed to it, one that is
    /// written notifies it: so that none hears of another, each gets its own, and all get
    /// [`Calls::mute`] while nobody is there to subscribe.
    decoy: RefCell<StoreFieldTrigger>,
    mute: StoreFieldTrigger,
}

/// A place in the code from which a field was called.
type Caller = &'static Location<'static>;

/// The keys that were looked for on the way to a field.
#[derive(Clone, Copy, Default)]
pub(super) struct Keys {
    pub(super) count: usize,
    /// When the items were where they were looked for; `None` if that is not known.
    pub(super) age: Option<u64>,
}

/// A trigger that was asked for, taken for a read.
struct Read {
    observer: usize,
    path: StorePath,
    paths: usize,
    place: Place,
    apart: Option<Apart>,
    /// Whether the guard that was taken last may have asked.
    by_guard: bool,
    /// Whether the value itself is a list, of which this is an item.
    in_root: bool,
    /// What is read instead if there is nothing.
    awaited: Option<Place>,
}

thread_local! {
    static CALLS: Calls = Calls::default();
}

/// A field asks for its path.
#[track_caller]
pub(super) fn path() {
    let caller = Location::caller();
    CALLS.with(|calls| {
        let paths = calls.paths.get();
        let from = calls.paths_from.get();
        let is_first = paths == 0 || from.is_some_and(|from| is_same(from, caller));
        calls.paths_from.set(is_first.then_some(caller));
        calls.paths.set(paths + 1);
        calls.keys.set(Keys::default());
        calls.saw(Seen::Path);
    });
}

/// A field looks for an item by its key, among those of some age.
pub(super) fn keys(age: Option<u64>) {
    CALLS.with(|calls| {
        let Keys { count, age: before } = calls.keys.get();
        let age = if count == 0 || before == age {
            age
        } else {
            None
        };
        let count = count + 1;
        calls.keys.set(Keys { count, age });
        calls.forget_aim();
        calls.saw(Seen::Keys);
    });
}

/// A field asks for the trigger of a path; `find` finds what it stands for, should it be read, and
/// is told whether it certainly is.
#[track_caller]
pub(super) fn trigger(
    path: StorePath,
    find: impl FnOnce(&StorePath, Keys, bool) -> Option<Found>,
) -> StoreFieldTrigger {
    let caller = Location::caller();
    CALLS.with(|calls| {
        match calls.paths.take() {
            0 => {
                calls.above(&path);
                calls.aims_below(&path);
            }
            paths => {
                let from = calls.paths_from.get();
                let is_read = paths == 2
                    && calls.keys.get().count == 0
                    && from.is_some_and(|from| is_same(from, caller));
                calls.ask(&path, paths, is_read, find);
                calls.aims(path, paths, caller);
            }
        }
        calls.decoy.borrow().clone()
    })
}

/// A field that cannot be reached asks for a trigger.
pub(super) fn lost() -> StoreFieldTrigger {
    CALLS.with(|calls| {
        calls.paths.set(0);
        calls.forget_aim();
        calls.leave();
    });
    StoreFieldTrigger::new()
}

/// A field takes a reader. Whether there is something in it, is yet to be seen.
pub(super) fn reader() -> Option<Box<Sought>> {
    CALLS.with(|calls| {
        calls.saw(Seen::Reader);
        calls.asked.take();
        let observer = observer();
        let last = calls.open.borrow_mut().pop();
        calls.leave_open();
        let doubtful = calls.doubtful.take();
        let sought = calls.sought.take();
        match (observer, last) {
            (_, None) => {}
            (Some(observer), Some(read)) if read.observer == observer && read.apart.is_some() => {
                match read.awaited {
                    Some(_) => return read.seek(),
                    None => read.confirm(),
                }
            }
            (_, Some(read)) => read.leave(),
        }
        observer?;
        if let Some(place) = doubtful {
            place.track();
        }
        sought?.seek()
    })
}

impl Calls {
    /// The trigger of a field is asked for.
    fn ask(
        &self,
        path: &StorePath,
        paths: usize,
        is_read: bool,
        find: impl FnOnce(&StorePath, Keys, bool) -> Option<Found>,
    ) {
        let written = self.written.take();
        self.doubtful.take();
        self.leave_sought();
        let Some(observer) = observer() else {
            self.leave_open();
            self.decoy.replace(self.mute.clone());
            return;
        };
        if is_read {
            self.leave_open();
            let trigger = match find(path, self.keys.get(), true) {
                Some(Found::Tracked(trigger)) => trigger,
                Some(Found::Places(places)) => {
                    places.place.track();
                    StoreFieldTrigger::new()
                }
                None => StoreFieldTrigger::new(),
            };
            self.decoy.replace(trigger);
            return;
        }
        self.decoy.replace(StoreFieldTrigger::new());
        let lies_in_it = |read: &Read| read.observer == observer && starts(&read.path, path);
        if !self.open.borrow().last().is_some_and(lies_in_it) {
            self.leave_open();
        }
        let Some(Found::Places(places)) = find(path, self.keys.get(), false) else {
            return;
        };
        let places = *places;
        let apart = match written.is_some_and(|written| written.notifies(path)) {
            true => None,
            false => places.place.track_apart(),
        };
        self.open.borrow_mut().push(Read {
            observer,
            path: path.clone(),
            paths,
            apart,
            by_guard: self.taken(observer, |guard| guard.may_ask(path)) == Some(true),
            in_root: places.in_root,
            awaited: places.awaited,
            place: places.place,
        });
    }

    /// The trigger of a place above the field is asked for.
    fn above(&self, path: &StorePath) {
        let last = self
            .open
            .borrow_mut()
            .pop_if(|last| is_parent(path, &last.path));
        let Some(read) = last else { return };
        self.leave_open();
        if !read.by_guard {
            match read.awaited {
                Some(_) => drop(self.sought.replace(Some(read))),
                None => read.confirm(),
            }
            return;
        }
        let (sure, observer) = (read.paths == 1, read.observer);
        let (path, place) = read.undo();
        self.taken(observer, |guard| guard.go_to(path));
        if !sure {
            self.doubtful.replace(Some(place));
        }
    }

    /// Whatever was asked for is a read.
    fn leave_open(&self) {
        for read in self.open.take() {
            read.leave();
        }
    }

    fn leave_sought(&self) {
        if let Some(read) = self.sought.take() {
            read.leave();
        }
    }

    fn leave(&self) {
        self.leave_open();
        self.leave_sought();
        self.doubtful.take();
        self.written.take();
    }
}

impl Read {
    /// Whether it may be the item of a list that is being written.
    fn is_item_of(&self, list: &StorePath) -> bool {
        is_parent(list, &self.path) && (self.in_root || !list.is_empty())
    }

    /// It was a read, should there be something to be found.
    fn seek(self) -> Option<Box<Sought>> {
        let sought = Sought::new(self.place, self.apart?, self.awaited?);
        Some(Box::new(sought))
    }

    /// It was a read.
    fn confirm(self) {
        if let Some(apart) = self.apart {
            apart.undo();
        }
        self.place.track();
    }

    /// It was no read.
    fn undo(self) -> (StorePath, Place) {
        if let Some(apart) = self.apart {
            apart.undo();
        }
        (self.path, self.place)
    }

    /// Nothing says that it was no read.
    fn leave(self) {
        if let Some(apart) = self.apart {
            apart.keep();
        }
    }
}

fn is_same(one: Caller, other: Caller) -> bool {
    std::ptr::eq(one, other) || one == other
}

/// Whether a place lies inside of another.
fn starts(inner: &StorePath, outer: &StorePath) -> bool {
    outer.len() < inner.len() && outer.into_iter().eq(inner.into_iter().take(outer.len()))
}

fn is_parent(outer: &StorePath, inner: &StorePath) -> bool {
    outer.len() + 1 == inner.len() && starts(inner, outer)
}

/// The running effect or memo.
fn observer() -> Option<usize> {
    Observer::get().map(|subscriber| subscriber.0)
}
