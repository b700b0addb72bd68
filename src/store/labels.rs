//! Which keys carry which labels: the rules of a store, and the doors through which they come. A slot
//! keeps the labels of its key, as it keeps the listeners of patterns, so that a write asks nobody.

use super::{
    guest::Labelling,
    inner::Inner,
    slot::{Slot, Slots},
    view::View,
};
use crate::{
    error::{Access, StateError, excerpt},
    key::KeyHasher,
    label::{Label, Labels},
    pattern::Pattern,
};
use smol_str::SmolStr;
use std::{
    collections::HashMap,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// The labels that were given in a store. It comes with the first. Snapshots share it.
pub(crate) type Labelled = Arc<OnceLock<Box<dyn Labelling>>>;

/// Which keys a label is for.
pub(crate) enum Subject {
    /// That of this full name.
    Key(SmolStr),
    Matching(Matching),
}

pub(crate) struct Matching {
    /// How the full names of all those keys begin; empty for all of the store.
    pub(crate) within: SmolStr,
    pub(crate) pattern: Pattern,
}

impl Matching {
    /// Matched against the full name and, within a namespace, against the short one too: a pattern
    /// that was meant for the other must not leave a secret unguarded.
    fn covers(&self, full_name: &str) -> bool {
        full_name.strip_prefix(&*self.within).is_some_and(|short| {
            self.pattern.matches(full_name)
                || (!self.within.is_empty() && self.pattern.matches(short))
        })
    }

    fn is_same(&self, other: &Self) -> bool {
        self.within == other.within && self.pattern.is_same(&other.pattern)
    }
}

/// The rules.
#[derive(Default)]
pub(super) struct Book {
    rules: RwLock<Rules>,
    version: AtomicU64,
}

#[derive(Default)]
struct Rules {
    keys: HashMap<SmolStr, Labels, KeyHasher>,
    /// A pattern is there once, however often a component that gives it is mounted.
    patterns: Vec<(Matching, Labels)>,
}

impl Labelling for Book {
    fn add(&self, subject: Subject, label: Label) -> bool {
        let rules = &mut *self.rules.write().unwrap_or_else(PoisonError::into_inner);
        let labels = match subject {
            Subject::Key(name) => rules.keys.entry(name).or_default(),
            Subject::Matching(new) => {
                let there = rules.patterns.iter().position(|(old, _)| old.is_same(&new));
                let at = there.unwrap_or(rules.patterns.len());
                if there.is_none() {
                    rules.patterns.push((new, Labels::default()));
                }
                match rules.patterns.get_mut(at) {
                    Some((_, labels)) => labels,
                    None => return false,
                }
            }
        };
        let before = std::mem::replace(labels, labels.with(label));
        *labels != before
    }

    fn labels(&self, full_name: &str) -> Labels {
        let rules = crate::read(&self.rules);
        let named = rules.keys.get(full_name).copied().unwrap_or_default();
        let matching = rules.patterns.iter();
        matching
            .filter(|(matching, labels)| {
                named.union(*labels) != named && matching.covers(full_name)
            })
            .fold(named, |all, (_, labels)| all.union(*labels))
    }

    #[cfg(any(feature = "edge", test))]
    fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn has_changed(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }
}

/// Gives a label in a store that is yet to be built.
pub(super) fn add(book: &mut Option<Box<dyn Labelling>>, pattern: Pattern, label: Label) {
    let book = book.get_or_insert_with(|| Box::new(Book::default()));
    let within = SmolStr::default();
    if book.add(Subject::Matching(Matching { within, pattern }), label) {
        book.has_changed();
    }
}

impl Slots {
    /// The labels of a key that has no slot yet.
    pub(super) fn labels_of_new(&self, full_name: &str) -> Labels {
        let book = self.labelled.get();
        book.map_or_else(Labels::default, |book| book.labels(full_name))
    }
}

impl Slot {
    pub(crate) fn labels(&self) -> Labels {
        crate::lock(&self.state).labels
    }
}

impl Inner {
    /// The labels of a key. Without any in the store it costs one look.
    pub(crate) fn labels(&self, full_name: &str) -> Labels {
        let Some(book) = self.slots.labelled.get() else {
            return Labels::default();
        };
        match self.slots.find(full_name) {
            Some(slot) => slot.labels(),
            None => book.labels(full_name),
        }
    }

    /// A number that grows whenever the labels of a key may have changed; 0 while nobody has given
    /// any. Whoever sees it grow finds the new labels.
    #[cfg(any(feature = "edge", test))]
    pub(crate) fn labels_version(&self) -> u64 {
        let book = self.slots.labelled.get();
        book.map_or(0, |book| book.version())
    }

    /// Labels a key for whom nothing is to be asked.
    #[cfg(feature = "js")]
    pub(crate) fn label(&self, full_name: &str, label: Label) {
        self.add_label(Subject::Key(full_name.into()), label);
    }

    fn add_label(&self, subject: Subject, label: Label) {
        let book = self
            .slots
            .labelled
            .get_or_init(|| Box::new(Book::default()));
        if !book.add(subject, label) {
            return;
        }
        // A slot that is made from here on asks the book itself.
        for slot in self.slots.all() {
            let labels = book.labels(&slot.key);
            crate::lock(&slot.state).labels = labels;
        }
        {
            let state = &mut *crate::lock(&self.state);
            let pending = state.pending.iter_mut().map(|(_, change)| change);
            let queue = state.queue.iter_mut();
            let queued = queue.flat_map(|item| item.changes.changes.iter_mut());
            for change in pending.chain(queued) {
                change.labels = book.labels(&change.key);
            }
        }
        book.has_changed();
        self.advance_clock();
    }
}

/// Where values must not go.
impl View {
    /// Labels a key, there or not: its value stays out of other tabs, of storage, or within the wasm.
    /// See [`Label`]. It takes the right to write the key. The label counts at once, also inside of a
    /// batch, and for good: it stays when the key is deleted and when its micro-frontend
    /// unregisters. What has left before does not come back, so label a key before it is written.
    ///
    /// # Errors
    /// [`StateError::Key`], [`StateError::Denied`], [`StateError::UnknownMfe`],
    /// [`StateError::Disposed`].
    ///
    /// ```
    /// use universal_state::{Key, Label, MfeInfo, Store};
    ///
    /// const TOKEN: Key<String> = Key::new("token");
    ///
    /// let store = Store::new();
    /// let shop = store.register_mfe(MfeInfo::new("shop", "leptos", "1.0.0"))?;
    /// shop.label(TOKEN.name(), Label::Secret)?;
    /// shop.set(TOKEN, "hunter2".to_owned())?;
    ///
    /// assert_eq!(shop.get(TOKEN).as_deref(), Some("hunter2"));
    /// # #[cfg(feature = "json")]
    /// assert_eq!(store.snapshot().to_json()?, serde_json::json!({}));
    /// assert_eq!(format!("{:?}", store.snapshot()), r#"{"@shop/token": (secret)}"#);
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn label(&self, key: &str, label: Label) -> Result<(), StateError> {
        self.inner.alive()?;
        let name = self.full_name(key, Access::Write)?;
        self.inner.add_label(Subject::Key(name.into()), label);
        Ok(())
    }

    /// As [`View::label`], of all keys that a pattern matches, present and future. In the view of a
    /// micro-frontend's own keys it covers those alone, whatever the pattern, and is matched against
    /// their short and their full names; otherwise against full names.
    ///
    /// # Errors
    /// [`StateError::Pattern`] in a micro-frontend's view of keys that are not its own, since it
    /// would cover future keys of others: there, label key by key. [`StateError::UnknownMfe`],
    /// [`StateError::Disposed`].
    ///
    /// ```
    /// use universal_state::{Label, MfeInfo, Pattern, Store};
    ///
    /// let store = Store::new();
    /// let shop = store.register_mfe(MfeInfo::new("shop", "leptos", "1.0.0"))?;
    /// shop.label_matching(Pattern::glob("draft:*")?, Label::Local)?;
    /// assert!(shop.labels("draft:7")?.has(Label::Local));
    /// assert!(store.labels("draft:7")?.is_empty()); // not its own
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn label_matching(&self, pattern: Pattern, label: Label) -> Result<(), StateError> {
        self.inner.alive()?;
        self.is_open()?;
        let within = match &self.gate {
            None => SmolStr::default(),
            Some(gate) => match gate.namespace() {
                Some(namespace) => namespace.into(),
                None => {
                    return Err(StateError::Pattern {
                        pattern: excerpt(pattern.as_str()),
                        reason: "a micro-frontend labels only its own keys by pattern; label \
                                 others key by key, or by the store"
                            .to_owned(),
                    });
                }
            },
        };
        let matching = Matching { within, pattern };
        self.inner.add_label(Subject::Matching(matching), label);
        Ok(())
    }

    /// The labels of a key, there or not. They are not tracked.
    ///
    /// # Errors
    /// [`StateError::Key`], [`StateError::Denied`], [`StateError::UnknownMfe`].
    pub fn labels(&self, key: &str) -> Result<Labels, StateError> {
        let name = self.full_name(key, Access::Read)?;
        Ok(self.inner.labels(&name))
    }

    /// The labels of a key as an error calls it: by its name in this view, or by its full name.
    pub(crate) fn labels_of_shown(&self, name: &str) -> Labels {
        let full = self.full_name(name, Access::Read);
        self.inner.labels(full.as_deref().unwrap_or(name))
    }
}

#[cfg(test)]
mod tests {
    use crate::{EngineKind, Label, Pattern, Store, pattern::MATCHES};

    #[test]
    fn the_version_grows_when_labels_change_and_only_then() {
        let store = Store::new();
        let version = || store.inner.labels_version();
        assert_eq!(version(), 0);
        let glob = || Pattern::glob("row:*").expect("it parses");
        store.label("a", Label::Local).ok();
        store.label_matching(glob(), Label::Local).ok();
        assert_eq!(version(), 2);
        // As a component does each time it is mounted.
        store.label("a", Label::Local).ok();
        store.label_matching(glob(), Label::Local).ok();
        assert_eq!(version(), 2);
        store.label_matching(glob(), Label::Secret).ok();
        store.label("a", Label::Volatile).ok();
        assert_eq!(version(), 4);
        // They are part of the secret already.
        store.label_matching(glob(), Label::Volatile).ok();
        assert_eq!(version(), 4);
        let built = Store::builder().label(glob(), Label::Local).build();
        assert_eq!(built.inner.labels_version(), 1);
    }

    #[test]
    fn a_pattern_is_matched_when_a_slot_is_made_and_at_no_write() {
        for kind in EngineKind::ALL {
            let pattern = Pattern::glob("row:*").expect("it parses");
            let builder = Store::builder().engine(*kind);
            let store = builder.label(pattern, Label::Local).build();
            MATCHES.set(0);
            store.set("row:1", 0).ok();
            assert_eq!(MATCHES.take(), 1);
            for n in 1..10 {
                store.set("row:1", n).ok();
                store.update("row:1", |row: &mut i32| *row += 1).ok();
                store.flush();
                assert!(store.inner.labels("row:1").has(Label::Local));
            }
            assert_eq!((store.get("row:1"), MATCHES.take()), (Some(10), 0));
        }
    }
}
