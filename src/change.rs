//! What happened: [`Change`], [`ChangeSet`], and through which door ([`Origin`]).

use crate::{
    few::Few,
    key::Name,
    label::Labels,
    value::{StateValue, Value},
};
use smol_str::SmolStr;
use std::{borrow::Cow, fmt, sync::Arc};

/// The source of a write that names none.
pub(crate) const UNKNOWN_SOURCE: Name = Name::Static("unknown");

/// The door through which a transaction came in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The store's own handle, or a hook outside of any micro-frontend.
    Local,
    /// The scope of the micro-frontend with this id.
    Mfe(Arc<str>),
    /// A snapshot that was restored.
    Restore,
    /// None: the value of a computed key, which follows from what came through the other doors. No
    /// transaction has it, only what listeners are told.
    Computed,
    /// Persistent storage.
    Storage,
    /// Another tab.
    Tab,
    /// JavaScript on the page, or a store in another module.
    Page,
    /// Developer tools.
    DevTools,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl Origin {
    pub(crate) fn text(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Local => "local",
            Self::Mfe(id) => return Cow::Owned(format!("mfe:{id}")),
            Self::Restore => "restore",
            Self::Computed => "computed",
            Self::Storage => "storage",
            Self::Tab => "tab",
            Self::Page => "page",
            Self::DevTools => "devtools",
        })
    }
}

/// Who writes: the door and the free text that the caller gave.
#[derive(Clone)]
pub(crate) struct Stamp {
    pub(crate) origin: Origin,
    pub(crate) source: Name,
}

impl Stamp {
    pub(crate) const LOCAL: Self = Self {
        origin: Origin::Local,
        source: UNKNOWN_SOURCE,
    };

    /// The stamp, to be put elsewhere.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::LOCAL)
    }
}

/// One key that changed.
#[derive(Clone)]
pub struct Change {
    pub(crate) key: SmolStr,
    pub(crate) old: Option<Value>,
    pub(crate) new: Option<Value>,
    pub(crate) stamp: Stamp,
    pub(crate) time: u64,
    pub(crate) version: u64,
    /// Counts every commit, those of the store's own hidden slots included.
    pub(crate) sequence: u64,
    /// How many commits lie between the first that the change sums up and the last, `sequence`.
    pub(crate) span: u32,
    pub(crate) labels: Labels,
}

impl Change {
    /// The full name of the key; `@id/key` for a key of a micro-frontend.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The previous value, if there was one and it reads as a `T`.
    pub fn old<T: StateValue>(&self) -> Option<T> {
        self.old.as_ref()?.to().ok()
    }

    /// The new value, if there is one and it reads as a `T`.
    #[expect(clippy::new_ret_no_self, reason = "it is the counterpart of `old`")]
    pub fn new<T: StateValue>(&self) -> Option<T> {
        self.new.as_ref()?.to().ok()
    }

    /// The previous value as stored; `None` if the key was missing.
    pub fn old_value(&self) -> Option<&Value> {
        self.old.as_ref()
    }

    /// The new value as stored; `None` if the key was removed.
    pub fn new_value(&self) -> Option<&Value> {
        self.new.as_ref()
    }

    /// Whether the key was removed.
    pub fn is_removal(&self) -> bool {
        self.new.is_none()
    }

    /// Whether the key was missing before.
    pub fn is_insertion(&self) -> bool {
        self.old.is_none()
    }

    /// Where inside of the value it changed: the innermost places at which the JSON of the previous
    /// and of the new value differ. One place, the whole, if the key came or went or a value has no
    /// JSON form. Compared when asked for; the cost follows the size of the value.
    ///
    /// ```
    /// use serde_json::json;
    /// use universal_state::Store;
    ///
    /// let store = Store::new();
    /// store.set_json("user", json!({ "name": "Ada", "address": { "city": "London" } }))?;
    /// let _subscription = store.subscribe("user", |_: Option<&serde_json::Value>, change| {
    ///     let paths: Vec<_> = change.paths().iter().map(ToString::to_string).collect();
    ///     assert_eq!(paths, ["/address/city"]);
    /// })?;
    /// store.set_json("user", json!({ "name": "Ada", "address": { "city": "Paris" } }))?;
    /// store.flush();
    /// # assert_eq!(store.error_count(), 0);
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    #[cfg(feature = "json")]
    pub fn paths(&self) -> Vec<crate::Pointer> {
        let json = |value: &Option<Value>| value.as_ref()?.to_json().ok();
        match (json(&self.old), json(&self.new)) {
            (Some(old), Some(new)) => crate::pointer::differences(&old, &new),
            _ => vec![crate::Pointer::default()],
        }
    }

    /// What the writer called itself; `"unknown"` if it gave no source.
    pub fn source(&self) -> &str {
        self.stamp.source.as_str()
    }

    /// The sequence number of the first commit that the change sums up.
    pub(crate) fn first(&self) -> u64 {
        self.sequence.saturating_sub(self.span.into())
    }

    /// Whether it sums up several commits.
    pub(crate) fn is_sum(&self) -> bool {
        self.span > 0
    }

    /// The labels of the key: what exports or prints changes leaves out the values of those that are
    /// [`Label::Secret`](crate::Label::Secret).
    pub fn labels(&self) -> Labels {
        self.labels
    }

    /// The door through which the last write of this change came.
    pub fn origin(&self) -> &Origin {
        &self.stamp.origin
    }

    /// When it was committed, in ms since the Unix epoch. In a browser the clock is read once a
    /// turn, so all changes of one turn carry one time.
    pub fn time(&self) -> u64 {
        self.time
    }

    /// The store's version that the last write of this change made.
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Change")
            .field("key", &self.key)
            .field("old", &self.old.as_ref().map(|old| self.labels.show(old)))
            .field("new", &self.new.as_ref().map(|new| self.labels.show(new)))
            .field("source", &self.source())
            .field("origin", self.origin())
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// What one transaction, one batch, or (with batched delivery) one turn changed: at most one
/// [`Change`] a key, in the order of first write.
#[derive(Debug, Clone, Default)]
pub struct ChangeSet {
    /// Most transactions write one key.
    pub(crate) changes: Few<Change>,
}

impl ChangeSet {
    /// The changes in order of first write.
    pub fn iter(&self) -> std::slice::Iter<'_, Change> {
        self.changes.iter()
    }

    /// How many keys changed.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The change of one key, by its full name.
    pub fn get(&self, key: &str) -> Option<&Change> {
        self.changes.iter().find(|change| &*change.key == key)
    }

    /// The newest version among the changes; 0 in an empty set.
    pub fn version(&self) -> u64 {
        self.changes.iter().map(Change::version).max().unwrap_or(0)
    }
}

impl From<Change> for ChangeSet {
    fn from(change: Change) -> Self {
        Self {
            changes: Few::One(change),
        }
    }
}

impl<'a> IntoIterator for &'a ChangeSet {
    type Item = &'a Change;
    type IntoIter = std::slice::Iter<'a, Change>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// What every listener is handed: 112 bytes in a browser, where a label finds room.
#[cfg(target_family = "wasm")]
const _: () = assert!(size_of::<Change>() == 112);
