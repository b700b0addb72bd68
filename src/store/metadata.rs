//! [`Metadata`]: what a store says of itself.

use super::{Store, computed::Computed, view::View};

/// What a store says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Metadata {
    /// Grows by one with each committed transaction, also when a computed key comes or goes, and
    /// while there are any when a micro-frontend does, since they may follow from that.
    pub version: u64,
    /// When the last transaction was committed, in ms since the Unix epoch; `None` if there was
    /// none yet.
    pub last_update: Option<u64>,
    /// How many keys were changed by all transactions together.
    pub update_count: u64,
    /// What the writer of the last change called itself.
    pub source: String,
}

impl View {
    /// The store's metadata. Inside of an effect or a component it makes that run again with each
    /// transaction.
    pub fn metadata(&self) -> Metadata {
        self.inner.follow_everything();
        let state = crate::lock(&self.inner.state);
        Metadata {
            version: state.version,
            last_update: state.last_update,
            update_count: state.update_count,
            source: state.source.as_str().to_owned(),
        }
    }
}

impl Store {
    /// The size of the state in bytes: of all keys, and of all values as compact JSON. A value
    /// without a JSON form counts 0. Each value is measured once.
    #[cfg(feature = "json")]
    pub fn state_size(&self) -> Computed<usize> {
        self.computed(|state| {
            let bytes = |value: &crate::Value| value.json_bytes().unwrap_or(0);
            let snapshot = state.snapshot();
            snapshot
                .iter()
                .map(|(key, value)| key.len() + bytes(value))
                .sum()
        })
    }

    /// The size of the state as the number of its keys; with the feature `json`, in bytes.
    #[cfg(not(feature = "json"))]
    pub fn state_size(&self) -> Computed<usize> {
        self.computed(View::len)
    }
}
