//! Computed values that are registered under a key, so that whoever reads keys reads them too.
//!
//! Nothing is stored under such a key: a read evaluates the value as it does any [`Computed`]. So it
//! is lazy and cached, and no reader, on whatever engine, in whatever order, inside of a batch or
//! beside one, finds it older than what it follows from. Written by a commit of its own, it would
//! have to be evaluated whether anybody reads it or not, and could be seen late.
//!
//! That such a key comes or goes is a commit, with a version; what becomes of its value is none,
//! since it follows from what was committed. It is told right after that, in the same turn, with
//! [`Origin::Computed`]. Middleware, histories and edges have seen what it follows from.

mod follow;
mod naming;
mod register;
#[cfg(feature = "js")]
mod remote;

pub use register::RegisteredComputed;

use super::{
    computed::Computed,
    guest::{ComputedKey, Naming},
    inner::Inner,
    listen::{Delivery, Listener, Subject},
    slot::{Slot, SlotState},
    view::View,
};
use crate::{
    change::{Origin, Stamp, UNKNOWN_SOURCE},
    error::StateError,
    value::{StateValue, Value},
};
use follow::Told;
use naming::Step;
use std::sync::{Arc, Mutex, Weak, atomic::Ordering};

/// How many computed values have been registered, in whatever store.
#[cfg(feature = "js")]
static REGISTERED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// A computed value and the key that it is registered under.
pub(crate) struct Named {
    #[cfg(feature = "js")]
    id: u64,
    inner: Weak<Inner>,
    pub(crate) slot: Arc<Slot>,
    value: Computed<Content>,
    /// Through which door it was registered.
    origin: Origin,
    /// Who is said to have changed the value.
    stamp: Stamp,
    /// Who registered it in another store, as errors say it, if it is computed there.
    elsewhere: Option<Box<str>>,
    /// Hangs on what the value is computed from while somebody listens to the key.
    follower: Arc<Listener>,
    told: Mutex<Told>,
}

/// The value, or why there is none. That is kept too: it may follow from something else tomorrow.
struct Content(Result<Value, StateError>);

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Ok(one), Ok(other)) => one.same(other),
            (Err(one), Err(other)) => one == other,
            _ => false,
        }
    }
}

impl Named {
    fn new<T: StateValue>(
        view: &View,
        slot: Arc<Slot>,
        f: impl Fn(&View) -> T + Send + Sync + 'static,
    ) -> Arc<Self> {
        let key = slot.key.clone();
        Self::of(view, slot, None, move |view| {
            let value = super::contain(|| Value::new(f(view)));
            value.map_err(|reason| StateError::Evaluation {
                key: key.to_string(),
                reason,
            })
        })
    }

    fn of(
        view: &View,
        slot: Arc<Slot>,
        elsewhere: Option<Box<str>>,
        evaluate: impl Fn(&View) -> Result<Value, StateError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let value = Computed::named(view, &slot.key, move |view| match evaluate(view) {
            // It is so for who asks, who is in the circle, and not for everybody.
            Err(error @ StateError::Cycle { .. }) => Err(error),
            value => Ok(Content(value)),
        });
        let inner = &view.inner;
        Arc::new_cyclic(|this: &Weak<Self>| Self {
            #[cfg(feature = "js")]
            id: REGISTERED.fetch_add(1, Ordering::Relaxed),
            inner: inner.this.clone(),
            slot,
            value,
            origin: view.stamp.origin.clone(),
            stamp: Stamp {
                origin: Origin::Computed,
                source: view.stamp.source.clone(),
            },
            elsewhere,
            follower: Listener::new(
                inner,
                Delivery::Sync,
                Subject::Follow(Box::default()),
                None,
                follow::call(this),
            ),
            told: Mutex::default(),
        })
    }
}

impl ComputedKey for Named {
    fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    fn read(&self) -> Result<Value, StateError> {
        self.value.with(|content| content.0.clone())?
    }

    fn revised(&self) -> Result<(u64, Value), StateError> {
        let (revision, content) = self.value.revised()?;
        Ok((revision, content.0.clone()?))
    }

    #[cfg(feature = "js")]
    fn id(&self) -> u64 {
        self.id
    }

