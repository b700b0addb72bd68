//! Loading: values that arrive later, and who may deliver them.
//!
//! What is known of the requests of a key is in a hidden slot beside it, so it is tracked and
//! subscribed to like a key, outlives an exchange of the engine, and is in no snapshot. The answer to
//! a request is a write of the key and of that slot, in one transaction: the commit, which checks
//! that neither has moved, is what makes the last request win.

mod answers;
mod index;
mod request;
mod status;

pub(crate) use index::Loads;
pub use request::{Landing, Request};
pub use status::{LoadPhase, LoadStatus};

use super::{
    context,
    listen::{Outcome, SubscribeOptions, Subscription},
    view::View,
};
use crate::{
    error::{Access, StateError},
    key::AsKey,
    value::StateValue,
};
use reactive_graph::graph::Observer;
use status::Record;

/// Loading.
impl View {
    /// Begins a request for the value of a key. The key is pending from now on, and keeps its
    /// value. An earlier request for it, whoever began it, is superseded: its answer will be dropped.
    ///
    /// It takes effect at once, also inside of a batch that comes to nothing.
    ///
    /// A plain write does not end a request, whose answer will replace what was written: call
    /// [`View::cancel_load`] first. Removing the key does: the answer to a question that was asked
    /// before cannot bring the key back.
    ///
    /// # Errors
    /// As [`View::set`]: whoever cannot write a key cannot load it.
    ///
    /// ```
    /// use universal_state::{Key, Landing, Store};
    ///
    /// const USER: Key<String> = Key::new("user");
    ///
    /// let store = Store::new();
    /// let first = store.load(USER)?;
    /// let second = store.load(USER)?;
    /// assert!(store.load_status("user").is_pending());
    ///
    /// assert_eq!(second.finish("Ada".into())?, Landing::Taken);
    /// assert_eq!(first.finish("Grace".into())?, Landing::Superseded);
    /// assert_eq!(store.get(USER).as_deref(), Some("Ada"));
    ///
    /// store.load(USER)?.fail("no connection");
    /// assert_eq!(store.load_status("user").error(), Some("no connection"));
    /// assert_eq!(store.get(USER).as_deref(), Some("Ada"));
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn load<T: StateValue>(&self, key: impl AsKey<T>) -> Result<Request<T>, StateError> {
        self.inner.may_write()?;
        let slot = self.slot(key.as_name(), Access::Write)?;
        match self.may_put(&slot) {
            Ok(()) => Request::begin(self, slot),
            Err(error) => {
                self.inner.release(&slot);
                Err(error)
            }
        }
    }

    /// Ends the request of a key that is under way, whoever began it. Returns whether there was one.
    /// Call it before a write that the answer is not to replace.
    ///
    /// # Errors
    /// As [`View::set`].
    pub fn cancel_load(&self, key: &str) -> Result<bool, StateError> {
        self.inner.may_write()?;
        let name = self.full_name(key, Access::Write)?;
        let Some(load) = self.inner.find_load(&name) else {
            return Ok(false);
        };
        let was_pending = self.inner.cancel_load_if(&load, |_| true);
        self.inner.release(&load);
        Ok(was_pending)
    }

    /// How it stands with the requests of a key. Inside of an effect, a memo or a component it makes
    /// that depend on it. What an open batch will change about it does not show before the batch is
    /// stored.
    ///
    /// What is known is not persisted and in no snapshot. Removing the key ends it, and of a key that
    /// has no value and whose status nobody follows it may be forgotten.
    pub fn load_status(&self, key: &str) -> LoadStatus {
        self.or_report(self.try_load_status(key))
            .unwrap_or_default()
    }

    /// As [`View::load_status`], with the reason if it cannot be read.
    ///
    /// # Errors
    /// [`StateError::Key`], [`StateError::Denied`], [`StateError::UnknownMfe`].
    pub fn try_load_status(&self, key: &str) -> Result<LoadStatus, StateError> {
        let name = self.full_name(key, Access::Read)?;
        let is_followed = Observer::get().is_some() || context::tracking(self.inner.id());
        let load = if is_followed {
            Some(self.inner.load_slot(&name))
        } else {
            self.inner.find_load(&name)
        };
        let Some(load) = load else {
            return Ok(LoadStatus::default());
        };
        self.inner.follow(&load);
        Ok(Record::of(self.inner.load(&load).0.as_ref()).status)
    }

    /// Calls a listener with the status of a key whenever it changes.
    ///
    /// # Errors
    /// As [`View::subscribe`].
    ///
    /// ```
    /// use universal_state::{Store, SubscribeOptions};
    ///
    /// let store = Store::new();
    /// let options = SubscribeOptions::new().immediate(true);
    /// let _subscription = store.subscribe_load_status("user", options, |status| {
    ///     println!("{:?} since {:?}", status.phase(), status.since());
    /// })?;
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn subscribe_load_status<O: Outcome>(
        &self,
        key: &str,
        options: SubscribeOptions,
        listener: impl Fn(&LoadStatus) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        let name = self.full_name(key, Access::Read)?;
        let load = self.inner.load_slot(&name);
        let (weak, gate) = (self.inner.this.clone(), self.gate.clone());
        let call = move |record: Option<&Record>, change: &crate::Change| {
            // The right to read may have been taken back.
            if let Some(gate) = &gate
                && let Some(inner) = weak.upgrade()
                && gate.own_name(&inner, &change.key).is_none()
            {
                return Ok(());
            }
            let told = match record {
                Some(record) => listener(&record.status),
                None => listener(&LoadStatus::default()),
            };
            told.failure()
        };
        let result = self.subscribe_slot(&load, options, call);
        if result.is_err() {
            self.inner.release(&load);
        }
        result
    }
}
