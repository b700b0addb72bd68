//! [`View`]: reading and writing a store as somebody.

use super::{
    computed::Computed,
    context::{self, Dep},
    handle::Handle,
    inner::Inner,
    listen::{Call, Outcome, Subject, SubscribeOptions, Subscription},
    pipe::Content,
    slot::{Slot, SlotKind},
    snapshot::{Restore, Snapshot},
};
use crate::{
    change::{Change, ChangeSet, Origin, Stamp},
    error::{Access, StateError},
    key::{self, AsKey, Name},
    pattern::Pattern,
    value::{IntoValue, StateValue, Value},
};
use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, Mutex, Weak},
};

/// Decides what a view that is not the store's own may see and do, and how its keys are called.
pub(crate) trait Gate: Send + Sync {
    /// The full name of a key, if the view may use it so.
    fn full_name<'k>(
        &self,
        inner: &Inner,
        key: &'k str,
        access: Access,
    ) -> Result<Cow<'k, str>, StateError>;

    /// Whether the view may still write a key that it once resolved.
    fn may_write(&self, inner: &Inner, full_name: &str) -> Result<(), StateError>;

    /// Whether the view can still be used.
    fn is_open(&self) -> Result<(), StateError>;

    /// What the view calls a key, if the key belongs to its part of the store and it may read it.
    fn own_name<'k>(&self, inner: &Inner, full_name: &'k str) -> Option<&'k str>;

    /// Hears of a subscription that was made through the view.
    fn subscribed(&self, subscription: &Subscription);
}

/// A store, or a part of it, as somebody reads and writes it.
///
/// A [`Store`](crate::Store) gives its owner's view: all keys, by their full names. A
/// [`Scope`](crate::Scope) gives that of a micro-frontend: its own keys, by their short names.
/// Both have the methods below.
///
/// Methods with a `try_` twin never fail: they report the error and return `None`.
#[derive(Clone)]
pub struct View {
    pub(crate) inner: Arc<Inner>,
    pub(crate) gate: Option<Arc<dyn Gate>>,
    pub(crate) stamp: Stamp,
}

/// A view that does not keep the store alive.
pub(crate) struct WeakView {
    inner: Weak<Inner>,
    gate: Option<Arc<dyn Gate>>,
    stamp: Stamp,
}

impl WeakView {
    pub(crate) fn upgrade(&self) -> Option<View> {
        Some(View {
            inner: self.inner.upgrade()?,
            gate: self.gate.clone(),
            stamp: self.stamp.clone(),
        })
    }

    pub(crate) fn inner(&self) -> Weak<Inner> {
        Weak::clone(&self.inner)
    }

    pub(crate) fn gate(&self) -> Option<Arc<dyn Gate>> {
        self.gate.clone()
    }
}

/// Reading.
impl View {
    /// A clone of the value of a key; `None` if the key is missing.
    ///
    /// Inside of an effect, a memo or a component it makes that depend on this key alone.
    ///
    /// ```
    /// use universal_state::Store;
    ///
    /// let store = Store::new();
    /// store.set("name", "Ada".to_owned())?;
    /// assert_eq!(store.get::<String>("name").as_deref(), Some("Ada"));
    /// assert_eq!(store.get::<String>("e-mail"), None);
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn get<T: StateValue>(&self, key: impl AsKey<T>) -> Option<T> {
        self.or_report(self.try_get(key)).flatten()
    }

    /// As [`View::get`], with the reason if the key cannot be read.
    ///
    /// # Errors
    /// [`StateError::Type`] if the value does not read as a `T`, [`StateError::Key`],
    /// [`StateError::Denied`], [`StateError::UnknownMfe`].
    pub fn try_get<T: StateValue>(&self, key: impl AsKey<T>) -> Result<Option<T>, StateError> {
        self.try_with(key, T::clone)
    }

