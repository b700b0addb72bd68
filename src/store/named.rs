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

use super::{
    computed::Computed,
    context,
    draft::Reads,
    inner::{Inner, State},
    listen::{Delivery, Listener, Subject},
    pipe::{Line, Signals},
    slot::{Slot, SlotState},
    transaction::{Write, Writes},
    view::View,
};
use crate::{
    change::{Origin, Stamp, UNKNOWN_SOURCE},
    error::{Access, StateError},
    key::AsKey,
    value::{StateValue, Value},
};
use follow::Told;
use std::{
    fmt,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

impl View {
    /// Registers a computed value under a key: whoever reads the key, in whatever way, reads what
    /// follows from the state at that moment, and whoever listens to it hears of its changes. It is
    /// evaluated only if somebody reads or listens, and again only if something that it read has
    /// changed. Nobody can write the key; `clear` and `restore` pass it over.
    ///
    /// The key is there until the [`RegisteredComputed`] is dropped or, if a micro-frontend
    /// registered it, that is unregistered. `f` reads through the view that it is given, as whoever
    /// registered it; what else it reads, such as a signal, is not followed. Should it (natively)
    /// panic or depend on itself, the key reads as missing, with a report.
    ///
    /// # Errors
    /// [`StateError::KeyTaken`] if the key has a value, [`StateError::Key`], [`StateError::Denied`],
    /// [`StateError::UnknownMfe`], [`StateError::Disposed`], and [`StateError::Reentrant`] from
    /// inside a batch, a middleware or a computed value.
    ///
    /// ```
    /// use universal_state::{Key, StateError, Store};
    ///
    /// const TOTAL: Key<u32> = Key::new("total");
    ///
    /// let store = Store::new();
    /// store.set_many([("price", 20u32), ("amount", 2)])?;
    /// let total = store.register_computed(TOTAL, |state| {
    ///     let price: u32 = state.get("price").unwrap_or_default();
    ///     price * state.get::<u32>("amount").unwrap_or_default()
    /// })?;
    /// assert_eq!(store.get(TOTAL), Some(40));
    /// store.set("amount", 3u32)?;
    /// assert_eq!(store.snapshot().get(TOTAL), Some(60));
    /// assert!(matches!(store.set(TOTAL, 1), Err(StateError::ReadOnly { .. })));
    /// drop(total);
    /// assert_eq!(store.get(TOTAL), None);
    /// # Ok::<(), StateError>(())
    /// ```
    pub fn register_computed<T: StateValue>(
        &self,
        key: impl AsKey<T>,
        f: impl Fn(&Self) -> T + Send + Sync + 'static,
    ) -> Result<RegisteredComputed, StateError> {
        self.inner.may_write()?;
        self.inner.may_act_at_once()?;
        let slot = self.slot(key.as_name(), Access::Write)?;
        let named = Named::new(self, slot, f);
        self.may_put(&named.slot)?;
        self.inner.begin(&named)?;
        Ok(RegisteredComputed {
            inner: self.inner.this.clone(),
            key: Arc::clone(&named.slot.key),
            named: Arc::downgrade(&named),
        })
    }
}

/// Keeps a computed value registered under its key; dropping it takes the key away again, inside of
/// a batch when that has ended. Made by [`View::register_computed`].
#[must_use = "dropping it takes the key away again; call `forget` to keep it"]
pub struct RegisteredComputed {
    inner: Weak<Inner>,
    key: Arc<str>,
    named: Weak<Named>,
}

impl RegisteredComputed {
    /// The full name of the key; `@id/key` for a key of a micro-frontend.
    pub fn name(&self) -> &str {
        &self.key
    }

    /// Whether the value is registered still: its micro-frontend may have gone.
    pub fn is_registered(&self) -> bool {
        let named = self.named.upgrade();
        named.is_some_and(|named| !crate::lock(&named.told).has_ended)
    }

    /// Takes the key away.
    pub fn unregister(self) {}

    /// Keeps the key for as long as the store lives or its micro-frontend is registered.
    pub fn forget(mut self) {
        self.inner = Weak::new();
    }
}

impl Drop for RegisteredComputed {
    fn drop(&mut self) {
        let Some(inner) = self.inner.upgrade() else {
            return;
        };
        let (weak, named) = (Weak::clone(&self.inner), Weak::clone(&self.named));
        inner.defer(Box::new(move || {
            if let (Some(inner), Some(named)) = (weak.upgrade(), named.upgrade()) {
                inner.end(vec![named]);
            }
        }));
    }
}

impl fmt::Debug for RegisteredComputed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredComputed")
            .field("key", &self.key)
            .field("registered", &self.is_registered())
            .finish()
    }
}

