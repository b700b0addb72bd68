//! Being told.

use super::{View, type_error};
use crate::{
    change::{Change, ChangeSet},
    error::{Access, StateError},
    few::Few,
    key::AsKey,
    pattern::Pattern,
    store::{
        listen::{Call, Listener, Outcome, SetCall, Subject, SubscribeOptions, Subscription},
        slot::Slot,
    },
    value::StateValue,
};
use std::sync::{Arc, Mutex};

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
        let found = keys.into_iter().try_for_each(|key| {
            let slot = self.slot(key.as_ref(), Access::Read)?;
            if !slots.iter().any(|other| Arc::ptr_eq(other, &slot)) {
                slots.push(slot);
            }
            Ok(())
        });
        let subject = Subject::Keys(Mutex::new(slots.clone()));
        let result = found.and_then(|()| {
            self.subscribe_set(options, subject, listener, |listener| {
                for slot in &slots {
                    crate::lock(&slot.state).listeners.add(Arc::clone(listener));
                }
            })
        });
        if result.is_err() {
            slots.iter().for_each(|slot| self.inner.release(slot));
        }
        result
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
        attach: impl FnOnce(&Arc<Listener>),
    ) -> Result<Subscription, StateError> {
        self.is_open()?;
        let call: SetCall = match self.gate.clone() {
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
                    let changes: Few<_> = changes.iter().filter(|c| visible(c)).cloned().collect();
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
        if let Some(gate) = &self.gate {
            gate.subscribed(&subscription);
        }
        if options.immediate {
            let changes = self.present_changes(subscription.listener());
            if let Call::Set(call) = &subscription.listener().call
                && !changes.is_empty()
            {
                self.inner
                    .call_now(subscription.listener(), || call(&changes));
            }
        }
        Ok(subscription)
    }

    pub(crate) fn subscribe_slot<T: StateValue, O: Outcome>(
        &self,
        slot: Arc<Slot>,
        options: SubscribeOptions,
        listener: impl Fn(Option<&T>, &Change) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        self.may_read(&slot)?;
        let inner = self.inner.this.clone();
        let gate = self.gate.clone().filter(|_| !slot.is_hidden());
        let call = move |change: &Change| -> Result<(), String> {
            if let Some(gate) = &gate
                && let Some(inner) = inner.upgrade()
                && gate.own_name(&inner, &change.key).is_none()
            {
                return Ok(());
            }
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
        let subscription = self.inner.subscribe(
            options.delivery,
            Subject::Keys(Mutex::new(vec![Arc::clone(&slot)])),
            Call::Key(Box::new(call)),
            |listener| crate::lock(&slot.state).listeners.add(Arc::clone(listener)),
        );
        let subscription = subscription.inspect_err(|_| self.inner.release(&slot))?;
        if let Some(gate) = &self.gate {
            gate.subscribed(&subscription);
        }
        if options.immediate {
            let change = self.present_change(&slot);
            if let Call::Key(call) = &subscription.listener().call {
                self.inner
                    .call_now(subscription.listener(), || call(&change));
            }
        }
        Ok(subscription)
    }

    /// What a listener that wants to be called at once is called with: what is stored, since an open
    /// batch may come to nothing and is told when it does not.
    fn present_change(&self, slot: &Arc<Slot>) -> Change {
        let new = self.inner.content(slot);
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

    fn present_changes(&self, listener: &Listener) -> ChangeSet {
        let mut slots = match &listener.subject {
            Subject::Keys(slots) => crate::lock(slots).clone(),
            Subject::All => self.inner.slots.all(),
            Subject::Pattern(_) | Subject::Computed(_) | Subject::Follow(_) => {
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
