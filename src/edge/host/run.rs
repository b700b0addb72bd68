//! Does what a [`Life`](super::life::Life) says is to be done.

use super::{
    Shared,
    life::{Input, Task},
    manifest::MfeEntry,
    status::{Failure, MfeStatus},
};
use crate::{
    error::StateError,
    key,
    mfe::{MfeInfo, Scope},
    store::{SubscribeOptions, Subscription},
    value::Value,
};
use std::sync::{Arc, Weak};

impl Shared {
    /// Tells a micro-frontend's life what happened, and does what follows. No lock is held meanwhile,
    /// so what is done may tell of more.
    pub(super) fn tell(&self, id: &str, input: Input) {
        let told = self.with(id, |seat| {
            let (status, metrics) = (seat.life.status().clone(), seat.life.metrics().clone());
            let tasks = seat.life.take(input);
            let is_status_new = *seat.life.status() != status;
            let is_metric_new = *seat.life.metrics() != metrics;
            let signal = is_status_new.then(|| Arc::clone(&seat.signal));
            (tasks, signal, is_metric_new)
        });
        let Ok((tasks, signal, is_metric_new)) = told else {
            return;
        };
        for task in tasks {
            self.perform(id, task);
        }
        if let Some(signal) = signal {
            signal.notify();
        }
        if is_metric_new {
            self.metrics_signal.notify();
        }
    }

    fn perform(&self, id: &str, task: Task) {
        match task {
            Task::Load { load, entry, again } => {
                self.page
                    .load(&self.this, load, &entry, again, self.limit());
            }
            Task::Abort { load } => self.page.abort(id, load),
            Task::Forget { load } => self.page.forget(id, load),
            Task::Watch => self.watch(id),
            Task::Unwatch => drop(self.swap_watch(id, None)),
            Task::Start { mount, load, entry } => {
                if let Err(failure) = self.start(mount, load, &entry) {
                    self.tell(id, Input::MountFailed { mount, failure });
                }
            }
            Task::Stop { mount, keep } => self.stop(id, mount, keep),
            Task::Drop => drop(self.with(id, |seat| std::mem::take(&mut seat.kept))),
            Task::Tell(failure) => self.enter_failure(id, &failure),
            Task::Replaced(answer) => {
                let sender = self.with(id, |seat| seat.swapped.take());
                if let Ok(Some(sender)) = sender {
                    // Whoever asked may not wait any more.
                    let _ = sender.send(answer);
                }
            }
        }
    }

    fn start(&self, mount: u64, load: u64, entry: &MfeEntry) -> Result<(), Failure> {
        let registered = self.page.register(&self.name, entry)?;
        let kept = self.with(entry.id(), |seat| {
            seat.is_registered = true;
            seat.kept.clone()
        });
        // A copy: should this mount fail, another begins with the same.
        self.put_back(kept.unwrap_or_default());
        self.page
            .start(&self.this, mount, load, entry, &registered, self.limit())
    }

    /// Puts own keys where they were.
    fn put_back(&self, kept: Vec<(String, Value)>) {
        if kept.is_empty() {
            return;
        }
        let put = self.store.with_source("host").batch(|view| {
            kept.into_iter()
                .try_for_each(|(key, value)| view.set_value(&key, value))
        });
        if let Err(error) = put {
            self.store.report(&error);
        }
    }

    fn stop(&self, id: &str, mount: u64, keep: bool) {
        let namespace = key::namespace(id);
        if keep {
            let snapshot = self.store.snapshot().stored();
            let own = snapshot
                .iter()
                .filter(|(name, _)| name.starts_with(&namespace));
            let own: Vec<_> = own
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect();
            let _ = self.with(id, |seat| seat.kept = own);
        }
        // What it does while it leaves is its own affair, with its own keys still there.
        self.page.stop(id, mount);
        let left = self.with(id, |seat| {
            (std::mem::take(&mut seat.is_registered), seat.scope.take())
        });
        let Ok((true, scope)) = left else { return };
        match self.store.unregister_mfe(id) {
            Ok(()) | Err(StateError::UnknownMfe { .. } | StateError::Disposed) => {}
            Err(error) => self.store.report(&error),
        }
        drop(scope);
    }

    /// Enters a failure in the registry, and the micro-frontend with it if it never came that far.
    fn enter_failure(&self, id: &str, failure: &Failure) {
        let text = Some(failure.to_string());
        let entered = match self.store.set_mfe_failure(id, text.clone()) {
            Err(StateError::UnknownMfe { .. }) => self
                .enter(id)
                .and_then(|()| self.store.set_mfe_failure(id, text)),
            entered => entered,
        };
        if let Err(error) = entered {
            self.store.report(&error);
        }
        self.store.report(&StateError::MfeFailed {
            id: id.to_owned(),
            reason: failure.to_string(),
        });
    }

    fn enter(&self, id: &str) -> Result<(), StateError> {
        let info = self.with(id, |seat| {
            let entry = seat.life.entry();
            MfeInfo::new(entry.id(), entry.framework(), entry.version())
        });
        let Ok(info) = info else { return Ok(()) };
        let scope = self.store.register_mfe(info)?;
        let entered = self.with(id, |seat| {
            seat.is_registered = true;
            seat.scope.replace(scope)
        });
        drop::<Result<Option<Scope>, _>>(entered);
        Ok(())
    }

    /// Says which of the required keys are missing, now and whenever one comes or goes.
    fn watch(&self, id: &str) {
        let keys = self.with(id, |seat| seat.life.entry().requires().to_vec());
        let keys = keys.unwrap_or_default();
        let (host, of) = (Weak::clone(&self.this), id.to_owned());
        let listening = self
            .store
            .subscribe_keys(&keys, SubscribeOptions::new(), move |_| {
                if let Some(host) = host.upgrade() {
                    host.look(&of);
                }
            });
        match listening {
            Ok(subscription) => drop(self.swap_watch(id, Some(subscription))),
            Err(error) => self.store.report(&error),
        }
        self.look(id);
    }

    fn look(&self, id: &str) {
        let waiting = self.with(id, |seat| {
            let is_waiting = matches!(seat.life.status(), MfeStatus::Waiting { .. });
            is_waiting.then(|| seat.life.entry().requires().to_vec())
        });
        let Ok(Some(mut keys)) = waiting else { return };
        keys.retain(|key| !self.store.has(key));
        self.tell(id, Input::Keys(keys));
    }

    fn swap_watch(&self, id: &str, watch: Option<Subscription>) -> Option<Subscription> {
        self.with(id, |seat| std::mem::replace(&mut seat.watch, watch))
            .ok()
            .flatten()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.page.end();
        let seats = std::mem::take(
            self.seats
                .get_mut()
                .unwrap_or_else(|seats| seats.into_inner()),
        );
        for seat in seats.iter().filter(|seat| seat.is_registered) {
            match self.store.unregister_mfe(seat.life.entry().id()) {
                Ok(()) | Err(StateError::UnknownMfe { .. } | StateError::Disposed) => {}
                Err(error) => self.store.report(&error),
            }
        }
    }
}
