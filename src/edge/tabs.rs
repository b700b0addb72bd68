//! Tabs: every replica of a state tells the others what changed, and they find out by themselves
//! where they do not agree.
//!
//! What a flush changed goes to the others as one message, whatever the number of keys, and nothing is
//! sent because something was received. A tab that joins says what it has and gets what it lacks from
//! one of the others; the same happens when a page wakes up. Every now and then each tab sends a
//! digest of what it has ([`Tabs::heartbeat`]). Where a digest differs twice in a row, messages were
//! lost: that is counted, reported, and repaired. What stays different then, such as a key that one of
//! the two may not share, is counted once, and looked at again less often.

mod message;
mod peers;
mod port;
mod time;
mod transport;

pub use transport::{Receive, Transport};

use super::{
    builder::{EdgeBuilder, Plug},
    link::{Edge, Port},
};
use port::TabsPort;
use std::{fmt, sync::Arc, time::Duration};

/// The longest message, in bytes, unless [`Tabs::max_message`] says otherwise.
const MAX_MESSAGE: usize = 1024 * 1024;

/// No limit is lower. Some 5 KiB of it are for what is not entries: the names of all tabs, at most.
const MIN_MESSAGE: usize = 16 * 1024;

/// Ms between two heartbeats, unless [`Tabs::heartbeat`] says otherwise.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Keeps the state of all tabs the same, over a [`Transport`]: one part of an
/// [`EdgeBuilder`](super::EdgeBuilder). In a browser the transport is mostly a `PageTransport`.
///
/// ```
/// use std::time::Duration;
/// use universal_state::{Store, edge::{Edge, Tabs, Transport}};
///
/// fn share(store: &Store, transport: impl Transport) -> Result<Edge, universal_state::StateError> {
///     let tabs = Tabs::new(transport)
///         .max_message(256 * 1024)
///         .heartbeat(Duration::from_secs(60));
///     Edge::builder("shop").tabs(tabs).attach(store)
/// }
/// ```
pub struct Tabs {
    transport: Box<dyn Transport>,
    max_message: usize,
    heartbeat: Duration,
}

impl Tabs {
    /// Over this transport.
    pub fn new(transport: impl Transport) -> Self {
        Self {
            transport: Box::new(transport),
            max_message: MAX_MESSAGE,
            heartbeat: HEARTBEAT,
        }
    }

    /// The longest message, in bytes of UTF-8: 1 MiB if nothing is said, 16 KiB at least. More than
    /// that goes as several messages. A key that takes all of one but 5 KiB, or more, stays here, and
    /// that is reported ([`StateError::TooLarge`](crate::StateError::TooLarge)). Where that is since so
    /// many of its members were removed, it is put anew, as a whole, and what others have written into
    /// it and this tab has not heard of gives way. What comes in longer is refused, so all tabs must
    /// agree on the limit.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes.max(MIN_MESSAGE);
        self
    }

    /// How often a tab says that it is there, and what it has: every 30 s if nothing is said, each
    /// second at most. A tab that is silent for three times as long counts as gone. Browsers let timers
    /// of hidden pages run once a minute, so less than 21 s makes hidden tabs come and go; and so does a
    /// tab with more than three times the time of another, in that one's status, so all are to agree.
    #[must_use]
    pub fn heartbeat(mut self, every: Duration) -> Self {
        self.heartbeat = every.max(Duration::from_secs(1));
        self
    }
}

impl Plug for Tabs {
    fn plug(self: Box<Self>, edge: &Edge) -> Arc<dyn Port> {
        TabsPort::new(*self, edge)
    }
}

impl EdgeBuilder {
    /// Keeps all tabs the same. Of several calls the last counts.
    pub fn tabs(mut self, tabs: Tabs) -> Self {
        self.tabs = Some(Box::new(tabs));
        self
    }
}

impl fmt::Debug for Tabs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tabs")
            .field("transport", &self.transport.name())
            .field("max_message", &self.max_message)
            .field("heartbeat", &self.heartbeat)
            .finish()
    }
}
