//! [`Edge`]: a replica tied to a store, and the ports that hang on it.

use super::{
    Merge,
    entry::{Entry, Rules},
    feed::Feed,
    left::Left,
    replica::{Replica, TOMBSTONES, swept_at},
    stamp::ReplicaId,
    status::{Board, EdgeStatus},
    storage::StoragePort,
};
use crate::{
    change::UNKNOWN_SOURCE,
    error::StateError,
    key::{self, Name},
    label::{Label, Labels},
    pattern::Pattern,
    store::{Store, View},
    value::Value,
};
use smol_str::SmolStr;
use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// A store's connection to its storage and to the other tabs. Made by [`Edge::builder`]; clones are
/// handles of one, which ends with the last of them.
///
/// It ends where it is, and calls nobody, as a handle may be dropped anywhere: what waits for the end
/// of the turn or for [`Storage::debounce`](super::Storage::debounce) is not written until the store has
/// another edge. Call [`Edge::detach`] before.
#[derive(Clone)]
pub struct Edge(pub(super) Arc<Link>);

pub(crate) struct Link {
    pub(super) view: View,
    pub(super) feed: Arc<Feed>,
    replica: Mutex<Replica>,
    pub(super) board: Board,
    pub(super) rules: Vec<(Pattern, Rules)>,
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
    pub(super) ports: OnceLock<Vec<Arc<dyn Port>>>,
    /// Weak, so that an edge without storage links none of it.
    pub(super) storage: OnceLock<Weak<StoragePort>>,
    driver: OnceLock<Box<dyn Driver>>,
    is_detached: AtomicBool,
    /// What could not be put into the store when it came.
    pub(super) waiting: Mutex<Vec<Waiting>>,
    /// In which second how many refusals were reported.
    pub(super) reports: Mutex<(u64, u32)>,
    /// When was looked last for what can be forgotten, in ms.
    swept: AtomicU64,
    /// Which labels the replica knows of.
    pub(super) labels: AtomicU64,
    pub(super) place: Place,
}

/// Keys, each with who wrote it, that came through a door.
pub(super) type Waiting = (Door, Vec<(SmolStr, Name)>);

/// What the replicas of one state have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The application, which names the channel.
    pub(crate) application: String,
    /// The beginning of the names of stored items.
    pub(crate) prefix: String,
    /// The version of the application's types.
    pub(crate) schema: u32,
}

impl Place {
    /// What it is called, as no other is.
    pub(crate) fn name(&self) -> String {
        let mut name = String::new();
        for part in [&self.application, &self.prefix] {
            key::escape(&mut name, part, ('/', "%2F"));
            name.push('/');
        }
        name + &self.schema.to_string()
    }
}

/// A key that changed.
#[derive(Clone)]
pub(crate) struct Changed {
    pub(crate) key: SmolStr,
    /// What is new of it.
    pub(crate) delta: Entry,
    /// What the writer called itself.
    pub(crate) source: Name,
}

/// Through which port something came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Storage,
    Tab,
}

/// Where a key may go.
#[derive(Clone, Copy)]
pub(super) struct Fate {
    /// To other tabs.
    pub(super) is_shared: bool,
    /// Into storage.
    pub(super) is_stored: bool,
}

impl Fate {
    fn of(labels: &Labels) -> Self {
        let is_public = !labels.has(Label::Secret);
        Self {
            is_shared: is_public && !labels.has(Label::Local),
            is_stored: is_public && !labels.has(Label::Volatile),
        }
    }
}

/// What hangs on an edge. No method is called under a lock of the edge.
pub(crate) trait Port: Send + Sync {
    /// Which door it is.
    fn door(&self) -> Door;

    /// The edge has all its ports: loads, joins. What can be loaded at once is in the store afterwards.
    fn start(&self, edge: &Edge);

    /// Keys changed: here, in the turn that is being flushed, or, brought in through another port.
    fn changed(&self, edge: &Edge, changes: &[Changed], from: Option<Door>);

    /// A key was written here, with something that cannot go out.
    fn unwritable(&self, _edge: &Edge, _key: &SmolStr, _reason: &str) {}

    /// How long it wants removals remembered, in ms, if it has a say in that.
    fn remembers(&self) -> Option<u64> {
        None
    }

    /// What was removed before a time, in ms, was forgotten: in these keys.
    fn forgot(&self, _edge: &Edge, _before: u64, _keys: &[SmolStr]) {}

    /// The turn is over: sends, writes.
    fn flush(&self, edge: &Edge);

    /// Does what is due. Returns when something will be, in ms.
    fn poll(&self, edge: &Edge, now: u64) -> Option<u64>;

    /// The page was away: looks whether all still agree.
    fn wake(&self, edge: &Edge);

    /// Others may have changed the stored items with these names, or any.
    fn suspect(&self, _edge: &Edge, _names: Option<&[String]>) {}

    /// The page, or the edge, is about to end: leaves nothing pending.
    fn close(&self, edge: &Edge);

    /// The keys of which not all that is known has gone out, when the edge has ended.
    fn left_over(&self) -> Vec<SmolStr> {
        Vec::new()
    }
}

