//! Being told.

use super::View;
use crate::{
    change::{Change, ChangeSet},
    error::{Access, StateError},
    key::AsKey,
    pattern::Pattern,
    sorted::by_name,
    store::{
        inner::Inner,
        listen::{
            Call, KeyCall, Keys, Listener, Outcome, SetCall, Subject, SubscribeOptions,
            Subscription, ended,
        },
        slot::Slot,
    },
    value::StateValue,
};
use reactive_graph::graph::untrack;
use std::{slice, sync::Arc};

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
        let result = self.subscribe_slot(&slot, options, listener);
        if result.is_err() {
            self.inner.release(&slot);
        }
        result
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
        let result = found.and_then(|()| {
            let keys = Keys(slots.iter().map(Arc::downgrade).collect());
            let subject = Subject::Keys(Box::new(keys));
            self.subscribe_set(options, subject, &slots, listener)
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
        let subject = Subject::Pattern(Box::new(pattern));
        self.subscribe_set(options, subject, &[], listener)
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
        self.subscribe_set(options, Subject::All, &[], listener)
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
        slots: &[Arc<Slot>],
        listener: impl Fn(&ChangeSet) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        self.is_open()?;
        self.inner.alive()?;
        let call = SetCall(move |_: &Inner, changes: &ChangeSet| ended(listener(changes)));
        let gate = self.gate.clone();
        let listener = Listener::new(&self.inner, options.delivery, subject, gate, call);
        let subscription = self.hang_up(listener, slots);
        if options.immediate {
            let listener = subscription.listener();
            let changes = self.present_changes(listener);
            if !changes.is_empty() {
                untrack(|| self.inner.call_set(listener, &changes));
            }
        }
        Ok(subscription)
    }

    pub(crate) fn subscribe_slot<T: StateValue, O: Outcome>(
        &self,
        slot: &Arc<Slot>,
        options: SubscribeOptions,
        listener: impl Fn(Option<&T>, &Change) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        self.subscribe_call(slot, options, KeyCall::new(listener))
    }

    /// Has a listener called with what changes of a key.
    pub(crate) fn subscribe_call(
        &self,
        slot: &Arc<Slot>,
        options: SubscribeOptions,
        call: impl Call + 'static,
    ) -> Result<Subscription, StateError> {
        self.may_read(slot)?;
        self.inner.alive()?;
        let subject = Subject::Key(Arc::downgrade(slot));
        let gate = match &self.gate {
            Some(gate) if !slot.is_hidden() => Some(Arc::clone(gate)),
            _ => None,
        };
        let listener = Listener::new(&self.inner, options.delivery, subject, gate, call);
        let subscription = self.hang_up(listener, slice::from_ref(slot));
        if options.immediate {
            self.call_now(subscription.listener(), slot);
        }
        Ok(subscription)
    }

    /// Calls a new listener of a key with what is there.
    #[inline(never)]
    fn call_now(&self, listener: &Listener, slot: &Arc<Slot>) {
        let change = self.present_change(slot);
        untrack(|| self.inner.call_key(listener, &change));
    }

    /// Hangs a listener on slots, and lets whoever the view belongs to know of it.
    fn hang_up(&self, listener: Arc<Listener>, slots: &[Arc<Slot>]) -> Subscription {
        let subscription = self.inner.subscribe(listener, slots);
        if let Some(gate) = &self.gate {
            gate.subscribed(&subscription);
        }
        subscription
    }

    /// What a listener that wants to be called at once is called with: what is stored, since an open
    /// batch may come to nothing and is told when it does not.
    fn present_change(&self, slot: &Arc<Slot>) -> Change {
        let new = self.inner.content(slot);
        let labels = slot.labels();
        let state = crate::lock(&self.inner.state);
        Change {
            key: slot.key.clone(),
            old: None,
            new,
            stamp: self.stamp.clone(),
            time: state.last_update.unwrap_or_default(),
            version: state.version,
            sequence: state.sequence,
            span: 0,
            labels,
        }
    }

    fn present_changes(&self, listener: &Listener) -> ChangeSet {
        let mut slots = match &listener.subject {
            Subject::Key(_) | Subject::Keys(_) => listener.subject.slots().collect(),
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
        by_name(&mut slots, |slot| &slot.key);
        let changes = slots.iter().map(|slot| self.present_change(slot));
        ChangeSet {
            changes: changes.filter(|change| !change.is_removal()).collect(),
        }
    }
}
