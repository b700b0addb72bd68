//! Storage: the state of a store survives the page.
//!
//! A key is an item of its own, `<prefix>:<key>`, so a write costs what it changes. What is written is
//! read first, merged, and written once a turn, so tabs that share a storage do not undo what others
//! wrote; what others may have undone all the same is looked at a little later, and written again if
//! storage lags behind. See [`Storage`] for the rules, and [`Backend`] for where items are kept.

mod answers;
mod backend;
mod envelope;
mod kept;
mod load;
mod machine;
mod memory;
pub(in crate::edge) mod names;
mod port;
mod quarantine;
mod reconcile;
mod status;

pub use backend::{Backend, Fault, Items, Loaded, Then};
pub use memory::Memory;
pub use status::{Quarantined, SaveFailure, SaveStatus};

pub(super) use port::StoragePort;

use crate::pattern::Pattern;
use serde_json::Value as Json;
use std::{fmt, sync::Arc, time::Duration};

/// What one step of a migration makes of the value of a key.
type Migration = Box<dyn Fn(&str, Json) -> Result<Option<Json>, String> + Send + Sync>;

/// Which value a key has that was in the store before the edge was attached, and is stored, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Initial {
    /// The stored one: what stood in the store was a default.
    #[default]
    StoredWins,
    /// The one in the store, which is then written as if it had been set just now.
    InitialWins,
}