    #[cfg(feature = "js")]
    fn source(&self) -> &crate::key::Name {
        &self.stamp.source
    }

    #[cfg(feature = "js")]
    fn origin(&self) -> &Origin {
        &self.origin
    }

    #[cfg(feature = "js")]
    fn is_from_elsewhere(&self) -> bool {
        self.elsewhere.is_some()
    }

    fn has_ended(&self) -> bool {
        crate::lock(&self.told).has_ended
    }

    fn belongs_to(&self, id: &str, namespace: &str) -> bool {
        matches!(&self.origin, Origin::Mfe(owner) if **owner == *id)
            || self.slot.key.starts_with(namespace)
    }

    fn is_heard(&self, inner: &Inner) -> bool {
        Self::is_heard(self, inner)
    }

    fn follow(&self, inner: &Inner) {
        Self::follow(self, inner);
    }

    fn ending(self: Arc<Self>) -> Box<dyn Naming> {
        Box::new(Step::End(self))
    }

    fn registrant(&self) -> String {
        if let Some(who) = &self.elsewhere {
            return who.to_string();
        }
        match &self.origin {
            Origin::Mfe(id) => format!("micro-frontend {id:?}"),
            _ if self.stamp.source.as_str() == UNKNOWN_SOURCE.as_str() => {
                "the store's owner".to_owned()
            }
            _ => format!("{:?}", self.stamp.source.as_str()),
        }
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.upgrade() {
            inner.take_off(&self.follower);
            inner.release(&self.slot);
        } else if let Subject::Follow(attached) = &self.follower.subject {
            // Slot and listener would keep each other.
            drop(std::mem::take(&mut *crate::lock(attached)));
        }
    }
}

#[cold]
fn refusal(named: &dyn ComputedKey) -> StateError {
    StateError::ReadOnly {
        key: named.slot().key.to_string(),
        by: named.registrant(),
    }
}

impl SlotState {
    /// Refuses writes of a computed key. The caller holds the lock of a commit, without which no
    /// computed key goes, and so none is dropped here.
    pub(crate) fn is_writable(&self) -> Result<(), StateError> {
        match self.computed() {
            Some(named) => Err(refusal(&*named)),
            None => Ok(()),
        }
    }
}

/// Reading.
impl Inner {
    /// Whether any computed value is registered under a key.
    pub(crate) fn has_names(&self) -> bool {
        self.names.load(Ordering::Acquire) > 0
    }

    fn named(&self, slot: &Slot) -> Option<Arc<dyn ComputedKey>> {
        crate::lock(&slot.state).computed()
    }

    /// The computed values that are registered, in the order in which they came.
    pub(crate) fn all_named(&self) -> Vec<Arc<dyn ComputedKey>> {
        crate::lock(&self.state).named.clone()
    }

    pub(crate) fn is_computed(&self, slot: &Slot) -> bool {
        self.has_names()
            && crate::lock(&slot.state)
                .rare()
                .is_some_and(|rare| rare.computed.is_some())
    }

    /// Refuses writes of a computed key.
    pub(crate) fn is_writable(&self, slot: &Slot) -> Result<(), StateError> {
        if !self.has_names() {
            return Ok(());
        }
        match self.named(slot) {
            Some(named) => Err(refusal(&*named)),
            None => Ok(()),
        }
    }

    /// The computed value of a key that has nothing stored.
    pub(crate) fn read_computed(&self, slot: &Slot) -> Result<Option<Value>, StateError> {
        self.named(slot).map(|named| named.read()).transpose()
    }

    /// What is committed under a key, stored or computed; `None`, and a report, where that fails.
    pub(crate) fn content(&self, slot: &Slot) -> Option<Value> {
        let stored = self.load(slot).0;
        if stored.is_some() || !self.has_names() {
            return stored;
        }
        self.value_or_report(self.named(slot)?.committed())
    }

    pub(crate) fn value_or_report(&self, value: Result<Value, StateError>) -> Option<Value> {
        value.inspect_err(|error| self.report(error)).ok()
    }

    /// Whether a key has a value, stored or computed.
    pub(crate) fn is_present(&self, slot: &Slot) -> bool {
        self.load(slot).0.is_some() || self.is_computed(slot)
    }
}
