//! [`StateError`], the one error type of the crate, and the [`Reporter`] that hears of the errors
//! no caller is there to receive.

use std::{fmt, sync::Arc};

/// Everything that can go wrong in a store. Each message says what to do about it.
///
/// ```
/// use universal_state::{StateError, Store};
///
/// let store = Store::new();
/// let error = store.set("", 1).unwrap_err();
/// assert!(matches!(error, StateError::Key { .. }));
/// assert!(store.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The text cannot be the name of a key.
    #[error("key {key:?} is not usable: {fault}")]
    Key {
        /// The name that was refused, cut to 64 characters.
        key: String,
        /// What is wrong with it.
        fault: KeyFault,
    },
    /// The value under the key does not read as the type that was asked for.
    #[error("key {key:?} holds {found}, which does not read as {expected} ({reason})")]
    Type {
        /// The key.
        key: String,
        /// The type that was asked for.
        expected: &'static str,
        /// The type that was written.
        found: &'static str,
        /// Why the stored form does not decode.
        reason: String,
    },
    /// The value under the key has no JSON form; it stays readable as the type it was written as.
    #[error("the value of key {key:?} cannot be written as JSON: {reason}")]
    Serialize {
        /// The key.
        key: String,
        /// What the serializer said.
        reason: String,
    },
    /// Text that should hold JSON does not.
    #[error("not a JSON text that can be stored: {reason}")]
    Json {
        /// What the parser said, with line and column.
        reason: String,
    },
    /// A middleware refused the transaction; nothing of it was stored.
    #[error("middleware {middleware:?} refused the write{}: {reason}", of_key(key))]
    Vetoed {
        /// The name of the middleware.
        middleware: String,
        /// The key that it refused, if it named one.
        key: Option<String>,
        /// The reason it gave.
        reason: String,
    },
    /// The closure of a batch gave up; nothing of the batch was stored.
    #[error("the batch was given up: {reason}")]
    Aborted {
        /// The reason that was given to [`StateError::abort`].
        reason: String,
    },
    /// Another thread changed a key that the batch had read; nothing of the batch was stored.
    #[error("key {key:?} was changed by another thread while the batch ran; run the batch again")]
    Conflict {
        /// The key that was read and then changed elsewhere.
        key: String,
    },
    /// The batch holds the answer to a [`Request`](crate::Request) that does not count any more;
    /// nothing of the batch was stored.
    #[error(
        "the answer for key {key:?} came too late: a newer request took over or this one was \
         cancelled; finish requests outside of the batch, or before others begin"
    )]
    Superseded {
        /// The key.
        key: String,
    },
    /// Listeners kept on causing changes, or a computed value depends on itself.
    #[error("{what} did not settle: look for a listener or computed value that feeds itself")]
    Cycle {
        /// What went round: the keys or the computed value.
        what: String,
    },
    /// The key is that of a computed value, which follows from others; nobody can write it.
    #[error("key {key:?} is computed by {by} and cannot be written; write what it follows from")]
    ReadOnly {
        /// The full name of the key.
        key: String,
        /// Who registered the computed value.
        by: String,
    },
    /// A computed value cannot be registered under a key that is in use.
    #[error("key {key:?} is taken by {holder}; choose another key, or remove that first")]
    KeyTaken {
        /// The full name of the key.
        key: String,
        /// What has the key.
        holder: String,
    },
    /// The closure of a computed value that is registered under a key (natively) panicked.
    #[error("the computed value of key {key:?} failed: {reason}")]
    Evaluation {
        /// The full name of the key.
        key: String,
        /// What it said.
        reason: String,
    },
    /// The store was disposed of; it can be read, not written.
    #[error("the store was disposed of and takes no more writes or subscriptions")]
    Disposed,
    /// A write was tried from inside a place that must not write.
    #[error("the store cannot be written from inside {during}; write after it has returned")]
    Reentrant {
        /// The place.
        during: &'static str,
    },
    /// A pattern does not parse.
    #[error("pattern {pattern:?} is not valid: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What the parser said.
        reason: String,
    },
    /// A JSON Pointer does not parse, or leads to no place that could be written.
    #[error("pointer {pointer:?} cannot be used: {reason}")]
    Pointer {
        /// The pointer.
        pointer: String,
        /// What is wrong with it, or with what it leads through.
        reason: String,
    },
    /// A [`Cursor`](crate::Cursor) leads to no place that could be written, or be made a cursor of.
    #[error("the place inside of key {key:?} cannot be reached: {reason}")]
    Place {
        /// The key.
        key: String,
        /// What is wrong with the way, and what to do about it.
        reason: &'static str,
    },
    /// A listener returned an error or (natively) panicked.
    #[error("a listener of {subject} failed: {reason}")]
    Listener {
        /// What it listens to.
        subject: String,
        /// What it said.
        reason: String,
    },
    /// No engine has this name.
    #[error("there is no engine {name:?}; known engines: {known}")]
    UnknownEngine {
        /// The name that was asked for.
        name: String,
        /// The names that exist.
        known: String,
    },
    /// The text cannot be the id of a micro-frontend.
    #[error("micro-frontend id {id:?} is not usable: {reason}")]
    MfeId {
        /// The id that was refused, cut to 64 characters.
        id: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The id is taken by a micro-frontend that is still registered.
    #[error("micro-frontend {id:?} is already registered, by {holder}; unregister it first")]
    MfeTaken {
        /// The id.
        id: String,
        /// Framework and version of the holder.
        holder: String,
    },
    /// No micro-frontend with this id is registered.
    #[error("no micro-frontend {id:?} is registered; register it before its keys are used")]
    UnknownMfe {
        /// The id.
        id: String,
    },
    /// The micro-frontend has no right to do this.
    #[error("micro-frontend {mfe:?} may not {access} key {key:?}; ask for a grant")]
    Denied {
        /// Who tried.
        mfe: String,
        /// The key.
        key: String,
        /// What was tried.
        access: Access,
    },
    /// An edge needs a name.
    #[error(
        "an edge needs the name of an application and a prefix, in which no part between colons is empty"
    )]
    EdgeName,
    /// The store, or one that it shares the page's state with, has an edge already.
    #[error(
        "the page's store has an edge already, and can have one; give that one the storage and the tabs, or detach it first"
    )]
    EdgeTaken,
    /// A backend of storage did not do what it was asked for, or an item in it is not used. The store
    /// itself is as it should be.
    #[error("storage in {backend}{}: {reason}", of_key(key))]
    Storage {
        /// The name of the backend.
        backend: String,
        /// The key, if it is about one.
        key: Option<String>,
        /// What went wrong.
        reason: String,
    },
    /// Something that came in from outside was not taken, and changed nothing.
    #[error("what came from {door} was refused ({what}): {reason}")]
    Refused {
        /// Where it came from: an [`Origin`](crate::Origin) as text.
        door: String,
        /// What it was: a key, or the beginning of a message.
        what: String,
        /// Why it was refused.
        reason: String,
    },
    /// What carries messages to other tabs failed. The store goes on; the tabs get into step again as
    /// soon as it works.
    #[error("{transport} failed: {reason}")]
    Transport {
        /// Its name.
        transport: String,
        /// What it said.
        reason: String,
    },
    /// The value of a key stays in this tab: it makes a message longer than the limit of
    /// [`Tabs::max_message`](crate::edge::Tabs::max_message).
    #[error("key {key:?} is not sent to other tabs: it needs more than {limit} bytes")]
    TooLarge {
        /// The key.
        key: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// A store cannot be put on the page.
    #[error("store {name:?} cannot be put on the page: {reason}")]
    Page {
        /// The name that it should have there.
        name: String,
        /// Why not, and what to do about it.
        reason: String,
    },
    /// Another tab had not the same state, and no message was under way that explains it. Both are
    /// brought into step.
    #[error("tab {tab} did not agree with this one; both are brought into step")]
    Disagreement {
        /// The id of its replica.
        tab: String,
    },
    /// The component that a setter belongs to is gone.
    #[error("the component of this setter was unmounted; write through the store instead")]
    Unmounted,
    /// A micro-frontend failed to render.
    #[error("micro-frontend {id:?} failed: {reason}")]
    MfeFailed {
        /// The id.
        id: String,
        /// What it said.
        reason: String,
    },
}

