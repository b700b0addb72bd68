//! How it stands with storage, for people to see.

use super::backend::Fault;

/// How it stands with a key in storage. Read by [`Edge::save_status`](crate::edge::Edge::save_status).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SaveStatus {
    /// It is not kept in storage: it is excluded, labelled volatile or secret, or nothing was written.
    #[default]
    Unkept,
    /// It will be written, or is being written.
    Pending,
    /// The backend has what the store has. Of a key that was removed, the backend has the removal.
    Saved,
    /// The backend is denied, and the fallback has what the store has. With
    /// [`Memory`](crate::edge::Memory), which is the default, it is lost when the page is left.
    Sheltered,
    /// The store has something that the backend has not.
    Failed(SaveFailure),
}

impl SaveStatus {
    /// Whether the backend, or the fallback while that is denied, has what the store has.
    pub fn is_saved(&self) -> bool {
        matches!(self, Self::Saved | Self::Sheltered)
    }

    /// Whether it waits to be written.
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::Pending)
    }

    /// Why it could not be saved.
    pub fn failure(&self) -> Option<&SaveFailure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}

/// Why storage has not what the store has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SaveFailure {
    /// The backend did not do it. It is asked again later.
    #[error("{0}; it will be tried again")]
    Backend(Fault),
    /// The backend said that it has written the item, and has not. It is written again later.
    #[error("the backend dropped what was written; it will be tried again")]
    Dropped,
    /// What is there was written by a newer version of the application or of this library. It is
    /// neither read nor overwritten.
    #[error(
        "a newer version wrote what is stored, of schema {schema} in format {format}; reload the page \
         to get that version"
    )]
    Newer {
        /// The version of the envelope.
        format: u32,
        /// The schema of the application; 0 if the envelope cannot be read.
        schema: u32,
    },
    /// What is there cannot be read, and could not be put into quarantine, so it is not overwritten. It
    /// is tried again later.
    #[error("what is stored cannot be read, and there was no way to put it into quarantine: {0}")]
    Quarantine(Fault),
    /// The value has no JSON form, or one that is too deep. What is stored is what it held before.
    #[error("it cannot be stored: {reason}")]
    NoJson {
        /// What is wrong with it.
        reason: String,
    },
    /// The value is too large to be stored: its entry takes more than 8 MiB.
    #[error("it takes {bytes} bytes, and 8 MiB are the most that is stored of one key")]
    TooLarge {
        /// The bytes that its entry takes.
        bytes: usize,
    },
}

/// An entry that could not be read, and was put aside. Listed by
/// [`Edge::quarantined`](crate::edge::Edge::quarantined).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quarantined {
    /// What tells it from others; the same in every tab.
    pub id: String,
    /// The key.
    pub key: String,
    /// Why it could not be read.
    pub reason: String,
    /// When it was put aside, in ms since the Unix epoch.
    pub time: u64,
    /// The schema of the version of the application that put it aside.
    pub schema: u32,
    /// The text that was found.
    pub text: std::sync::Arc<str>,
}

impl Quarantined {
    /// The length of the text, in bytes of UTF-8.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }
}