    /// Calls `f` with the value of a key, without cloning it; `None` if the key is missing.
    ///
    /// # Errors
    /// As [`View::try_get`].
    pub fn try_with<T: StateValue, R>(
        &self,
        key: impl AsKey<T>,
        f: impl FnOnce(&T) -> R,
    ) -> Result<Option<R>, StateError> {
        let Some(value) = self.try_get_value(key.as_name())? else {
            return Ok(None);
        };
        read(key.as_name(), &value, f).map(Some)
    }

    /// The value of a key as stored; `None` if the key is missing.
    ///
    /// # Errors
    /// [`StateError::Key`], [`StateError::Denied`], [`StateError::UnknownMfe`].
    pub fn try_get_value(&self, key: &str) -> Result<Option<Value>, StateError> {
        let name = self.full_name(key, Access::Read)?;
        Ok(self
            .slot_to_read(&name)
            .and_then(|slot| self.inner.read(&slot)))
    }

    /// The value of a key as JSON; `None` if the key is missing.
    ///
    /// # Errors
    /// [`StateError::Serialize`] if it has no JSON form, and as [`View::try_get_value`].
    #[cfg(feature = "json")]
    pub fn try_get_json(&self, key: &str) -> Result<Option<Arc<serde_json::Value>>, StateError> {
        self.try_get_value(key)?
            .map(|value| value.to_json())
            .transpose()
            .map_err(|reason| StateError::Serialize {
                key: key.to_owned(),
                reason,
            })
    }

    /// Whether a key has a value.
    pub fn has(&self, key: &str) -> bool {
        self.or_report(self.try_get_value(key)).flatten().is_some()
    }

    /// The names of the keys that have a value, sorted. Tracks which keys there are, not their
    /// values.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self
            .present()
            .iter()
            .filter_map(|slot| self.own_name(&slot.key).map(str::to_owned))
            .collect();
        keys.sort_unstable();
        keys
    }

    /// The number of keys that have a value. Tracks which keys there are, not their values.
    pub fn len(&self) -> usize {
        if self.gate.is_none() && !context::in_batch(self.inner.id()) {
            self.track_members();
            return crate::lock(&self.inner.state).len;
        }
        self.present()
            .iter()
            .filter(|slot| self.own_name(&slot.key).is_some())
            .count()
    }

    /// Whether no key has a value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All that the view can read, at this version. Tracks everything.
    pub fn snapshot(&self) -> Snapshot {
        let snapshot = self.inner.snapshot();
        if self.gate.is_none() {
            return snapshot;
        }
        let named = snapshot
            .iter()
            .filter_map(|(key, value)| Some((self.own_name(key)?, value)));
        snapshot.with_entries(named)
    }

    /// The slots of all keys that have a value, as this thread sees them.
    fn present(&self) -> Vec<Arc<Slot>> {
        self.track_members();
        let drafted = |slot: &Arc<Slot>| {
            context::with_draft(self.inner.id(), |draft| {
                draft.get(slot).map(Option::is_some)
            })
            .flatten()
        };
        let mut slots = self.inner.slots.all();
        slots.retain(|slot| drafted(slot).unwrap_or_else(|| self.inner.load(slot).0.is_some()));
        slots
    }

    fn track_members(&self) {
        self.inner.members.track();
        context::track(self.inner.id(), || {
            (Dep::Members, crate::lock(&self.inner.state).members)
        });
    }
}

/// Writing.
impl View {
    /// Gives a key a value. Writing an equal value changes nothing.
    ///
    /// # Errors
    /// [`StateError::Key`], [`StateError::Vetoed`], [`StateError::Denied`],
    /// [`StateError::UnknownMfe`], [`StateError::Disposed`], [`StateError::Reentrant`]. Nothing is
    /// changed then.
    pub fn set<T: StateValue>(&self, key: impl AsKey<T>, value: T) -> Result<(), StateError> {
        self.set_value(key.as_name(), value)
    }

    /// As [`View::set`], and says who writes: free text that changes, logs and metadata carry.
    ///
    /// # Errors
    /// As [`View::set`].
    pub fn set_with_source<T: StateValue>(
        &self,
        key: impl AsKey<T>,
        value: T,
        source: &str,
    ) -> Result<(), StateError> {
        self.with_source(source).set(key, value)
    }

