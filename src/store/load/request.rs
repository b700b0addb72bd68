//! [`Request`]: the right to answer, until somebody asks anew.

use super::status::{Asked, Record};
use crate::{
    change::Stamp,
    error::StateError,
    store::{context, slot::Slot, view::View},
    value::{StateValue, Value},
};
use std::{fmt, marker::PhantomData, sync::Arc};

/// What became of the answer to a [`Request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Landing {
    /// It counts: the value was stored, or the error is what the status says.
    Taken,
    /// It was dropped: a newer request for the key took over.
    Superseded,
    /// It was dropped: the request was cancelled, by [`View::cancel_load`], because the key was
    /// removed, or because whoever asked, or the store, has gone.
    Cancelled,
}

impl Landing {
    /// Whether the answer counts.
    pub fn is_taken(self) -> bool {
        self == Self::Taken
    }
}

/// A request for the value of a key that is under way. Made by [`View::load`].
///
/// It is answered once, by [`Request::finish`] or [`Request::fail`]. Dropped without an answer it is
/// cancelled: the status of the key is again what it was before.
///
/// A request knows nothing of futures or threads. It can be sent to wherever the answer arrives.
#[must_use = "dropping a request cancels it"]
pub struct Request<T> {
    view: View,
    slot: Arc<Slot>,
    load: Arc<Slot>,
    id: u64,
    asked: Asked,
    is_answered: bool,
    value: PhantomData<fn() -> T>,
}

impl<T: StateValue> Request<T> {
    /// Begins a request on a slot that the view may write.
    pub(super) fn begin(view: &View, slot: Arc<Slot>) -> Result<Self, StateError> {
        let inner = &view.inner;
        let request = Self {
            view: view.clone(),
            load: inner.load_slot(&slot.key),
            slot,
            id: inner.next_id(),
            asked: Asked::now(&view.stamp),
            is_answered: false,
            value: PhantomData,
        };
        let ask = |record: &Record| record.asked(request.id, request.asked.clone());
        inner.change_load(&request.load, |record| Some(ask(record)))?;
        // The answer to an earlier request may be waiting in this thread's batch. It stands: what it
        // would say of the requests does not.
        let replaced = context::drafting(inner.id(), |draft| {
            draft.content(&request.load)?;
            let content = ask(&Record::default()).into_value();
            draft.put(&request.load, Some(content), &Stamp::LOCAL)
        });
        drop(replaced);
        // Its micro-frontend may have left while it began.
        view.is_open()?;
        Ok(request)
    }

    /// The full name of the key; `@id/key` for a key of a micro-frontend.
    pub fn key(&self) -> &str {
        &self.slot.key
    }

    /// Whether an answer would still count.
    pub fn is_current(&self) -> bool {
        self.lost().is_none()
    }

    /// Stores the answer, as a write of whoever asked: it passes middleware, and listeners and
    /// signals are told. The value and the status change in one transaction.
    ///
    /// Only the answer to the latest request of a key is stored, whichever thread is faster; any
    /// other is dropped, and [`Landing`] says so.
    ///
    /// Inside of a batch the answer is stored with the batch, and the request is under way until
    /// then. If somebody asks anew meanwhile, elsewhere, the batch fails with
    /// [`StateError::Superseded`]; if the batch fails, so does the request.
    ///
    /// # Errors
    /// As [`View::set`]. The previous value stays then, and the status says why.
    pub fn finish(mut self, value: T) -> Result<Landing, StateError> {
        self.is_answered = true;
        let value = Value::new(value);
        let inner = &self.view.inner;
        let landed = inner.batch(|| {
            if self.lost().is_some() {
                return Err(self.too_late());
            }
            self.view.write_value(&self.slot, value)?;
            let answer = Record::landed(self.id, self.asked.clone()).into_value();
            let replaced = context::drafting(inner.id(), |draft| {
                draft.put(&self.load, Some(answer), &Stamp::LOCAL)
            });
            drop(replaced);
            Ok(())
        });
        match landed {
            Ok(()) => Ok(Landing::Taken),
            Err(error) => match self.lost() {
                Some(landing) if error == self.too_late() => Ok(landing),
                _ => {
                    self.end(&error.to_string());
                    Err(error)
                }
            },
        }
    }

    /// Says that there is no answer. The previous value stays, and the status says why.
    pub fn fail(mut self, error: impl fmt::Display) -> Landing {
        self.is_answered = true;
        self.end(&error.to_string())
    }

    /// As [`Request::finish`] or [`Request::fail`], whichever it is.
    ///
    /// # Errors
    /// As [`Request::finish`].
    pub fn settle<E: fmt::Display>(self, answer: Result<T, E>) -> Result<Landing, StateError> {
        match answer {
            Ok(value) => self.finish(value),
            Err(error) => Ok(self.fail(error)),
        }
    }
}

impl<T> Request<T> {
    /// Ends the request without an answer, as dropping it does.
    pub fn cancel(self) {}

    /// Why an answer would not count, if it would not.
    fn lost(&self) -> Option<Landing> {
        let record = Record::of(self.view.inner.load(&self.load).0.as_ref());
        if record.awaits(self.id) {
            None
        } else if record.request == self.id {
            Some(Landing::Cancelled)
        } else {
            Some(Landing::Superseded)
        }
    }

    fn too_late(&self) -> StateError {
        StateError::Superseded {
            key: self.slot.key.to_string(),
        }
    }

    fn end(&self, error: &str) -> Landing {
        let fail = |record: &Record| record.awaits(self.id).then(|| record.failed(error));
        match self.view.inner.change_load(&self.load, fail) {
            Ok(true) => Landing::Taken,
            _ => self.lost().unwrap_or(Landing::Cancelled),
        }
    }
}

impl<T> Drop for Request<T> {
    fn drop(&mut self) {
        let inner = &self.view.inner;
        if !self.is_answered {
            inner.cancel_load_if(&self.load, |record| record.awaits(self.id));
        }
        inner.release(&self.slot);
        inner.release(&self.load);
    }
}

impl<T> fmt::Debug for Request<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("key", &self.slot.key)
            .field("current", &self.lost().is_none())
            .finish_non_exhaustive()
    }
}
