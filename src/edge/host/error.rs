//! [`HostError`].

use super::{FailureKind, ManifestError};

/// What a host cannot do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The manifest did not come.
    #[error("the manifest {url:?} could not be fetched ({kind}: {reason})")]
    Fetch {
        /// Its address.
        url: String,
        /// At what it failed.
        kind: FailureKind,
        /// Why.
        reason: String,
    },
    /// The host has one with this id.
    #[error("the host has a micro-frontend {id:?} already; use replace")]
    Known {
        /// The id.
        id: String,
    },
    /// The host has none with this id.
    #[error("the host has no micro-frontend {id:?}; add a manifest that lists it")]
    Unknown {
        /// The id.
        id: String,
    },
    /// It is mounted, or about to be.
    #[error("micro-frontend {id:?} is mounted elsewhere; unmount it there first")]
    Mounted {
        /// The id.
        id: String,
    },
    /// It is being replaced.
    #[error("micro-frontend {id:?} is being replaced; wait for that")]
    Replacing {
        /// The id.
        id: String,
    },
    /// The newer version did not load or mount.
    #[error("micro-frontend {id:?} was not replaced ({kind}: {reason})")]
    Replace {
        /// The id.
        id: String,
        /// At what it failed.
        kind: FailureKind,
        /// Why.
        reason: String,
    },
}
