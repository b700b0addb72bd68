//! What a listener does when it is called.

use super::{Outcome, list::Several};
use crate::{
    change::{Change, ChangeSet},
    store::{inner::Inner, view::type_error},
    value::{Mismatch, StateValue},
};
use std::marker::PhantomData;

/// Why a call failed.
pub(crate) struct Failure(pub(crate) String);

/// How a call ended: as small as can be, since it is asked after each.
pub(crate) type Ended = Result<(), Box<Failure>>;

pub(crate) fn ended(outcome: impl Outcome) -> Ended {
    outcome
        .failure()
        .map_err(|reason| Box::new(Failure(reason)))
}

/// What is called: with the change of its key, or with a set of changes, as its subject has it.
pub(crate) trait Call: Send + Sync {
    fn key(&self, _inner: &Inner, _change: &Change) -> Ended {
        Ok(())
    }

    fn set(&self, _inner: &Inner, _changes: &ChangeSet) -> Ended {
        Ok(())
    }

    /// The listeners that it stands for, if it is that of no listener.
    fn several(&self) -> Option<&Several> {
        None
    }

    fn several_mut(&mut self) -> Option<&mut Several> {
        None
    }
}

/// A listener of one key, as a `T`.
pub(crate) struct KeyCall<T, F> {
    listener: F,
    value: PhantomData<fn() -> T>,
}

impl<T, F> KeyCall<T, F> {
    pub(crate) fn new(listener: F) -> Self {
        Self {
            listener,
            value: PhantomData,
        }
    }
}

impl<T, O, F> Call for KeyCall<T, F>
where
    T: StateValue,
    O: Outcome,
    F: Fn(Option<&T>, &Change) -> O + Send + Sync,
{
    fn key(&self, inner: &Inner, change: &Change) -> Ended {
        let Some(value) = &change.new else {
            return ended((self.listener)(None, change));
        };
        value
            .with(|value| ended((self.listener)(Some(value), change)))
            .unwrap_or_else(|mismatch| {
                report_mismatch(inner, change, mismatch);
                ended((self.listener)(None, change))
            })
    }
}

#[cold]
pub(crate) fn report_mismatch(inner: &Inner, change: &Change, mismatch: Mismatch) {
    inner.report(&type_error(&change.key, change.labels, mismatch));
}

/// A listener of several keys.
pub(crate) struct SetCall<F>(pub(crate) F);

impl<F: Fn(&Inner, &ChangeSet) -> Ended + Send + Sync> Call for SetCall<F> {
    fn set(&self, inner: &Inner, changes: &ChangeSet) -> Ended {
        (self.0)(inner, changes)
    }
}