    /// Gives a key a value of any type, or a [`Value`] from elsewhere.
    ///
    /// # Errors
    /// As [`View::set`].
    pub fn set_value(&self, key: &str, value: impl IntoValue) -> Result<(), StateError> {
        let slot = self.slot(key, Access::Write)?;
        self.write_value(&slot, value.into_value())
            .inspect_err(|_| self.inner.release(slot))
    }

    /// Gives a key a value that came as JSON. It stays JSON until somebody reads it as a type.
    ///
    /// # Errors
    /// As [`View::set`].
    #[cfg(feature = "json")]
    pub fn set_json(&self, key: &str, json: serde_json::Value) -> Result<(), StateError> {
        self.set_value(key, Value::from_json(json))
    }

    /// Changes the value of a key in place. Returns whether the key was there; a missing key stays
    /// missing. `f` may be called again if another thread was faster.
    ///
    /// # Errors
    /// [`StateError::Type`] if the value does not read as a `T`, and as [`View::set`].
    ///
    /// ```
    /// use universal_state::Store;
    ///
    /// let store = Store::new();
    /// store.set("count", 1)?;
    /// store.update("count", |count: &mut i32| *count += 1)?;
    /// assert_eq!(store.get("count"), Some(2));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn update<T: StateValue>(
        &self,
        key: impl AsKey<T>,
        f: impl FnMut(&mut T),
    ) -> Result<bool, StateError> {
        let slot = self.slot(key.as_name(), Access::Write)?;
        let result = self.update_slot(&slot, None, f);
        self.inner.release(slot);
        result
    }

    /// As [`View::update`], and begins with `default` if the key is missing.
    ///
    /// # Errors
    /// As [`View::update`].
    pub fn update_or<T: StateValue>(
        &self,
        key: impl AsKey<T>,
        default: T,
        f: impl FnMut(&mut T),
    ) -> Result<(), StateError> {
        let slot = self.slot(key.as_name(), Access::Write)?;
        self.update_slot(&slot, Some(default), f)
            .map(drop)
            .inspect_err(|_| self.inner.release(slot))
    }

    /// Removes a key. Returns whether it was there; removing a missing key changes nothing.
    ///
    /// # Errors
    /// As [`View::set`].
    pub fn delete(&self, key: &str) -> Result<bool, StateError> {
        let slot = self.slot(key, Access::Write)?;
        let result = self.delete_slot(&slot);
        self.inner.release(slot);
        result
    }

    /// Removes all keys of the view in one transaction.
    ///
    /// # Errors
    /// As [`View::set`]; then none is removed.
    pub fn clear(&self) -> Result<(), StateError> {
        self.batch(|view| {
            for slot in view.present() {
                if let Some(name) = view.own_name(&slot.key) {
                    view.delete(name)?;
                }
            }
            Ok(())
        })
    }

    /// Runs `f`; all that this thread writes to the store meanwhile is stored and told as one
    /// transaction, or, if `f` or a middleware fails, not at all.
    ///
    /// Reads inside of `f` see its writes, nobody else does. A batch inside of a batch belongs to
    /// the outer one; if it fails and the outer one goes on, only its own writes are taken back.
    ///
    /// # Errors
    /// That of `f`, [`StateError::Conflict`] if another thread changed a key that `f` had read, and
    /// as [`View::set`].
    ///
    /// ```
    /// use universal_state::{StateError, Store};
    ///
    /// let store = Store::new();
    /// store.batch(|tx| {
    ///     tx.set("width", 3)?;
    ///     tx.set("height", 4)
    /// })?;
    /// assert_eq!(store.metadata().version, 1);
    /// # Ok::<(), StateError>(())
    /// ```
    pub fn batch<R>(
        &self,
        f: impl FnOnce(&Self) -> Result<R, StateError>,
    ) -> Result<R, StateError> {
        self.inner.batch(|| f(self))
    }

    /// Writes many keys in one transaction.
    ///
    /// # Errors
    /// As [`View::set`]; then none is written.
    ///
    /// ```
    /// use universal_state::{Store, Value};
    ///
    /// let store = Store::new();
    /// store.set_many((0..3).map(|n| (format!("row:{n}"), n)))?;
    /// store.set_many([("name", Value::new("Ada".to_owned())), ("age", Value::new(36))])?;
    /// assert_eq!(store.len(), 5);
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn set_many<K: AsRef<str>, V: IntoValue>(
        &self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(), StateError> {
        self.batch(|view| {
            entries
                .into_iter()
                .try_for_each(|(key, value)| view.set_value(key.as_ref(), value))
        })
    }

    /// Makes the state that of a snapshot, in one transaction of origin [`Origin::Restore`]. Keys
    /// in the namespace of a micro-frontend that is not registered yet wait for it.
    ///
    /// # Errors
    /// As [`View::set`]; then nothing is changed.
    pub fn restore(&self, snapshot: &Snapshot, mode: Restore) -> Result<(), StateError> {
        let restorer = Self {
            stamp: Stamp {
                origin: Origin::Restore,
                source: self.stamp.source.clone(),
            },
            ..self.clone()
        };
        restorer.batch(|view| {
            for (key, value) in snapshot.iter() {
                view.set_value(key, value.clone())?;
            }
            if mode == Restore::Merge {
                return Ok(());
            }
            for slot in view.present() {
                match view.own_name(&slot.key) {
                    Some(name) if snapshot.value(name).is_none() => drop(view.delete(name)?),
                    _ => {}
                }
            }
            Ok(())
        })
    }

    /// The same view under another source: free text that changes, logs and metadata carry.
    pub fn with_source(&self, source: &str) -> Self {
        Self {
            stamp: Stamp {
                origin: self.stamp.origin.clone(),
                source: Name::from(source),
            },
            ..self.clone()
        }
    }
}

