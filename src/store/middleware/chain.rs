//! All middleware of a store, as the pipe and the delivery call it.

use super::{Middleware, Veto};
use crate::{
    change::ChangeSet,
    error::StateError,
    store::{clock::Instant, context, guest::Filtering, inner::Inner, transaction::Transaction},
};
use reactive_graph::graph::untrack;
use std::{sync::Arc, time::Duration};

/// All middleware with the numbers that name it, in order of registration.
#[derive(Clone, Default)]
pub(crate) struct Chain(Vec<(u64, Arc<dyn Middleware>)>);

impl Chain {
    /// The same with one more, after those that are there.
    pub(crate) fn with(&self, id: u64, middleware: Arc<dyn Middleware>) -> Arc<dyn Filtering> {
        let mut chain = self.clone();
        chain.0.push((id, middleware));
        Arc::new(chain)
    }

    /// The same with one less, which is `None` where none is left.
    pub(crate) fn without(&self, id: u64) -> Option<Arc<dyn Filtering>> {
        let mut chain = self.clone();
        chain.0.retain(|(other, _)| *other != id);
        match chain.0.is_empty() {
            true => None,
            false => Some(Arc::new(chain)),
        }
    }

    pub(crate) fn has(&self, id: u64) -> bool {
        self.0.iter().any(|(other, _)| *other == id)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells each of what was done, and reports those that panic.
    fn tell(&self, inner: &Inner, call: impl Fn(&dyn Middleware)) {
        for (_, middleware) in &self.0 {
            if let Err(reason) = ask(inner, || call(&**middleware)) {
                let subject = format!("middleware {:?}", middleware.name());
                inner.report(&StateError::Listener { subject, reason });
            }
        }
    }
}

impl Filtering for Chain {
    fn chain(&self) -> &Chain {
        self
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn filter(&self, inner: &Inner, transaction: &mut Transaction) -> Result<(), StateError> {
        for (_, middleware) in &self.0 {
            let verdict = ask(inner, || middleware.before(transaction));
            verdict
                .unwrap_or_else(|panic| Err(Veto::new(panic)))
                .map_err(|veto| StateError::Vetoed {
                    middleware: middleware.name().to_owned(),
                    key: veto.key,
                    reason: veto.reason,
                })?;
        }
        transaction
            .writes
            .retain(|write| !(write.rewritten && write.changes_nothing()));
        Ok(())
    }

    fn since(&self, start: &Instant) -> Duration {
        start.elapsed()
    }

    fn committed(&self, inner: &Inner, changes: &ChangeSet, took: Duration) {
        self.tell(inner, |middleware| middleware.committed(changes, took));
    }

    fn delivered(&self, inner: &Inner, changes: &ChangeSet, took: Duration) {
        self.tell(inner, |middleware| middleware.delivered(changes, took));
    }
}

/// Runs code of a middleware, which must not write.
fn ask<R>(inner: &Inner, f: impl FnOnce() -> R) -> Result<R, String> {
    context::forbidding(inner.id(), "a middleware", || {
        untrack(|| crate::store::contain(f))
    })
}
