//! Listeners and the [`Subscription`]s that keep them.

use super::{inner::Inner, slot::Slot};
use crate::{
    change::{Change, ChangeSet},
    error::StateError,
};
use rustc_hash::FxHashSet;
use std::{
    fmt,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

/// When a listener is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// Once a turn, with all of its changes together. The `map` engine, which is always
    /// synchronous, takes it as [`Delivery::Sync`].
    #[default]
    Batched,
    /// Once a transaction, before the write returns.
    Sync,
}

/// How to subscribe.
///
/// ```
/// use universal_state::{Delivery, SubscribeOptions};
///
/// let options = SubscribeOptions::new().delivery(Delivery::Sync).immediate(true);
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SubscribeOptions {
    pub(crate) delivery: Delivery,
    pub(crate) immediate: bool,
}

impl SubscribeOptions {
    /// Batched delivery, beginning with the next change.
    pub fn new() -> Self {
        Self::default()
    }

    /// When the listener is called.
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// Whether the listener is also called at once, with what is there now.
    pub fn immediate(mut self, immediate: bool) -> Self {
        self.immediate = immediate;
        self
    }
}

/// What a listener may return: nothing, or a `Result` whose error goes to the error reporter.
pub trait Outcome {
    /// The error as text, if there is one.
    fn failure(self) -> Result<(), String>;
}

impl Outcome for () {
    fn failure(self) -> Result<(), String> {
        Ok(())
    }
}

impl<E: fmt::Display> Outcome for Result<(), E> {
    fn failure(self) -> Result<(), String> {
        self.map_err(|error| error.to_string())
    }
}

pub(crate) type KeyCall = Box<dyn Fn(&Change) -> Result<(), String> + Send + Sync>;
pub(crate) type SetCall = Box<dyn Fn(&ChangeSet) -> Result<(), String> + Send + Sync>;

pub(crate) enum Call {
    Key(KeyCall),
    Set(SetCall),
}

/// What a listener listens to, for taking it off again and for naming it in errors.
pub(crate) enum Subject {
    Keys(Mutex<Vec<Arc<Slot>>>),
    Pattern(String),
    All,
    Computed(Mutex<Attached>),
    /// What the store itself hangs on the sources of a computed value that is registered under a
    /// key, so that those who listen to the key are told.
    Follow(Mutex<Attached>),
}

/// Where the listener of a computed value hangs: on what the value was computed from.
#[derive(Default)]
pub(crate) struct Attached {
    pub(crate) slots: Vec<Arc<Slot>>,
    pub(crate) everything: bool,
    /// The computed values that have been asked where they hang.
    pub(crate) nodes: FxHashSet<usize>,
}

impl Subject {
    /// Whether it is a computed value, which is not told what changed, but that it has to look.
    pub(crate) fn looks_for_itself(&self) -> bool {
        matches!(self, Self::Computed(_) | Self::Follow(_))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys(slots) => {
                let names: Vec<_> = crate::lock(slots)
                    .iter()
                    .map(|slot| format!("{:?}", slot.key))
                    .collect();
                write!(f, "key {}", names.join(", "))
            }
            Self::Pattern(pattern) => write!(f, "pattern {pattern:?}"),
            Self::All => f.write_str("every key"),
            Self::Computed(_) | Self::Follow(_) => f.write_str("a computed value"),
        }
    }
}

pub(crate) struct Listener {
    pub(crate) id: u64,
    /// Commits up to this sequence number were there before the listener.
    pub(crate) since: u64,
    pub(crate) delivery: Delivery,
    pub(crate) active: AtomicBool,
    /// Whether it is passed over for now: its micro-frontend is leaving.
    pub(crate) muted: AtomicBool,
    pub(crate) subject: Subject,
    pub(crate) call: Call,
}

impl Listener {
    pub(crate) fn is_active(&self) -> bool {
        self.active.load(Ordering::Acquire)
    }
}

/// Listeners in the order in which they came. Copied on write, and only if a delivery is going
/// through them.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Option<Arc<Vec<Arc<Listener>>>>);

impl Listeners {
    pub(crate) fn add(&mut self, listener: Arc<Listener>) {
        let list = Arc::make_mut(self.0.get_or_insert_default());
        // Ids grow, so the newest is last; only a computed value comes back with an older id.
        let at = match list.last() {
            Some(last) if last.id >= listener.id => {
                match list.binary_search_by_key(&listener.id, |other| other.id) {
                    Ok(_) => return,
                    Err(at) => at,
                }
            }
            _ => list.len(),
        };
        list.insert(at, listener);
    }

    /// Whether the listener was there.
    pub(crate) fn remove(&mut self, listener: &Listener) -> bool {
        let Some(list) = &mut self.0 else {
            return false;
        };
        let Ok(at) = list.binary_search_by_key(&listener.id, |other| other.id) else {
            return false;
        };
        if list.len() == 1 {
            self.0 = None;
        } else {
            Arc::make_mut(list).remove(at);
        }
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Listener>> {
        self.0.iter().flat_map(|list| list.iter())
    }

    /// Empties the list and hands out what was in it.
    pub(crate) fn take(&mut self) -> Self {
        Self(self.0.take())
    }
}

/// Keeps a listener subscribed; dropping it unsubscribes.
///
/// ```
/// use universal_state::Store;
///
/// let store = Store::new();
/// let subscription = store.subscribe::<i32, _>("count", |value, _change| {
///     println!("count is now {value:?}");
/// })?;
/// subscription.unsubscribe(); // as does dropping it; `forget` keeps the listener for good
/// # Ok::<(), universal_state::StateError>(())
/// ```
#[must_use = "dropping a subscription unsubscribes; call `forget` to keep it"]
pub struct Subscription {
    inner: Weak<Inner>,
    listener: Arc<Listener>,
}

impl Subscription {
    pub(crate) fn new(inner: &Arc<Inner>, listener: Arc<Listener>) -> Self {
        Self {
            inner: Arc::downgrade(inner),
            listener,
        }
    }

    pub(crate) fn listener(&self) -> &Arc<Listener> {
        &self.listener
    }

    /// Unsubscribes. A call that is under way on another thread may still end.
    pub fn unsubscribe(self) {}

    /// Keeps the listener for as long as the store lives or its micro-frontend is registered.
    pub fn forget(mut self) {
        self.inner = Weak::new();
    }

    /// Whether the listener can still be called.
    pub fn is_active(&self) -> bool {
        self.listener.is_active()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.upgrade() {
            inner.unsubscribe(&self.listener);
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("subject", &self.listener.subject.to_string())
            .field("active", &self.is_active())
            .finish()
    }
}

/// The error of a listener, for the reporter.
pub(crate) fn failure(listener: &Listener, reason: String) -> StateError {
    StateError::Listener {
        subject: listener.subject.to_string(),
        reason,
    }
}