/// Being told.
impl View {
    /// Calls a listener with the value of a key, `None` when it was removed, and the change. A
    /// value that does not read as a `T` is reported and comes as `None`.
    ///
    /// A listener may read, write, subscribe and unsubscribe. What it writes is stored at once and
    /// told after the changes that are being told. It may return a `Result`, whose error goes to
    /// the error reporter.
    ///
    /// # Errors
    /// [`StateError::Key`], [`StateError::Denied`], [`StateError::UnknownMfe`],
    /// [`StateError::Disposed`].
    ///
    /// ```
    /// use universal_state::Store;
    ///
    /// let store = Store::new();
    /// let _subscription = store.subscribe("count", |value: Option<&i32>, change| {
    ///     println!("{:?} → {value:?} by {}", change.old::<i32>(), change.source());
    /// })?;
    /// store.set("count", 1)?;
    /// store.flush(); // in a browser this happens by itself at the end of the turn
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn subscribe<T: StateValue, O: Outcome>(
        &self,
        key: impl AsKey<T>,
        listener: impl Fn(Option<&T>, &Change) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        self.subscribe_with(key, SubscribeOptions::new(), listener)
    }

    /// As [`View::subscribe`], with options.
    ///
    /// # Errors
    /// As [`View::subscribe`].
    pub fn subscribe_with<T: StateValue, O: Outcome>(
        &self,
        key: impl AsKey<T>,
        options: SubscribeOptions,
        listener: impl Fn(Option<&T>, &Change) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        let slot = self.slot(key.as_name(), Access::Read)?;
        self.subscribe_slot(slot, options, listener)
    }

    /// Calls a listener with what changed of several keys, previous values included: once a
    /// transaction or turn, however many of them changed.
    ///
    /// # Errors
    /// As [`View::subscribe`], for the first key that cannot be subscribed to.
    pub fn subscribe_keys<K: AsRef<str>, O: Outcome>(
        &self,
        keys: impl IntoIterator<Item = K>,
        options: SubscribeOptions,
        listener: impl Fn(&ChangeSet) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        let mut slots = Vec::new();
        for key in keys {
            let slot = self.slot(key.as_ref(), Access::Read)?;
            if !slots.iter().any(|other| Arc::ptr_eq(other, &slot)) {
                slots.push(slot);
            }
        }
        let attached = slots.clone();
        self.subscribe_set(
            options,
            Subject::Keys(Mutex::new(slots)),
            listener,
            |listener| {
                for slot in &attached {
                    crate::lock(&slot.state).listeners.add(Arc::clone(listener));
                }
            },
        )
    }