impl StateError {
    /// A short name of the kind of error, the same in every version: what programs in other languages
    /// decide by.
    ///
    /// ```
    /// use universal_state::Store;
    ///
    /// let error = Store::new().set("", 1).unwrap_err();
    /// assert_eq!(error.code(), "key");
    /// ```
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key { .. } | Self::KeyTaken { .. } => "key",
            Self::Type { .. } => "type",
            Self::Serialize { .. }
            | Self::Json { .. }
            | Self::Pointer { .. }
            | Self::Place { .. } => "value",
            Self::Vetoed { .. } => "vetoed",
            Self::Aborted { .. } => "aborted",
            Self::Conflict { .. } | Self::Superseded { .. } => "conflict",
            Self::Cycle { .. } => "cycle",
            Self::ReadOnly { .. } => "read-only",
            Self::Disposed => "disposed",
            Self::Reentrant { .. } => "reentrant",
            Self::Pattern { .. } => "pattern",
            Self::MfeId { .. } => "mfe-id",
            Self::MfeTaken { .. } => "mfe-taken",
            Self::UnknownMfe { .. } => "unknown-mfe",
            Self::Denied { .. } | Self::Refused { .. } => "denied",
            _ => "other",
        }
    }

    /// The key that the error is about, if it is about one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Key { key, .. }
            | Self::Type { key, .. }
            | Self::Serialize { key, .. }
            | Self::Conflict { key }
            | Self::Superseded { key }
            | Self::ReadOnly { key, .. }
            | Self::KeyTaken { key, .. }
            | Self::Evaluation { key, .. }
            | Self::Denied { key, .. }
            | Self::Place { key, .. }
            | Self::TooLarge { key, .. } => Some(key),
            Self::Vetoed { key, .. } | Self::Storage { key, .. } => key.as_deref(),
            _ => None,
        }
    }

    /// The error with which the closure of a batch gives up.
    ///
    /// ```
    /// use universal_state::{StateError, Store};
    ///
    /// let store = Store::new();
    /// let result = store.batch(|tx| {
    ///     tx.set("count", 1)?;
    ///     Err::<(), _>(StateError::abort("out of stock"))
    /// });
    /// assert_eq!(result, Err(StateError::abort("out of stock")));
    /// assert!(!store.has("count"));
    /// ```
    pub fn abort(reason: impl Into<String>) -> Self {
        Self::Aborted {
            reason: reason.into(),
        }
    }
}

