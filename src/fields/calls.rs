//! Which calls of `reactive_stores` mean that somebody reads.
//!
//! A field asks its root for triggers by path, and does so to read, to write and to notify alike. It
//! gets triggers that nobody else sees; what a reader depends on is decided here, by the order of
//! the calls. To read or write, a field first asks for its path, then for the trigger of that path,
//! then for those of all places above it. To write, it takes the guard before that; to read, the
//! reader after.

use super::node::Node;
use reactive_graph::{graph::Observer, owner::on_cleanup};
use reactive_stores::StoreFieldTrigger;
use std::{
    any::Any,
    cell::{Cell, RefCell},
    sync::Arc,
};

/// A place that is read, and the root that will tell of it.
pub(super) struct Place {
    pub(super) node: Arc<Node>,
    pub(super) root: Arc<dyn Any + Send + Sync>,
}

impl Place {
    /// Makes the running effect or memo depend on the place, and keeps the root alive for it: the
    /// fields may have been made for this one look.
    fn track(self) {
        self.node.track();
        let root = self.root;
        on_cleanup(move || drop(root));
    }
}

/// What the calls until now have come to, in this thread.
#[derive(Default)]
struct Calls {
    /// A field has asked for its path, and how many of its items were found by key.
    path: Cell<Option<usize>>,
    /// Guards that were taken and not used yet, with the observer that took them.
    fresh: RefCell<Vec<(usize, usize)>>,
    /// What would be read if this turned out to be no write.
    doubtful: RefCell<Option<Place>>,
    /// Handed out in the place of triggers. A field that is read is subscribed to it, one that is
    /// written notifies it: so that none hears of another, each gets its own, and all get
    /// [`Calls::mute`] while nobody is there to subscribe.
    decoy: RefCell<StoreFieldTrigger>,
    mute: StoreFieldTrigger,
}

thread_local! {
    static CALLS: Calls = Calls::default();
}

/// A field asks for its path.
pub(super) fn path() {
    CALLS.with(|calls| {
        calls.path.set(Some(0));
        calls.doubtful.take();
    });
}

/// A field looks for an item by its key.
pub(super) fn keys() {
    CALLS.with(|calls| calls.path.set(calls.path.get().map(|n| n + 1)));
}

/// A field asks for a trigger. If it is that of its own path, and an effect or memo is running,
/// `place` finds it, given whether its items were found by key; it is tracked, unless this is
/// a write.
pub(super) fn trigger(place: impl FnOnce(bool) -> Option<Place>) -> StoreFieldTrigger {
    CALLS.with(|calls| {
        if let Some(keys) = calls.path.take() {
            let observer = observer();
            calls.decoy.replace(match observer {
                Some(_) => StoreFieldTrigger::new(),
                None => calls.mute.clone(),
            });
            let read = observer.and_then(|observer| Some((observer, place(keys > 0)?)));
            if let Some((observer, place)) = read {
                let is_fresh = |fresh: &(usize, usize)| fresh.1 == observer;
                if calls.fresh.borrow().iter().any(is_fresh) {
                    calls.doubtful.replace(Some(place));
                } else {
                    place.track();
                }
            }
        }
        calls.decoy.borrow().clone()
    })
}

/// A field takes the reader.
pub(super) fn reader() {
    let read = CALLS.with(|calls| {
        calls.path.set(None);
        calls.doubtful.take()
    });
    if let Some(place) = read {
        place.track();
    }
}

/// The time in which a guard was taken and is not used yet.
#[derive(Debug)]
pub(super) struct Fresh(Cell<Option<usize>>);

impl Fresh {
    /// A field takes a guard to write.
    pub(super) fn begin() -> Self {
        thread_local! {
            static NEXT: Cell<usize> = const { Cell::new(0) };
        }
        let Some(observer) = observer() else {
            return Self(Cell::new(None));
        };
        let id = NEXT.replace(NEXT.get().wrapping_add(1));
        CALLS.with(|calls| calls.fresh.borrow_mut().push((id, observer)));
        Self(Cell::new(Some(id)))
    }

    /// The guard is used, or dropped.
    pub(super) fn end(&self) {
        if let Some(id) = self.0.take() {
            // A thread that ends has no calls left.
            let _ = CALLS.try_with(|calls| calls.fresh.borrow_mut().retain(|fresh| fresh.0 != id));
        }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        self.end();
    }
}

/// The running effect or memo.
fn observer() -> Option<usize> {
    Observer::get().map(|subscriber| subscriber.0)
}
