//! The host's side: what a store tells the guests that have joined it, and does for them.
//!
//! A guest is told of every commit, in the order of commits, as soon as it is made: before listeners
//! hear of it, and before the guest's own call returns if it made it. So whoever is told of anything
//! finds all stores of the page in one state.

mod answer;
mod define;
mod outbox;

pub use answer::Link;
pub(super) use define::evaluated;

use crate::{
    change::{Origin, Stamp},
    error::StateError,
    store::{Inner, Store, View},
};
use outbox::Outbox;
use std::{
    fmt,
    sync::{Arc, Mutex, Weak},
};

/// What a guest asks of its host: JSON text to and fro, over whatever carries text. An answer is
/// `{"ok": …}` or `{"error": {"code", "key", "who", "reason"}}`.
pub trait Host: Send + Sync {
    /// All that a guest begins with. From here on it is told of every commit.
    fn state(&self) -> String;

    /// Stores a transaction.
    fn commit(&self, text: &str) -> String;

    /// Registers a micro-frontend.
    fn register(&self, text: &str) -> String;

    /// Unregisters a micro-frontend.
    fn unregister(&self, text: &str) -> String;

    /// Grants, revokes, changes what all may do with shared keys, or says what a micro-frontend failed
    /// at.
    fn rule(&self, text: &str) -> String;

    /// Evaluates a computed key.
    fn computed(&self, text: &str) -> String;

    /// Registers a key that the guest computes.
    fn define(&self, text: &str) -> String;

    /// Takes away a key that the guest computed.
    fn withdraw(&self, text: &str) -> String;

    /// Ends the link, and unregisters the micro-frontends, and takes away the keys, that were
    /// registered through it.
    fn leave(&self);
}

/// The guests of a store. It does not keep the store alive.
///
/// ```
/// use std::sync::Arc;
/// use universal_state::{Store, edge::page::{guest::Guest, link::{Host, Links}}};
///
/// let (host, store) = (Store::new(), Store::new());
/// let links = Links::new(&host);
/// host.set("count", 1)?;
/// Guest::join(&store, |receive| {
///     Ok(Arc::new(links.link(move |text| receive(text))?) as Arc<dyn Host>)
/// })?;
/// assert_eq!(store.get("count"), Some(1));
///
/// store.set("count", 2)?;
/// assert_eq!(host.get("count"), Some(2));
/// # Ok::<(), universal_state::StateError>(())
/// ```
pub struct Links {
    inner: Weak<Inner>,
    open: Mutex<Vec<Weak<Outbox>>>,
}

impl Links {
    /// Those of a store, of which there are none yet.
    pub fn new(store: &Store) -> Self {
        Self {
            inner: Arc::downgrade(&store.inner),
            open: Mutex::default(),
        }
    }

    /// A link for a guest, which is told of everything by `receive`, and answers if it is asked. The
    /// guest holds it, and with it the store; when it is dropped, it ends.
    ///
    /// # Errors
    /// [`StateError::Disposed`].
    pub fn link(
        &self,
        receive: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Result<Link, StateError> {
        let inner = self.inner.upgrade().ok_or(StateError::Disposed)?;
        let outbox = Arc::new(Outbox::new(&inner, Box::new(receive)));
        inner.add_recorder(Arc::clone(&outbox) as _)?;
        {
            let mut open = crate::lock(&self.open);
            open.retain(|outbox| outbox.strong_count() > 0);
            open.push(Arc::downgrade(&outbox));
        }
        let view = View {
            inner,
            gate: None,
            stamp: Stamp {
                origin: Origin::Page,
                source: crate::change::UNKNOWN_SOURCE,
            },
        };
        Ok(Link::new(view, outbox))
    }

    /// Reports an error as the store does.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(super) fn reporter(&self) -> impl Fn(&StateError) + 'static {
        let inner = Weak::clone(&self.inner);
        move |error| {
            if let Some(inner) = inner.upgrade() {
                inner.report(error);
            }
        }
    }

    /// How many guests there are.
    pub fn len(&self) -> usize {
        let open = crate::lock(&self.open);
        let outboxes = open.iter().filter_map(Weak::upgrade);
        outboxes.filter(|outbox| outbox.is_open()).count()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends all links, because the store is no host any more: in the order in which they came, so that
    /// the first can take over before the others look for a host.
    pub fn close(&self) {
        let Some(inner) = self.inner.upgrade() else {
            return;
        };
        let open = std::mem::take(&mut *crate::lock(&self.open));
        for outbox in open.iter().filter_map(Weak::upgrade) {
            outbox.pump(&inner);
            inner.remove_recorder(&*outbox);
            outbox.close(&inner);
        }
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("len", &self.len()).finish()
    }
}

/// A value that guests do not see.
fn unsendable(key: &str, reason: String) -> StateError {
    StateError::Serialize {
        key: key.to_owned(),
        reason: format!("guests on this page do not see it: {reason}"),
    }
}