/// A computed value and the key that it is registered under.
pub(crate) struct Named {
    inner: Weak<Inner>,
    pub(crate) slot: Arc<Slot>,
    value: Computed<Content>,
    /// Through which door it was registered.
    origin: Origin,
    /// Who is said to have changed the value.
    stamp: Stamp,
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
        let key = Arc::clone(&slot.key);
        let value = Computed::named(view, &slot.key, move |view| {
            let value = super::contain(|| Value::new(f(view)));
            Content(value.map_err(|reason| StateError::Evaluation {
                key: key.to_string(),
                reason,
            }))
        });
        let inner = &view.inner;
        Arc::new_cyclic(|this: &Weak<Self>| Self {
            inner: inner.this.clone(),
            slot,
            value,
            origin: view.stamp.origin.clone(),
            stamp: Stamp {
                origin: Origin::Computed,
                source: view.stamp.source.clone(),
            },
            follower: Arc::new(Listener {
                id: inner.next_id(),
                since: inner.clock.load(Ordering::Acquire),
                delivery: Delivery::Sync,
                active: AtomicBool::new(true),
                muted: AtomicBool::new(false),
                subject: Subject::Follow(Mutex::default()),
                call: follow::call(&inner.this, this),
            }),
            told: Mutex::default(),
        })
    }

    /// The value as this thread sees it, tracked by whatever effect, memo or computed value is
    /// running.
    pub(crate) fn read(&self) -> Result<Value, StateError> {
        self.value.with(|content| content.0.clone())?
    }

    /// The value that follows from the committed state.
    pub(crate) fn committed(&self) -> Result<Value, StateError> {
        self.value.committed()?.0.clone()
    }

    /// Whether it is a micro-frontend's, or lies in its namespace.
    pub(crate) fn belongs_to(&self, id: &str, namespace: &str) -> bool {
        matches!(&self.origin, Origin::Mfe(owner) if **owner == *id)
            || self.slot.key.starts_with(namespace)
    }

    fn refusal(&self) -> StateError {
        StateError::ReadOnly {
            key: self.slot.key.to_string(),
            by: self.registrant(),
        }
    }

    /// Who registered it, as errors say it.
    fn registrant(&self) -> String {
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
            let attached = std::mem::take(&mut *crate::lock(attached));
            for slot in attached.slots {
                crate::lock(&slot.state).listeners.remove(&self.follower);
            }
        }
    }
}

impl SlotState {
    /// Refuses writes of a computed key. The caller holds the lock of a commit, without which no
    /// computed key goes, and so none is dropped here.
    pub(crate) fn is_writable(&self) -> Result<(), StateError> {
        match self.computed.as_ref().and_then(Weak::upgrade) {
            Some(named) => Err(named.refusal()),
            None => Ok(()),
        }
    }
}

/// That a key begins or ends to be computed.
pub(crate) enum Naming {
    Begin(Arc<Named>),
    End(Arc<Named>),
}

impl Naming {
    fn named(&self) -> &Arc<Named> {
        let (Self::Begin(named) | Self::End(named)) = self;
        named
    }

    pub(crate) fn stamp(&self) -> &Stamp {
        &self.named().stamp
    }
}

/// Reading.
impl Inner {
    /// Whether any computed value is registered under a key.
    pub(crate) fn has_names(&self) -> bool {
        self.names.load(Ordering::Acquire) > 0
    }

