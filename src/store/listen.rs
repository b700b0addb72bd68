//! Listeners and the [`Subscription`]s that keep them.

mod call;
mod list;

#[cfg(feature = "fields")]
pub(crate) use call::report_mismatch;
pub(crate) use call::{Call, Ended, Failure, KeyCall, SetCall, ended};
pub(crate) use list::Listeners;

use super::{inner::Inner, slot::Slot, view::Gate};
use crate::{error::StateError, pattern::Pattern};
use rustc_hash::FxHashSet;
use std::{
    fmt,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU8, Ordering},
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

/// What a listener listens to, for taking it off again and for naming it in errors. No listener keeps
/// a slot: its slot keeps it.
pub(crate) enum Subject {
    Key(Weak<Slot>),
    Keys(Box<Keys>),
    Pattern(Box<Pattern>),
    All,
    Computed(Box<Mutex<Attached>>),
    /// What the store itself hangs on the sources of a computed value that is registered under a
    /// key, so that those who listen to the key are told.
    Follow(Box<Mutex<Attached>>),
}

/// The slots of several keys, each once.
pub(crate) struct Keys(pub(crate) Vec<Weak<Slot>>);

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

    /// The slots of the keys that it names.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Arc<Slot>> {
        let slots = match self {
            Self::Key(slot) => std::slice::from_ref(slot),
            Self::Keys(keys) => &keys.0,
            _ => &[],
        };
        slots.iter().filter_map(Weak::upgrade)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(_) | Self::Keys(_) => {
                let names: Vec<_> = self.slots().map(|slot| format!("{:?}", slot.key)).collect();
                write!(f, "key {}", names.join(", "))
            }
            Self::Pattern(pattern) => write!(f, "pattern {:?}", pattern.as_str()),
            Self::All => f.write_str("every key"),
            Self::Computed(_) | Self::Follow(_) => f.write_str("a computed value"),
        }
    }
}

/// What is known of a listener, in one byte that says whether it is to be called.
pub(crate) struct Flags(AtomicU8);

impl Flags {
    pub(crate) const ENDED: u8 = 1;
    /// It is passed over for now: its micro-frontend is leaving.
    pub(crate) const MUTED: u8 = 1 << 1;
    /// It is called with a set of changes.
    pub(crate) const SET: u8 = 1 << 2;
    /// Somebody decides which keys it may hear of.
    pub(crate) const GATED: u8 = 1 << 3;
    pub(crate) const BATCHED: u8 = 1 << 4;
    pub(crate) const SYNC: u8 = 1 << 5;

    /// Whether one of several is set.
    pub(crate) fn any(&self, flags: u8) -> bool {
        self.0.load(Ordering::Acquire) & flags != 0
    }

    /// Sets a flag. Returns whether it was set.
    fn set(&self, flag: u8) -> bool {
        self.0.fetch_or(flag, Ordering::AcqRel) & flag != 0
    }

    fn unset(&self, flag: u8) {
        self.0.fetch_and(!flag, Ordering::AcqRel);
    }
}

/// A listener and, in the same memory, what it does.
pub(crate) struct Listener<C: ?Sized = dyn Call> {
    pub(crate) id: u64,
    /// Commits up to this sequence number were there before the listener.
    pub(crate) since: u64,
    pub(crate) flags: Flags,
    pub(crate) subject: Subject,
    /// Decides which keys it may hear of.
    pub(crate) gate: Option<Arc<dyn Gate>>,
    pub(crate) call: C,
}

impl<C: Call + 'static> Listener<C> {
    /// A listener that hangs nowhere yet.
    pub(crate) fn new(
        inner: &Inner,
        delivery: Delivery,
        subject: Subject,
        gate: Option<Arc<dyn Gate>>,
        call: C,
    ) -> Arc<Listener> {
        let mut flags = match delivery {
            Delivery::Batched => Flags::BATCHED,
            Delivery::Sync => Flags::SYNC,
        };
        if !matches!(subject, Subject::Key(_)) {
            flags |= Flags::SET;
        }
        if gate.is_some() {
            flags |= Flags::GATED;
        }
        Arc::new(Self {
            id: inner.next_id(),
            since: inner.clock.load(Ordering::Acquire),
            flags: Flags(AtomicU8::new(flags)),
            subject,
            gate,
            call,
        })
    }
}

impl Listener {
    pub(crate) fn delivery(&self) -> Delivery {
        if self.flags.any(Flags::SYNC) {
            Delivery::Sync
        } else {
            Delivery::Batched
        }
    }

    pub(crate) fn is_active(&self) -> bool {
        !self.flags.any(Flags::ENDED)
    }

    /// Calls it no more. Returns whether it could still be called.
    pub(crate) fn end(&self) -> bool {
        !self.flags.set(Flags::ENDED)
    }

    /// Whether it is passed over for now.
    pub(crate) fn mute(&self, mute: bool) {
        if mute {
            self.flags.set(Flags::MUTED);
        } else {
            self.flags.unset(Flags::MUTED);
        }
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