/// Why a text cannot be a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFault {
    /// It is empty.
    Empty,
    /// It has more than [`MAX_KEY_BYTES`](crate::MAX_KEY_BYTES) bytes.
    TooLong,
    /// It begins with `@`, which is kept for the keys of micro-frontends, `@id/key`.
    Reserved,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty"),
            Self::TooLong => write!(f, "it has more than {} bytes", crate::MAX_KEY_BYTES),
            Self::Reserved => f.write_str(
                "names that begin with @ are kept for micro-frontends, as \"@id/key\"; use a scope",
            ),
        }
    }
}

/// What a micro-frontend wants to do with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read it or subscribe to it.
    Read,
    /// Write or delete it. A grant to write includes the right to read.
    Write,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

/// Hears of every error that no caller is there to receive: a listener that failed, a read in the
/// plain form of a value of another type, an edge that lost its transport, a denied write.
pub type Reporter = Arc<dyn Fn(&StateError) + Send + Sync>;

fn of_key(key: &Option<String>) -> String {
    key.as_ref()
        .map_or_else(String::new, |key| format!(" of key {key:?}"))
}

/// A name as it may stand in an error: long ones are cut, so that hostile input cannot flood a log.
pub(crate) fn excerpt(text: &str) -> String {
    excerpt_of(text, 64)
}

/// The first characters of a text.
pub(crate) fn excerpt_of(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
