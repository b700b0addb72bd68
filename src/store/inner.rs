//! What all handles of one store share.

mod hanging;
mod reading;

use super::{
    clock::Scheduler,
    context::ThisThread,
    deliver::{Deliverer, Item},
    guest::{ComputedKey, Feeding, Filtering, Joining, Loading, Recording, SnapshotKeeping},
    listen::{Delivery, Listeners},
    pipe::Signals,
    slot::{SharedSignal, Slot, Slots},
};
use crate::{
    change::{Change, UNKNOWN_SOURCE},
    engine::{EngineKind, Running},
    error::{Reporter, StateError},
    key::{KeyHasher, Name},
};
use std::{
    any::Any,
    cell::Cell,
    collections::{HashSet, VecDeque},
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

/// Locks are taken in the order `engine`, `state`, an index of slots, a slot's own state, the rules
/// of labels. None is
/// held while user code runs: comparisons, serialization, middleware, listeners, the reporter, and
/// the drop of values.
pub(crate) struct Inner {
    pub(crate) this: Weak<Inner>,
    pub(crate) engine: RwLock<Running>,
    /// Whether the engine finds values by name, to be read without a lock. It may be that of the engine
    /// before, which then finds nothing.
    pub(crate) finds: AtomicBool,
    pub(crate) slots: Slots,
    pub(crate) state: Mutex<State>,
    /// As in `state`, to be read without a lock.
    is_disposed: AtomicBool,
    /// The sequence number of the last commit, or of whatever else changed what views show, to be read
    /// without a lock. Scripts read it where it stands in memory.
    pub(crate) clock: AtomicU64,
    /// How many computed values are registered under a key, to be read without a lock.
    pub(crate) names: AtomicUsize,
    /// The listeners of every key.
    pub(crate) all: Mutex<Listeners>,
    pub(crate) listening: Listening,
    /// Calls listeners. It comes with the first, so that an app without any links none of it.
    pub(crate) delivery: OnceLock<&'static Deliverer>,
    pub(crate) members: SharedSignal,
    pub(crate) everything: SharedSignal,
    pub(crate) middleware: RwLock<Option<Arc<dyn Filtering>>>,
    /// Whether somebody is asked before a commit: middleware, or the host of a guest.
    pub(crate) asks: AtomicBool,
    /// Where commits are decided upon, if the store has joined another's.
    pub(crate) joined: OnceLock<Arc<dyn Joining>>,
    /// The thread that holds its signals back; 0 if none does.
    pub(crate) holder: AtomicUsize,
    /// Whether a draft marks the slots that it writes.
    pub(crate) marked: AtomicBool,
    reporter: RwLock<Option<Reporter>>,
    errors: AtomicU64,
    pub(crate) scheduler: Scheduler,
    ids: AtomicU64,
    /// The encoded ids of registered micro-frontends.
    pub(crate) namespaces: RwLock<HashSet<String, KeyHasher>>,
    /// Not a key: holds the registered micro-frontends, to be tracked and subscribed to.
    pub(crate) registry: Arc<Slot>,
    /// Not a key: changes when what micro-frontends may do changes.
    pub(crate) rules: Arc<Slot>,
    /// Not keys: what is known of the requests of each key, once there was one.
    pub(crate) loading: OnceLock<Box<dyn Loading>>,
    /// What the layer above keeps for this store.
    pub(crate) annex: OnceLock<Arc<dyn Any + Send + Sync>>,
}

/// How many listeners there are of each kind of delivery.
#[derive(Default)]
pub(crate) struct Listening {
    pub(crate) batched: AtomicUsize,
    pub(crate) sync: AtomicUsize,
    /// How many computed keys the store follows, as synchronous listeners do.
    pub(crate) following: AtomicUsize,
}

impl Listening {
    fn counter(&self, delivery: Delivery) -> &AtomicUsize {
        match delivery {
            Delivery::Batched => &self.batched,
            Delivery::Sync => &self.sync,
        }
    }
}

pub(crate) struct State {
    pub(crate) disposed: bool,
    pub(crate) sequence: u64,
    pub(crate) version: u64,
    pub(crate) update_count: u64,
    pub(crate) last_update: Option<u64>,
    pub(crate) source: Name,
    /// The number of keys that have a value, stored or computed.
    pub(crate) len: usize,
    /// The computed values that are registered under a key, in the order in which they came.
    pub(crate) named: Vec<Arc<dyn ComputedKey>>,
    /// The sequence number of the last commit that made or removed a key.
    pub(crate) members: u64,
    /// The time of the current turn, once it was read.
    pub(crate) turn: Option<u64>,
    /// Whether the end of the turn is scheduled.
    pub(crate) scheduled: bool,
    /// Changes that wait for the end of the turn, in the order of first write.
    pub(crate) pending: Vec<(Arc<Slot>, Change)>,
    pub(crate) pending_round: u32,
    /// Sets of changes that wait for their synchronous delivery.
    pub(crate) queue: VecDeque<Box<Item>>,
    /// Sets of changes that were delivered and emptied, to be used again.
    #[expect(clippy::vec_box, reason = "they are handed on without being moved")]
    pub(crate) spent: Vec<Box<Item>>,
    /// Whether the pending changes are to be delivered now.
    pub(crate) flush: bool,
    /// The thread that is delivering, and how many causes lie between what it delivers and a write
    /// that no listener made.
    pub(crate) delivering: Option<(ThisThread, u32)>,
    pub(crate) snapshots: Option<Box<dyn SnapshotKeeping>>,
    /// The histories, to be told of every commit.
    pub(crate) recorders: Vec<Arc<dyn Recording>>,
    /// The edge, to be told of every key that is written.
    pub(crate) feed: Option<Arc<dyn Feeding>>,
    /// Signals that were held back.
    pub(crate) held: Vec<Signals>,
    /// What waits until this thread may write.
    pub(crate) deferred: Vec<Deferred>,
    /// What is to be done once the store is disposed of.
    pub(crate) ending: Vec<Deferred>,
}

/// Something that is to be done outside of any batch, and where writes are allowed.
pub(crate) type Deferred = Box<dyn FnOnce() + Send>;

impl Inner {
    pub(crate) fn new(
        kind: EngineKind,
        scheduler: Scheduler,
        reporter: Option<Reporter>,
        middleware: Option<Arc<dyn Filtering>>,
    ) -> Arc<Self> {
        let running = kind.start();
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            finds: AtomicBool::new(running.finds()),
            engine: RwLock::new(running),
            slots: Slots::default(),
            state: Mutex::new(State {
                disposed: false,
                sequence: 0,
                version: 0,
                update_count: 0,
                last_update: None,
                source: UNKNOWN_SOURCE,
                len: 0,
                named: Vec::new(),
                members: 0,
                turn: None,
                scheduled: false,
                pending: Vec::new(),
                pending_round: 0,
                queue: VecDeque::new(),
                spent: Vec::new(),
                flush: false,
                delivering: None,
                snapshots: None,
                recorders: Vec::new(),
                feed: None,
                held: Vec::new(),
                deferred: Vec::new(),
                ending: Vec::new(),
            }),
            is_disposed: AtomicBool::new(false),
            clock: AtomicU64::new(0),
            names: AtomicUsize::new(0),
            all: Mutex::default(),
            listening: Listening::default(),
            delivery: OnceLock::new(),
            members: SharedSignal::default(),
            everything: SharedSignal::default(),
            holder: AtomicUsize::new(0),
            marked: AtomicBool::new(false),
            asks: AtomicBool::new(middleware.is_some()),
            joined: OnceLock::new(),
            ids: AtomicU64::new(
                1 + middleware
                    .as_ref()
                    .map_or(0, |all| all.chain().len() as u64),
            ),
            middleware: RwLock::new(middleware),
            reporter: RwLock::new(reporter),
            errors: AtomicU64::new(0),
            scheduler,
            namespaces: RwLock::default(),
            rules: Slot::hidden("access rules"),
            registry: Slot::hidden("micro-frontends"),
            loading: OnceLock::new(),
            annex: OnceLock::new(),
        })
    }

    /// Tells the frames of one store from those of another.
    pub(crate) fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// A number that was not handed out before; numbers grow.
    pub(crate) fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn engine(&self) -> RwLockReadGuard<'_, Running> {
        crate::read(&self.engine)
    }

    /// Gives up the slot of a missing key, if the caller's reference, which it is about to drop, is
    /// the last.
    pub(crate) fn release(&self, slot: &Arc<Slot>) {
        if slot.is_hidden() {
            if let Some(loading) = self.loading.get() {
                loading.release(self, slot);
            }
            return;
        }
        let trigger = {
            let running = self.engine();
            self.slots.release(slot, |slot| {
                let place = &crate::lock(&slot.state).place;
                running.load(slot.site(), place).is_none()
            })
        };
        if let Some(trigger) = trigger {
            self.notify(trigger);
        }
    }

    /// Refuses writes and subscriptions of a store that was disposed of.
    pub(crate) fn alive(&self) -> Result<(), StateError> {
        if self.is_disposed.load(Ordering::Acquire) {
            return Err(StateError::Disposed);
        }
        Ok(())
    }

    /// Makes the clock go on, since something that is no commit has changed what views show: whoever
    /// keeps what one showed looks again.
    pub(crate) fn advance_clock(&self) {
        let mut state = crate::lock(&self.state);
        state.sequence += 1;
        self.clock.store(state.sequence, Ordering::Release);
    }

    /// Does something once the store is disposed of.
    #[cfg(all(feature = "js", target_family = "wasm", target_os = "unknown"))]
    pub(crate) fn at_end(&self, task: Deferred) -> Result<(), StateError> {
        let mut state = crate::lock(&self.state);
        if state.disposed {
            return Err(StateError::Disposed);
        }
        state.ending.push(task);
        Ok(())
    }

    /// Ends every subscription and refuses writes from now on.
    pub(crate) fn dispose(&self) {
        if let Some(loading) = self.loading.get() {
            loading.cancel(self);
        }
        self.flush();
        // Those who take its place on the page are left what it knows.
        #[cfg(feature = "js")]
        if let Some(feed) = self.edge_feed() {
            feed.give_way();
        }
        if let Some(joined) = self.joined.get() {
            joined.leave(self);
        }
        let (recorders, ending) = {
            let mut state = crate::lock(&self.state);
            state.disposed = true;
            self.is_disposed.store(true, Ordering::Release);
            let ending = std::mem::take(&mut state.ending);
            (std::mem::take(&mut state.recorders), ending)
        };
        self.wake_all(&recorders);
        for task in ending {
            task();
        }
        self.wake_feed();
        let mut ended = vec![crate::lock(&self.all).take()];
        let mut slots = self.slots.all();
        slots.extend([Arc::clone(&self.registry), Arc::clone(&self.rules)]);
        if let Some(loading) = self.loading.get() {
            loading.close();
            slots.extend(loading.all());
        }
        for slot in slots {
            ended.push(crate::lock(&slot.state).listeners.take());
        }
        let patterns = self.slots.pattern_listeners();
        for listener in ended.iter().flat_map(Listeners::iter).chain(&patterns) {
            self.unsubscribe(listener);
        }
    }

    pub(crate) fn set_reporter(&self, reporter: Option<Reporter>) {
        let old = std::mem::replace(
            &mut *self
                .reporter
                .write()
                .unwrap_or_else(PoisonError::into_inner),
            reporter,
        );
        drop(old);
    }

    pub(crate) fn has_reporter(&self) -> bool {
        crate::read(&self.reporter).is_some()
    }

    pub(crate) fn error_count(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// Tells the reporter of an error that no caller is there to receive.
    pub(crate) fn report(&self, error: &StateError) {
        thread_local! {
            static REPORTING: Cell<bool> = const { Cell::new(false) };
        }
        self.errors.fetch_add(1, Ordering::Relaxed);
        // A reporter that itself causes a report is not asked again.
        if REPORTING.replace(true) {
            return;
        }
        let reporter = crate::read(&self.reporter).clone();
        match reporter {
            Some(reporter) => drop(super::contain(|| reporter(error))),
            // In a browser there is no such stream.
            None if cfg!(all(target_family = "wasm", target_os = "unknown")) => {}
            None => eprintln!("universal-state: {error}"),
        }
        REPORTING.set(false);
    }
}