    /// Calls a listener with what changed of the keys that a pattern matches, present and future.
    /// The pattern is matched against full names, once for each key.
    ///
    /// # Errors
    /// [`StateError::Disposed`].
    pub fn subscribe_pattern<O: Outcome>(
        &self,
        pattern: Pattern,
        options: SubscribeOptions,
        listener: impl Fn(&ChangeSet) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        let subject = Subject::Pattern(pattern.as_str().to_owned());
        self.subscribe_set(options, subject, listener, |listener| {
            self.inner.slots.add_pattern(pattern, listener);
        })
    }

    /// Calls a listener with everything that changes in the view.
    ///
    /// # Errors
    /// [`StateError::Disposed`].
    pub fn subscribe_all<O: Outcome>(
        &self,
        options: SubscribeOptions,
        listener: impl Fn(&ChangeSet) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        self.subscribe_set(options, Subject::All, listener, |listener| {
            crate::lock(&self.inner.all).add(Arc::clone(listener));
        })
    }

    /// Delivers now what waits for the end of the turn. Without an event loop, that is, natively
    /// and with no scheduler of your own, nobody else does. Called from inside a listener or a
    /// batch it takes effect when that has returned.
    pub fn flush(&self) {
        self.inner.flush();
    }

    fn subscribe_set<O: Outcome>(
        &self,
        options: SubscribeOptions,
        subject: Subject,
        listener: impl Fn(&ChangeSet) -> O + Send + Sync + 'static,
        attach: impl FnOnce(&Arc<super::listen::Listener>),
    ) -> Result<Subscription, StateError> {
        if let Some(gate) = &self.gate {
            gate.is_open()?;
        }
        let call: super::listen::SetCall = match self.gate.clone() {
            None => Box::new(move |changes| listener(changes).failure()),
            Some(gate) => {
                let inner = self.inner.this.clone();
                Box::new(move |changes| {
                    let Some(inner) = inner.upgrade() else {
                        return Ok(());
                    };
                    let visible = |change: &Change| gate.own_name(&inner, &change.key).is_some();
                    if changes.iter().all(visible) {
                        return listener(changes).failure();
                    }
                    let changes: Vec<_> = changes.iter().filter(|c| visible(c)).cloned().collect();
                    if changes.is_empty() {
                        return Ok(());
                    }
                    listener(&ChangeSet { changes }).failure()
                })
            }
        };
        let subscription =
            self.inner
                .subscribe(options.delivery, subject, Call::Set(call), attach)?;
        if options.immediate {
            let changes = self.present_changes(subscription.listener());
            if let Call::Set(call) = &subscription.listener().call
                && !changes.is_empty()
            {
                self.inner.call(subscription.listener(), || call(&changes));
            }
        }
        if let Some(gate) = &self.gate {
            gate.subscribed(&subscription);
        }
        Ok(subscription)
    }

    pub(crate) fn subscribe_slot<T: StateValue, O: Outcome>(
        &self,
        slot: Arc<Slot>,
        options: SubscribeOptions,
        listener: impl Fn(Option<&T>, &Change) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        let inner = self.inner.this.clone();
        let call = move |change: &Change| -> Result<(), String> {
            let Some(value) = &change.new else {
                return listener(None, change).failure();
            };
            value
                .with(|value| listener(Some(value), change).failure())
                .unwrap_or_else(|mismatch| {
                    if let Some(inner) = inner.upgrade() {
                        inner.report(&type_error(&change.key, mismatch));
                    }
                    listener(None, change).failure()
                })
        };
        let attached = Arc::clone(&slot);
        let subscription = self.inner.subscribe(
            options.delivery,
            Subject::Keys(Mutex::new(vec![Arc::clone(&slot)])),
            Call::Key(Box::new(call)),
            |listener| {
                crate::lock(&attached.state)
                    .listeners
                    .add(Arc::clone(listener));
            },
        )?;
        if options.immediate {
            let change = self.present_change(&slot);
            if let Call::Key(call) = &subscription.listener().call {
                self.inner.call(subscription.listener(), || call(&change));
            }
        }
        if let Some(gate) = &self.gate {
            gate.subscribed(&subscription);
        }
        Ok(subscription)
    }