    fn named(&self, slot: &Slot) -> Option<Arc<Named>> {
        crate::lock(&slot.state).computed.as_ref()?.upgrade()
    }

    /// The computed values that are registered, in the order in which they came.
    pub(crate) fn all_named(&self) -> Vec<Arc<Named>> {
        crate::lock(&self.state).named.clone()
    }

    pub(crate) fn is_computed(&self, slot: &Slot) -> bool {
        crate::lock(&slot.state).computed.is_some()
    }

    /// Refuses writes of a computed key.
    pub(crate) fn is_writable(&self, slot: &Slot) -> Result<(), StateError> {
        if !self.has_names() {
            return Ok(());
        }
        match self.named(slot) {
            Some(named) => Err(named.refusal()),
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

/// Registering.
impl Inner {
    fn begin(&self, named: &Arc<Named>) -> Result<(), StateError> {
        self.name(&[Naming::Begin(Arc::clone(named))])?;
        named.revise(self);
        self.drive();
        Ok(())
    }

    /// Takes keys away.
    pub(crate) fn end(&self, named: Vec<Arc<Named>>) {
        if named.is_empty() {
            return;
        }
        let naming: Vec<_> = named.into_iter().map(Naming::End).collect();
        // It fails only if the store was disposed of: then nothing changes any more.
        let _ = self.name(&naming);
    }

    /// Takes keys away when the open batch of this thread is committed, as part of it.
    pub(crate) fn end_with_batch(&self, named: Vec<Arc<Named>>) {
        let naming = named.into_iter().map(Naming::End);
        context::with_draft(self.id(), |draft| draft.naming.extend(naming));
    }

    fn name(&self, naming: &[Naming]) -> Result<(), StateError> {
        self.transact(&Reads::default(), naming, &mut || Ok(Writes::new()))
    }
}

/// What a commit does, under its locks.
impl Naming {
    /// Whether it is still to be done.
    pub(crate) fn is_due(&self, inner: &super::inner::Running) -> Result<bool, StateError> {
        let slot = &self.named().slot;
        let state = crate::lock(&slot.state);
        let there = state.computed.as_ref().and_then(Weak::upgrade);
        match self {
            Self::End(named) => Ok(there.is_some_and(|there| Arc::ptr_eq(&there, named))),
            Self::Begin(_) => {
                let holder = match there {
                    Some(there) => format!("a value computed by {}", there.registrant()),
                    None if inner.engine.load(&slot.key, &state.place).is_some() => {
                        "a stored value".to_owned()
                    }
                    None => return Ok(true),
                };
                Err(StateError::KeyTaken {
                    key: slot.key.to_string(),
                    holder,
                })
            }
        }
    }

    /// Does it, and puts it in line for those who listen. Hands out what is to be dropped outside of
    /// any lock.
    pub(crate) fn take_effect(
        &self,
        inner: &Inner,
        state: &mut State,
        line: &mut Line,
        signals: &mut Signals,
    ) -> Write {
        let named = self.named();
        let slot = &named.slot;
        let old = match self {
            Self::Begin(_) => {
                state.named.push(Arc::clone(named));
                state.len += 1;
                // Those who listen to the key are told of its first value as of any other.
                named.begin_to_follow(inner);
                None
            }
            Self::End(_) => {
                // The caller holds it.
                state.named.retain(|other| !Arc::ptr_eq(other, named));
                state.len -= 1;
                named.end_to_follow(inner)
            }
        };
        inner.names.store(state.named.len(), Ordering::Release);
        state.members = state.sequence;
        let write = Write {
            slot: Arc::clone(slot),
            old,
            new: None,
            stamp: named.stamp.clone(),
            rewritten: false,
        };
        let here = &mut *crate::lock(&slot.state);
        here.computed = match self {
            Self::Begin(_) => Some(Arc::downgrade(named)),
            Self::End(_) => None,
        };
        here.sequence = state.sequence;
        signals.triggers.extend(here.signal.existing());
        line.add(state, here, &write);
        write
    }
}
