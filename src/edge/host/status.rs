//! What is seen of a micro-frontend that is hosted, and of the host.

use std::{collections::BTreeMap, fmt};

/// Where a micro-frontend is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MfeStatus {
    /// It is not mounted.
    #[default]
    Idle,
    /// Its module is on its way.
    Loading {
        /// How many bytes are here.
        received: u64,
        /// How many there are to be, if the server said so.
        total: Option<u64>,
    },
    /// It is loaded, and shared keys that it requires have no value yet.
    Waiting {
        /// Their names.
        keys: Vec<String>,
    },
    /// It is building itself.
    Mounting,
    /// It is there. What it threw since is in the registry.
    Running,
    /// It could not be loaded or mounted.
    Failed {
        /// At what.
        kind: FailureKind,
        /// Why, in words.
        reason: String,
        /// How often that was tried since it last ran.
        attempts: u32,
    },
}

/// What a micro-frontend failed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The server could not be reached.
    Network,
    /// The server answered with a status that is no success.
    Http,
    /// What came has another digest than the manifest says.
    Integrity,
    /// What came is no module, threw while it was evaluated, or exports no `mount`.
    Module,
    /// Loading or mounting took longer than the time limit.
    Timeout,
    /// It could not be registered: its id is taken, or the store's handle is gone.
    Register,
    /// Its `mount` threw or rejected.
    Mount,
    /// It threw or rejected while it ran, or reported an error.
    Runtime,
}

impl FailureKind {
    /// A word for it, such as `network`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Http => "http",
            Self::Integrity => "integrity",
            Self::Module => "module",
            Self::Timeout => "timeout",
            Self::Register => "register",
            Self::Mount => "mount",
            Self::Runtime => "runtime",
        }
    }

    /// The kind of that name.
    #[cfg_attr(not(target_family = "wasm"), allow(dead_code))]
    pub(super) fn named(name: &str) -> Option<Self> {
        [
            Self::Network,
            Self::Http,
            Self::Integrity,
            Self::Module,
            Self::Timeout,
            Self::Register,
            Self::Mount,
            Self::Runtime,
        ]
        .into_iter()
        .find(|kind| kind.name() == name)
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A failure, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    pub(super) reason: String,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self { kind, reason }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.reason)
    }
}

/// What one micro-frontend, or all together, have cost and done since the host was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct HostMetrics {
    /// How many modules were loaded.
    pub loads: u64,
    /// How many mounts succeeded.
    pub mounts: u64,
    /// How many times one was taken down that had been mounted.
    pub unmounts: u64,
    /// How many times something was tried again on demand.
    pub retries: u64,
    /// How many times a version took the place of another.
    pub replacements: u64,
    /// How many bytes of modules came in, as they are after decompression.
    pub bytes: u64,
    /// How long the loads took that succeeded, together, in ms.
    pub load_ms: u64,
    /// How long the mounts took that succeeded, together, in ms.
    pub mount_ms: u64,
    /// How many failures there were, by kind.
    pub failures: BTreeMap<FailureKind, u64>,
}

impl HostMetrics {
    /// How many failures there were, of whatever kind.
    pub fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    pub(super) fn fail(&mut self, kind: FailureKind) {
        *self.failures.entry(kind).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.loads += other.loads;
        self.mounts += other.mounts;
        self.unmounts += other.unmounts;
        self.retries += other.retries;
        self.replacements += other.replacements;
        self.bytes += other.bytes;
        self.load_ms += other.load_ms;
        self.mount_ms += other.mount_ms;
        for (kind, count) in &other.failures {
            *self.failures.entry(*kind).or_default() += count;
        }
    }
}
