//! [`EdgeBuilder`]: what an edge is made of.

use super::{
    entry::Rules,
    link::{Edge, Place, Port},
    stamp::ReplicaId,
    storage::Storage,
};
use crate::{
    error::StateError,
    pattern::Pattern,
    pointer::Pointer,
    store::{self, Store},
};
use std::{fmt, sync::Arc};

/// How two values are made one that were written at once.
#[derive(Debug, Clone, Default)]
pub struct Merge(pub(super) Rules);

impl Merge {
    /// Objects member by member, everything else as a whole: what holds for keys of which nothing else
    /// is said.
    pub fn by_member() -> Self {
        Self::default()
    }

    /// The later value wins as a whole.
    pub fn whole() -> Self {
        Self(Rules {
            whole: true,
            keyed: Vec::new(),
        })
    }

    /// Besides, the items of the array at a place are told apart by one of their members, and merged
    /// one by one. On the way, `*` stands for any name or item.
    ///
    /// # Errors
    /// [`StateError::Pointer`] if `at` is no JSON Pointer, or the member's name is empty or holds `=`.
    pub fn keyed(mut self, at: &str, member: &str) -> Result<Self, StateError> {
        let pointer: Pointer = at.parse()?;
        if member.is_empty() || member.contains('=') {
            return Err(StateError::Pointer {
                pointer: crate::error::excerpt(at),
                reason: "the member that tells items apart is called neither \"\" nor with a ="
                    .into(),
            });
        }
        self.0.keyed.push((pointer, member.to_owned()));
        Ok(self)
    }
}

/// What becomes a port of an edge.
pub(crate) trait Plug {
    /// Connects it.
    fn plug(self: Box<Self>, edge: &Edge) -> Arc<dyn Port>;
}

/// Sets up an [`Edge`].
#[must_use = "a builder does nothing until `attach` is called"]
pub struct EdgeBuilder {
    place: Place,
    id: Option<ReplicaId>,
    merges: Vec<(Pattern, Merge)>,
    clock: Option<Box<dyn Fn() -> u64 + Send + Sync>>,
    storage: Option<Box<dyn Plug>>,
    pub(super) tabs: Option<Box<dyn Plug>>,
}

impl Edge {
    /// Sets up an edge, step by step. Edges of one application, prefix and schema, in the tabs of one
    /// origin, share one state.
    pub fn builder(application: impl Into<String>) -> EdgeBuilder {
        let application = application.into();
        EdgeBuilder {
            place: Place {
                prefix: application.clone(),
                application,
                schema: 0,
            },
            id: None,
            merges: Vec::new(),
            clock: None,
            storage: None,
            tabs: None,
        }
    }
}

impl EdgeBuilder {
    /// The beginning of the names of stored items; the application's name if none is given. What is
    /// stored under another prefix is never touched.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.place.prefix = prefix.into();
        self
    }

    /// The version of the application's types, from 0. It grows when stored values need to be migrated.
    /// Tabs of another version are kept apart.
    pub fn schema(mut self, version: u32) -> Self {
        self.place.schema = version;
        self
    }

    /// Stores the state. Of several calls the last counts.
    pub fn storage(mut self, storage: Storage) -> Self {
        self.storage = Some(Box::new(storage));
        self
    }

    /// How values of some keys are merged. The first pattern that covers a key counts.
    pub fn merge(mut self, keys: Pattern, merge: Merge) -> Self {
        self.merges.push((keys, merge));
        self
    }

    /// The wall clock, in ms since the Unix epoch: for tests.
    pub fn clock(mut self, now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.clock = Some(Box::new(now));
        self
    }

    /// The id of this replica, which must be no other's; drawn at random if none is given: for tests.
    pub fn replica(mut self, id: ReplicaId) -> Self {
        self.id = Some(id);
        self
    }

    /// Ties the edge to a store. What is stored and can be read at once is in the store afterwards.
    /// What stood in the store before is this tab's own until it is written. If the store, or its page, had
    /// an edge of the same application, prefix and schema, this one goes on: what was written since counts
    /// as written now.
    ///
    /// ```
    /// use universal_state::{StateError, Store, edge::Edge};
    ///
    /// let store = Store::new();
    /// let edge = Edge::builder("shop").attach(&store)?;
    /// let second = Edge::builder("shop").attach(&store);
    /// assert_eq!(second.err(), Some(StateError::EdgeTaken));
    ///
    /// edge.detach();
    /// let _second = Edge::builder("shop").attach(&store)?;
    /// # Ok::<(), StateError>(())
    /// ```
    ///
    /// # Errors
    /// [`StateError::EdgeName`] if the application or a part of the prefix between colons is empty,
    /// [`StateError::EdgeTaken`] if the store has an edge, or another one of its page, be it the host or a
    /// guest: what comes in through one would not be told to another; [`StateError::Disposed`].
    pub fn attach(self, store: &Store) -> Result<Edge, StateError> {
        // Where nothing stands between two colons are the names that storage has for itself.
        if self.place.application.is_empty() || self.place.prefix.split(':').any(str::is_empty) {
            return Err(StateError::EdgeName);
        }
        let id = self.id.unwrap_or_else(super::random_id);
        let clock = self.clock.unwrap_or_else(|| Box::new(store::now));
        let edge = Edge::new(store, id, self.place, self.merges, clock);
        let inner = &edge.0.view.inner;
        let before = inner.set_feed(&edge.0.feed)?;
        let left = edge.0.feed.go_on_from(before).unwrap_or_else(|error| {
            edge.report(&error);
            None
        });
        let mut ports = Vec::new();
        for plug in self.storage.into_iter().chain(self.tabs) {
            ports.push(plug.plug(&edge));
        }
        let _ = edge.0.ports.set(ports);
        if let Some(left) = left {
            edge.go_on_with(left);
        }
        for port in edge.ports() {
            port.start(&edge);
        }
        inner.wake_feed();
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        super::browser::follow(&edge);
        Ok(edge)
    }
}

impl fmt::Debug for EdgeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EdgeBuilder")
            .field("place", &self.place)
            .field("merges", &self.merges)
            .finish_non_exhaustive()
    }
}