/// How the state of a store is stored. Handed to [`EdgeBuilder::storage`](super::EdgeBuilder::storage).
///
/// - What is stored is in the store when [`attach`](super::EdgeBuilder::attach) returns, if the backend
///   answers at once; else [`EdgeStatus::is_loading`](super::EdgeStatus) says when it is. What is
///   written meanwhile is kept: the later write wins. What is not loaded yet is not there to be removed:
///   `clear`, `delete` and a `restore` that replaces leave it in storage, so whoever wants all of it
///   gone waits for that.
/// - Changes are written once a turn, or [`debounce`](Self::debounce) ms after the first of them, and
///   when the page is left. Of each key, [`Edge::save_status`](super::Edge::save_status) says how that
///   went.
/// - What fails is tried again: after 500 ms, then after twice as long each time, up to 60 s, each give
///   or take a quarter. Items that fail together are tried again one by one.
/// - If the backend is [denied](Fault::Unavailable), or has not answered for 10 s, the
///   [`fallback`](Self::fallback) takes its place until it can be used again.
/// - Items that cannot be read are put into quarantine. See
///   [`Edge::quarantined`](super::Edge::quarantined).
/// - Items of a newer schema are neither read nor overwritten.
///
/// ```
/// use std::time::Duration;
/// use universal_state::edge::{Edge, Memory, Storage};
/// use universal_state::{Pattern, StateError, Store};
///
/// let memory = Memory::new(); // in a browser: LocalStorage
/// let page = || {
///     let store = Store::new();
///     let storage = Storage::new(memory.clone())
///         .exclude(Pattern::glob("draft:*")?)
///         .time_to_live(Pattern::glob("cache:*")?, Duration::from_secs(3_600));
///     let edge = Edge::builder("shop").storage(storage).attach(&store)?;
///     Ok::<_, StateError>((store, edge))
/// };
///
/// let (store, edge) = page()?;
/// store.set("cart", 2)?;
/// store.set("draft:1", "Dear".to_owned())?;
/// edge.flush(); // in a browser the turn ends by itself
///
/// let (store, _edge) = page()?; // after a reload
/// assert_eq!(store.get("cart"), Some(2));
/// assert!(!store.has("draft:1"));
/// # Ok::<(), StateError>(())
/// ```
#[must_use = "storage does nothing until an edge is attached with it"]
pub struct Storage {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) fallback: Arc<dyn Backend>,
    debounce: u64,
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
    lifetimes: Vec<(Pattern, u64)>,
    tombstones: u64,
    initial: Initial,
    /// In the order of schemas.
    migrations: Vec<(u32, Migration)>,
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Storage {
    /// Stores in a backend, and in [`Memory`] while that is denied.
    pub fn new(backend: impl Backend) -> Self {
        Self {
            backend: Arc::new(backend),
            fallback: Arc::new(Memory::new()),
            debounce: 0,
            include: Vec::new(),
            exclude: Vec::new(),
            lifetimes: Vec::new(),
            tombstones: super::replica::TOMBSTONES,
            initial: Initial::default(),
            migrations: Vec::new(),
        }
    }

    /// Has changes written so long after the first of them that is not written yet, in ms, and not at
    /// the end of each turn. When the page is left, they are written at once.
    pub fn debounce(mut self, time: Duration) -> Self {
        self.debounce = millis(time);
        self
    }

    /// Stores the keys that a pattern covers, and no others but those of further calls. Without a call,
    /// all keys are stored.
    pub fn include(mut self, keys: Pattern) -> Self {
        self.include.push(keys);
        self
    }

    /// Does not store the keys that a pattern covers, even if they are included. What is stored of them
    /// is removed, unless a newer version of the application has stored it.
    pub fn exclude(mut self, keys: Pattern) -> Self {
        self.exclude.push(keys);
        self
    }

    /// Does not load keys that were written last so long ago, in ms, and removes them from storage. Of
    /// several patterns that cover a key the shortest time counts.
    pub fn time_to_live(mut self, keys: Pattern, time: Duration) -> Self {
        self.lifetimes.push((keys, millis(time)));
        self
    }

    /// How long it is remembered that a key, or a member of a value, was removed, in ms; 30 days if nothing
    /// is said. A tab that was away for longer may bring it back.
    pub fn tombstones(mut self, time: Duration) -> Self {
        self.tombstones = millis(time);
        self
    }

    /// Which value counts of a key that was in the store before, and is stored, too: the stored one if
    /// nothing is said.
    pub fn initial(mut self, wins: Initial) -> Self {
        self.initial = wins;
        self
    }

    /// How a value of the schema `from` becomes one of the next. `step` gets the key and the value, and
    /// returns the new value, nothing if the key is to go, or an error, upon which the stored item goes
    /// into quarantine as it is. Schemas without a step are taken as they are.
    pub fn migrate(
        mut self,
        from: u32,
        step: impl Fn(&str, Json) -> Result<Option<Json>, String> + Send + Sync + 'static,
    ) -> Self {
        self.migrations.retain(|(other, _)| *other != from);
        let at = self.migrations.partition_point(|(other, _)| *other < from);
        self.migrations.insert(at, (from, Box::new(step)));
        self
    }

    /// What takes the place of the backend while that is denied; [`Memory`] if nothing is said. The
    /// backend is tried again, at first after 500 ms, and gets all that it has missed.
    pub fn fallback(mut self, backend: impl Backend) -> Self {
        self.fallback = Arc::new(backend);
        self
    }

    /// Whether the patterns let a key be stored.
    fn covers(&self, key: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(key));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }

    /// So long does a key live that was written last at a time, in ms.
    fn lifetime(&self, key: &str) -> Option<u64> {
        let lifetimes = self.lifetimes.iter();
        let own = lifetimes.filter(|(keys, _)| keys.matches(key));
        own.map(|(_, time)| *time).min()
    }

    /// Takes a value from one schema to another.
    fn migrated(
        &self,
        key: &str,
        value: Json,
        schemas: std::ops::Range<u32>,
    ) -> Result<Option<Json>, String> {
        let mut value = value;
        let steps = self.migrations.iter();
        for (_, step) in steps.filter(|(from, _)| schemas.contains(from)) {
            match crate::store::contain(|| step(key, value))?? {
                Some(next) => value = next,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("backend", &self.backend.name())
            .field("fallback", &self.fallback.name())
            .finish_non_exhaustive()
    }
}