    /// What a listener that wants to be called at once is called with.
    fn present_change(&self, slot: &Arc<Slot>) -> Change {
        let new = self.inner.read(slot);
        let state = crate::lock(&self.inner.state);
        Change {
            key: Arc::clone(&slot.key),
            old: None,
            new,
            stamp: self.stamp.clone(),
            time: state.last_update.unwrap_or_default(),
            version: state.version,
            sequence: state.sequence,
            first: state.sequence,
        }
    }

    fn present_changes(&self, listener: &super::listen::Listener) -> ChangeSet {
        let mut slots = match &listener.subject {
            Subject::Keys(slots) => crate::lock(slots).clone(),
            Subject::All => self.inner.slots.all(),
            Subject::Pattern(_) | Subject::Computed(_) => {
                let mut slots = self.inner.slots.all();
                slots.retain(|slot| {
                    let state = crate::lock(&slot.state);
                    state.listeners.iter().any(|other| other.id == listener.id)
                });
                slots
            }
        };
        slots.sort_by(|a, b| a.key.cmp(&b.key));
        let changes = slots.iter().map(|slot| self.present_change(slot));
        ChangeSet {
            changes: changes.filter(|change| !change.is_removal()).collect(),
        }
    }
}

/// Handles and computed values.
impl View {
    /// A handle that has found its key once and for all: the fastest way to read and write.
    ///
    /// # Errors
    /// [`StateError::Key`], [`StateError::Denied`], [`StateError::UnknownMfe`].
    ///
    /// ```
    /// use universal_state::{Key, Store};
    ///
    /// const COUNT: Key<i32> = Key::new("count");
    ///
    /// let store = Store::new();
    /// let count = store.handle(COUNT)?;
    /// count.set(1)?;
    /// count.update(|n| *n += 1)?;
    /// assert_eq!(count.get(), Some(2));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn handle<T: StateValue>(&self, key: impl AsKey<T>) -> Result<Handle<T>, StateError> {
        let slot = self.slot(key.as_name(), Access::Read)?;
        Ok(Handle::new(self.clone(), slot))
    }

    /// A value that follows from others, see [`Computed`]. `f` reads through the view it is given,
    /// or through any other of the same store, and must not write.
    pub fn computed<T: PartialEq + Send + Sync + 'static>(
        &self,
        f: impl Fn(&Self) -> T + Send + Sync + 'static,
    ) -> Computed<T> {
        Computed::new(self, f)
    }
}

impl View {
    pub(crate) fn downgrade(&self) -> WeakView {
        WeakView {
            inner: Arc::downgrade(&self.inner),
            gate: self.gate.clone(),
            stamp: self.stamp.clone(),
        }
    }

    /// Reports an error of the plain form of a method.
    pub(crate) fn or_report<R>(&self, result: Result<R, StateError>) -> Option<R> {
        result.inspect_err(|error| self.inner.report(error)).ok()
    }

