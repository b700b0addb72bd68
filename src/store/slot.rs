//! Slots: one per key, made at its first write or first subscription and kept while anyone holds
//! it; their signals; and the index that finds them.

mod index;
mod signal;

pub(crate) use index::Slots;
#[cfg(feature = "leptos")]
pub(crate) use signal::Following;
pub(crate) use signal::{SharedSignal, Signal, Trigger};

use super::{
    graph::{Graph, Graphs},
    guest::ComputedKey,
    listen::Listeners,
};
use crate::{
    engine::Site,
    key,
    label::Labels,
    value::{StateValue, Value},
};
use reactive_graph::graph::{AnySource, AnySubscriber, Observer, Subscriber};
use smol_str::SmolStr;
use std::sync::{Arc, Mutex, Weak, atomic::AtomicU16};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SlotKind {
    /// A key that all share.
    Shared,
    /// A key in the namespace of a micro-frontend.
    Namespaced,
    /// Not a key: something of the store's own that can be tracked and subscribed to.
    Hidden,
}

/// In this order, so that what a read needs lies side by side: in a browser, in the 64 bytes of a line
/// of the cache.
#[repr(C)]
pub(crate) struct Slot {
    pub(crate) key: SmolStr,
    pub(crate) hash: u32,
    pub(crate) kind: SlotKind,
    /// Where the key stands among the writes of the draft that marked it last. It fits where nothing else
    /// would.
    pub(crate) drafted: AtomicU16,
    pub(crate) state: Mutex<SlotState>,
}

pub(crate) const NOT_PENDING: u32 = u32::MAX;

/// As [`Slot`], in this order.
#[repr(C)]
pub(crate) struct SlotState {
    /// The value, on engines that keep it here.
    pub(crate) place: Option<Value>,
    /// The sequence number of the commit that changed the key last.
    pub(crate) sequence: u64,
    pub(crate) listeners: Listeners,
    /// What most keys have none of.
    rare: Option<Box<Rare>>,
    /// Where the key stands among the changes that are yet to be delivered.
    pub(crate) pending: u32,
    /// Whether the key changed since the last snapshot.
    pub(crate) stale: bool,
    pub(crate) labels: Labels,
}

/// What only some keys have.
#[derive(Default)]
pub(crate) struct Rare {
    pub(crate) signal: Signal,
    pub(crate) graphs: Graphs,
    /// The computed value that is registered under the key. Then nothing is stored.
    pub(crate) computed: Option<Weak<dyn ComputedKey>>,
}

impl SlotState {
    #[inline]
    pub(crate) fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    /// The same, made if need be.
    pub(crate) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// The trigger, if anyone ever tracked the key, to be notified.
    #[inline]
    pub(crate) fn trigger(&mut self) -> Option<Trigger> {
        self.rare.as_mut()?.signal.existing()
    }

    /// Subscribes an effect or a memo, and hands out what is to be a source of it.
    fn tracked_by(&mut self, observer: &AnySubscriber) -> AnySource {
        self.rare_mut().signal.tracked_by(observer)
    }

    /// The computed value that is registered under the key.
    pub(crate) fn computed(&self) -> Option<Arc<dyn ComputedKey>> {
        self.rare()?.computed.as_ref()?.upgrade()
    }

    /// The graphs that somebody reads through.
    pub(crate) fn graphs(&self) -> impl Iterator<Item = Arc<dyn Graph>> {
        self.rare()
            .into_iter()
            .flat_map(|rare| rare.graphs.living())
    }

    fn is_tracked(&self) -> bool {
        self.rare().is_some_and(|rare| rare.signal.is_tracked())
    }

    /// Whether somebody wants to hear of it, as far as is known.
    pub(crate) fn is_followed(&self) -> bool {
        self.is_tracked() || !self.listeners.is_empty()
    }
}

impl Slot {
    pub(crate) fn new(key: SmolStr, hash: u32, kind: SlotKind, labels: Labels) -> Self {
        Self {
            key,
            hash,
            kind,
            drafted: AtomicU16::new(0),
            state: Mutex::new(SlotState {
                place: None,
                sequence: 0,
                pending: NOT_PENDING,
                stale: false,
                labels,
                listeners: Listeners::default(),
                rare: None,
            }),
        }
    }

    /// A slot of the store's own, which is no key.
    pub(crate) fn hidden(name: impl Into<SmolStr>) -> Arc<Self> {
        let labels = Labels::default();
        Arc::new(Self::new(name.into(), 0, SlotKind::Hidden, labels))
    }

    /// Whether it is that of a name, and of its hash.
    #[inline]
    fn is(&self, hash: u32, name: &str) -> bool {
        self.hash == hash && key::same(&self.key, name)
    }

    /// Under which an engine keeps the value.
    #[inline]
    pub(crate) fn site(&self) -> Site<'_> {
        Site {
            key: &self.key,
            hash: self.hash,
        }
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.kind == SlotKind::Hidden
    }

    /// The value, where the engine keeps it here. If there is one it is the key's, also while the
    /// engine is exchanged.
    #[inline]
    pub(crate) fn glance(&self) -> Option<Value> {
        crate::lock(&self.state).place.clone()
    }

    /// The value, where the engine keeps it here, if it is a small one of this type.
    #[inline]
    pub(crate) fn pick<T: StateValue>(&self) -> Option<T> {
        crate::lock(&self.state).place.as_ref()?.in_place()
    }

    /// Makes the running effect or memo depend on this key.
    pub(crate) fn track(&self) {
        if let Some(observer) = Observer::get() {
            let source = crate::lock(&self.state).tracked_by(&observer);
            observer.add_source(source);
        }
    }

    /// Makes the running memo depend on this key, which it reads whenever it runs.
    #[cfg(feature = "leptos")]
    pub(crate) fn follow(&self, following: &Following) {
        let mut state = crate::lock(&self.state);
        state.rare_mut().signal.followed_by(following);
    }
}