/// What ties an edge to the page that it runs in.
pub(crate) trait Driver: Send + Sync {
    /// Has [`Edge::poll`] called at a time, in ms since the Unix epoch, and at no other.
    fn arm(&self, deadline: Option<u64>);
}

impl Edge {
    pub(super) fn new(
        store: &Store,
        id: ReplicaId,
        place: Place,
        rules: Vec<(Pattern, Merge)>,
        clock: Box<dyn Fn() -> u64 + Send + Sync>,
    ) -> Self {
        let rules = rules.into_iter().map(|(keys, merge)| (keys, merge.0));
        Self(Arc::new_cyclic(|link| Link {
            view: store.view().clone(),
            feed: Arc::new(Feed::new(link.clone(), &place)),
            replica: Mutex::new(Replica::new(id)),
            board: Board::default(),
            rules: rules.collect(),
            clock,
            ports: OnceLock::new(),
            storage: OnceLock::new(),
            driver: OnceLock::new(),
            is_detached: AtomicBool::new(false),
            waiting: Mutex::default(),
            reports: Mutex::default(),
            swept: AtomicU64::new(0),
            labels: AtomicU64::new(0),
            place,
        }))
    }

    /// Which replica this is: the tab, as others see it.
    pub fn id(&self) -> ReplicaId {
        self.replica(|replica| replica.id())
    }

    /// How the edge is doing. Inside of an effect or a component it makes that run again when it
    /// changes.
    pub fn status(&self) -> EdgeStatus {
        self.0.board.read()
    }

    /// Ends the turn: delivers what is pending, and hands what was written to storage and to the other
    /// tabs. In a browser that happens by itself, once a turn.
    pub fn flush(&self) {
        self.put_freed();
        self.put_waiting();
        self.0.view.flush();
        self.drain();
        for port in self.ports() {
            port.flush(self);
        }
        self.arm();
    }

    /// Does what is due: retries, debounced writes, heartbeats. Returns when to call again, in ms since
    /// the Unix epoch by the edge's clock. In a browser that happens by itself.
    pub fn poll(&self) -> Option<u64> {
        let now = self.now();
        self.sweep(now);
        self.ports()
            .iter()
            .filter_map(|port| port.poll(self, now))
            .min()
    }

    /// Looks whether storage and the other tabs still agree, as is done when a page is shown again.
    pub fn resync(&self) {
        self.drain();
        for port in self.ports() {
            port.wake(self);
        }
        self.arm();
    }

    /// Says that others may have changed what is stored: the items with these names, or, with `None`,
    /// any. They are read, merged, and written again if they lag behind. In a browser, `storage` events
    /// (HTML, section 12.2.4) do this.
    pub fn storage_changed(&self, names: Option<&[String]>) {
        for port in self.ports() {
            port.suspect(self, names);
        }
        self.arm();
    }

    /// Writes what is pending, as far as that is possible at once, and takes leave of the other tabs until
    /// [`Edge::resync`]: for a page that may be about to end.
    pub fn save_now(&self) {
        self.flush();
        for port in self.ports() {
            port.close(self);
        }
    }

    /// Writes what is pending and lets go of the store. Nothing goes out or comes in any more. The store
    /// keeps what is known here, for the next edge.
    pub fn detach(&self) {
        if self.0.is_detached.load(Ordering::Acquire) {
            return;
        }
        self.save_now();
        self.0.is_detached.store(true, Ordering::Release);
        self.0.end();
        self.arm();
    }

    /// As [`Edge::detach`], for a component that is taken down.
    #[cfg(feature = "leptos")]
    pub(crate) fn leave(&self) {
        self.0.view.inner.holding_signals(|| self.detach());
    }

    /// Whether the edge still follows its store.
    pub fn is_attached(&self) -> bool {
        !self.0.is_detached.load(Ordering::Acquire)
    }
}

impl Edge {
    pub(crate) fn ports(&self) -> &[Arc<dyn Port>] {
        match self.is_attached() {
            true => self.0.ports.get().map_or(&[], Vec::as_slice),
            false => &[],
        }
    }

    pub(super) fn storage(&self) -> Option<Arc<StoragePort>> {
        self.0.storage.get()?.upgrade()
    }

    /// Forgets what was removed so long ago that nobody needs to be told.
    fn sweep(&self, now: u64) {
        let remembers = self.ports().iter().find_map(|port| port.remembers());
        let tombstones = remembers.unwrap_or(TOMBSTONES);
        let at = swept_at(now, tombstones);
        if self.0.swept.swap(at, Ordering::AcqRel) == at {
            return;
        }
        let before = at.saturating_sub(tombstones);
        let keys = self.replica(|replica| replica.sweep(before));
        for port in self.ports() {
            port.forgot(self, before, &keys);
        }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0.place
    }

    /// Ms since the Unix epoch.
    pub(crate) fn now(&self) -> u64 {
        (self.0.clock)()
    }

    /// Calls `f`, which must be quick and run no code of a user, with the replica.
    pub(crate) fn replica<R>(&self, f: impl FnOnce(&mut Replica) -> R) -> R {
        self.0.replica(f)
    }