    fn full_name<'k>(&self, key: &'k str, access: Access) -> Result<Cow<'k, str>, StateError> {
        match &self.gate {
            Some(gate) => gate.full_name(&self.inner, key, access),
            None => {
                key::check_full(key)?;
                Ok(Cow::Borrowed(key))
            }
        }
    }

    fn own_name<'k>(&self, full_name: &'k str) -> Option<&'k str> {
        match &self.gate {
            Some(gate) => gate.own_name(&self.inner, full_name),
            None => Some(full_name),
        }
    }

    pub(crate) fn slot(&self, key: &str, access: Access) -> Result<Arc<Slot>, StateError> {
        let name = self.full_name(key, access)?;
        Ok(self.inner.slots.get(&name))
    }

    /// The slot of a key that is to be read: made only if somebody is to learn of a later write.
    fn slot_to_read(&self, name: &str) -> Option<Arc<Slot>> {
        let tracked =
            reactive_graph::graph::Observer::get().is_some() || context::tracking(self.inner.id());
        if tracked {
            Some(self.inner.slots.get(name))
        } else {
            self.inner.slots.find(name)
        }
    }

    fn may_write(&self, slot: &Slot) -> Result<(), StateError> {
        match &self.gate {
            Some(gate) => gate.may_write(&self.inner, &slot.key),
            None => Ok(()),
        }
    }

    /// As [`View::may_write`], where a value is put. Nobody would ever clean up a key in a namespace
    /// that nobody owns, so its owner has to be there; what is restored waits for it.
    fn may_put(&self, slot: &Slot) -> Result<(), StateError> {
        if slot.kind == SlotKind::Namespaced && self.stamp.origin == Origin::Local {
            self.inner.namespace_is_registered(&slot.key)?;
        }
        self.may_write(slot)
    }

    pub(crate) fn write_value(&self, slot: &Arc<Slot>, value: Value) -> Result<(), StateError> {
        self.may_put(slot)?;
        self.inner.write(&self.stamp, slot, Content::Put(value))
    }

    /// Gives a key what `change` makes of its content.
    pub(crate) fn change_slot(
        &self,
        slot: &Arc<Slot>,
        change: &mut dyn FnMut(Option<Value>) -> Result<Option<Value>, StateError>,
    ) -> Result<(), StateError> {
        self.may_put(slot)?;
        self.inner.write(&self.stamp, slot, Content::Change(change))
    }

    pub(crate) fn update_slot<T: StateValue>(
        &self,
        slot: &Arc<Slot>,
        default: Option<T>,
        mut f: impl FnMut(&mut T),
    ) -> Result<bool, StateError> {
        let id = self.inner.id();
        let mut was_there = false;
        self.change_slot(slot, &mut |old| {
            was_there = old.is_some();
            let start = match (&old, &default) {
                (Some(old), _) => read(&slot.key, old, T::clone)?,
                (None, Some(default)) => default.clone(),
                (None, None) => return Ok(None),
            };
            let mut value = start;
            context::forbidding(id, "an update closure", || f(&mut value));
            Ok(Some(Value::new(value)))
        })?;
        Ok(was_there)
    }

    pub(crate) fn delete_slot(&self, slot: &Arc<Slot>) -> Result<bool, StateError> {
        self.may_write(slot)?;
        let mut was_there = false;
        let mut change = |old: Option<Value>| {
            was_there = old.is_some();
            Ok(None)
        };
        self.inner
            .write(&self.stamp, slot, Content::Change(&mut change))?;
        Ok(was_there)
    }
}

impl Inner {
    /// Whether somebody owns the namespace of a full name.
    fn namespace_is_registered(&self, full_name: &str) -> Result<(), StateError> {
        match key::split(full_name) {
            Some((id, _)) if !crate::read(&self.namespaces).contains(id) => {
                Err(StateError::UnknownMfe {
                    id: key::decode_id(id),
                })
            }
            _ => Ok(()),
        }
    }
}

/// Reads a stored value as a `T`.
pub(crate) fn read<T: StateValue, R>(
    key: &str,
    value: &Value,
    f: impl FnOnce(&T) -> R,
) -> Result<R, StateError> {
    value.with(f).map_err(|mismatch| type_error(key, mismatch))
}

fn type_error(key: &str, mismatch: crate::value::Mismatch) -> StateError {
    StateError::Type {
        key: key.to_owned(),
        expected: mismatch.expected,
        found: mismatch.found,
        reason: mismatch.reason,
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("origin", &self.stamp.origin)
            .field("source", &self.stamp.source.as_str())
            .field("keys", &crate::lock(&self.inner.state).len)
            .finish_non_exhaustive()
    }
}
