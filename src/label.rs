//! [`Label`]: where the value of a key must not go, and [`Labels`], a set of them.

use crate::value::Value;
use std::fmt;

/// Where the value of a key must not go. Given by
/// [`StoreBuilder::label`](crate::StoreBuilder::label), [`View::label`](crate::View::label) and
/// [`View::label_matching`](crate::View::label_matching), and kept as long as the store: nobody can
/// take a label back.
///
/// Within the store a label changes nothing. Whoever may read the key reads it, listeners and
/// middleware are told of it, snapshots, `restore` and undo carry it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Label {
    /// Stays out of other tabs. Where tabs share a storage it holds what one of them wrote last, for the
    /// page that comes next.
    Local,
    /// Stays out of storage: it is gone after a reload.
    Volatile,
    /// Never leaves the wasm: it stays out of other tabs and of storage, as with both labels above,
    /// and wherever the store itself turns a value into text or exports it, the value is left out.
    /// [`Snapshot::to_json`](crate::Snapshot::to_json) lacks the key; [`Log`](crate::Log) and the
    /// `Debug` of [`Change`](crate::Change), [`Write`](crate::Write) and
    /// [`Snapshot`](crate::Snapshot) say `(secret)`; a
    /// [`StateError`](crate::StateError) does not quote what a decoder or an encoder said, which may
    /// hold the value. The key, where inside of its value it changed, its type and its size may show.
    ///
    /// What it does not cover: text that the code of an app makes of a value, such as the error of a
    /// listener, the reason of a veto or the message of a panic; a single
    /// [`Value`](crate::Value), which does not know its key; a value that was copied to another key or
    /// computed from this one, unless that key is labelled too; what was exported before the label
    /// was given.
    ///
    /// It guards against leaks by oversight and is no security boundary: all script of the page can
    /// read the memory of the wasm, and every micro-frontend that may read the key gets its value.
    Secret,
}

/// What stands where the value of a [`Label::Secret`] key would.
pub(crate) const REDACTED: &str = "(secret)";

/// The labels of a key.
///
/// ```
/// use universal_state::{Label, Labels};
///
/// let labels = Labels::from(Label::Volatile);
/// assert!(labels.has(Label::Volatile) && !labels.has(Label::Local));
/// // What is secret goes neither to storage nor to other tabs.
/// let labels = Labels::from(Label::Secret);
/// assert!(labels.has(Label::Volatile) && labels.has(Label::Local));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Labels(u8);

impl Labels {
    const ALL: [Label; 3] = [Label::Local, Label::Volatile, Label::Secret];

    /// Whether the label is among them. [`Label::Secret`] brings the other two.
    pub const fn has(self, label: Label) -> bool {
        let bits = bits(label);
        self.0 & bits == bits
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and another one.
    #[must_use]
    pub const fn with(self, label: Label) -> Self {
        Self(self.0 | bits(label))
    }

    /// These and those.
    pub(crate) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn is_secret(self) -> bool {
        self.has(Label::Secret)
    }

    /// The value of a key, as it may be printed.
    pub(crate) fn show(self, value: &Value) -> Shown<'_> {
        Shown(self, value)
    }

    /// Text that may quote the value, as an error may hold it.
    pub(crate) fn redact(self, text: String) -> String {
        match self.is_secret() {
            true => REDACTED.to_owned(),
            false => text,
        }
    }
}

/// Secret implies the others, so whoever asks for `Local` or `Volatile` need not ask for it too.
const fn bits(label: Label) -> u8 {
    match label {
        Label::Local => 1,
        Label::Volatile => 2,
        Label::Secret => 1 | 2 | 4,
    }
}

impl From<Label> for Labels {
    fn from(label: Label) -> Self {
        Self::default().with(label)
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = Self::ALL.into_iter().filter(|label| self.has(*label));
        f.debug_set().entries(labels).finish()
    }
}

/// A value as it may be printed.
pub(crate) struct Shown<'a>(Labels, &'a Value);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(labels, _) if labels.is_secret() => f.write_str(REDACTED),
            Self(_, value) => value.fmt(f),
        }
    }
}