    /// Sees to it that the replica knows which keys are shared.
    pub(super) fn heed_labels(&self) {
        self.0.heed_labels();
    }

    pub(crate) fn report(&self, error: &StateError) {
        self.0.view.inner.report(error);
    }

    /// Changes the status. `change` says whether it did.
    pub(crate) fn note(&self, change: impl FnOnce(&mut EdgeStatus) -> bool) {
        self.0.board.note(change);
    }

    /// Whether storage has not answered yet.
    pub(super) fn is_loading(&self) -> bool {
        self.0.is_loading()
    }

    /// Whether a key may be known to other tabs.
    pub(crate) fn may_share(&self, key: &str) -> bool {
        self.fate(key).is_shared
    }

    /// Whether a key may be stored.
    pub(crate) fn may_store(&self, key: &str) -> bool {
        self.fate(key).is_stored
    }

    /// What its labels let become of a key.
    pub(super) fn fate(&self, key: &str) -> Fate {
        self.0.fate(key)
    }

    /// A number that grows when it may have changed what may be shared and stored.
    pub(crate) fn labels_version(&self) -> u64 {
        self.0.labels_version()
    }

    #[cfg(any(
        all(target_family = "wasm", target_os = "unknown"),
        feature = "simulator"
    ))]
    pub(crate) fn drive(&self, driver: Box<dyn Driver>) {
        let _ = self.0.driver.set(driver);
        self.arm();
    }

    /// Has [`Edge::poll`] called when it is due next. To be called after what may have changed that.
    pub(crate) fn arm(&self) {
        if let Some(driver) = self.0.driver.get() {
            driver.arm(self.poll());
        }
    }
}

impl Edge {
    /// Begins with what the edge before has left.
    pub(super) fn go_on_with(&self, left: Left) {
        let Left {
            replica,
            keys,
            waiting,
            written,
        } = left;
        self.replica(|own| own.go_on_from(replica));
        self.heed_labels();
        for key in written {
            let known = |replica: &mut Replica| {
                let value = replica.get(&key)?.value().cloned();
                Some(value.map(|json| Value::from_json(Arc::unwrap_or_clone(json))))
            };
            let known = self.replica(known);
            self.0.feed.notes.missed(key, known);
        }
        let (mut kept, mut left) = (Vec::new(), Vec::new());
        self.replica(|replica| {
            for (key, entry) in replica.entries() {
                let changes = match keys.contains(key) {
                    true => &mut left,
                    false => &mut kept,
                };
                changes.push(Changed {
                    key: key.clone(),
                    delta: entry.clone(),
                    source: UNKNOWN_SOURCE,
                });
            }
        });
        for port in self.ports() {
            port.changed(self, &left, None);
            // The port is to look whether it is still there.
            port.changed(self, &kept, Some(Door::Tab));
        }
        *crate::lock(&self.0.waiting) = waiting;
        self.put_waiting();
        // Who has come since finds its keys.
        self.bring_back(key::NAMESPACE.encode_utf8(&mut [0; 4]));
        self.0.feed.wake_for_more(&self.0.view.inner);
    }
}

impl Link {
    fn replica<R>(&self, f: impl FnOnce(&mut Replica) -> R) -> R {
        f(&mut crate::lock(&self.replica))
    }

    fn fate(&self, key: &str) -> Fate {
        Fate::of(&self.view.inner.labels(key))
    }

    fn labels_version(&self) -> u64 {
        self.view.inner.labels_version()
    }

    fn heed_labels(&self) {
        let version = self.labels_version();
        if self.labels.swap(version, Ordering::AcqRel) == version {
            return;
        }
        let keys: Vec<SmolStr> =
            self.replica(|replica| replica.entries().map(|(key, _)| key.clone()).collect());
        for key in keys {
            let fate = self.fate(&key);
            self.replica(|replica| match fate.is_shared || fate.is_stored {
                true => replica.share(&key, fate.is_shared),
                false => replica.forget(&key),
            });
        }
    }

    fn is_loading(&self) -> bool {
        let mut is_loading = false;
        self.board.note(|status| {
            is_loading = status.is_loading;
            false
        });
        is_loading
    }

    /// Leaves to the next edge what is known here, and has what is written until then noted.
    fn end(&self) {
        let ports = self.ports.get().map_or(&[][..], Vec::as_slice);
        let keys = ports.iter().flat_map(|port| port.left_over()).collect();
        self.heed_labels();
        let replica = {
            let replica = &mut *crate::lock(&self.replica);
            let nothing = Replica::new(replica.id());
            std::mem::replace(replica, nothing)
        };
        let waiting = std::mem::take(&mut *crate::lock(&self.waiting));
        let left = Left {
            replica,
            keys,
            waiting,
            written: Vec::new(),
        };
        self.feed.leave(left, self.is_loading());
        self.view.inner.rest_feed(&*self.feed);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if !self.is_detached.load(Ordering::Acquire) {
            self.end();
        }
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge")
            .field("id", &self.id())
            .field("place", &self.0.place)
            .finish_non_exhaustive()
    }
}
