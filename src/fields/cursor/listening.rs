//! How a cursor listens: as a listener of its key, which is called when the place differs.

use super::spot::Spot;
use crate::{
    change::Change,
    fields::{Diff, held::Shape},
    store::{Call, Ended, Inner, report_mismatch},
    value::{Mismatch, Value},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// What is called with the part at a place, and with the change of the key.
pub(super) type PartListener<L> = Box<dyn Fn(Option<&L>, &Change) -> Ended + Send + Sync>;

/// The listener of a place. It keeps neither the key nor the store, which keep it.
pub(super) struct PlaceCall<V: 'static, L> {
    pub(super) spot: Arc<Spot<L>>,
    pub(super) shape: Shape<V>,
    /// Whether the next call is to say what is there, whatever differs.
    pub(super) is_asked: AtomicBool,
    pub(super) listener: PartListener<L>,
}

impl<V: Diff + Clone + Send + Sync + 'static, L: PartialEq + 'static> PlaceCall<V, L> {
    /// Calls `f` with what is at the place in a value that was stored.
    fn with<R>(
        &self,
        stored: Option<&Value>,
        f: impl FnOnce(Option<&L>, Option<Mismatch>) -> R,
    ) -> R {
        if let Some(value) = stored.and_then(self.shape.typed_as()) {
            return f(self.spot.find(value).ok(), None);
        }
        match self.shape.read(stored) {
            (held, None) => f(self.spot.find(&*held).ok(), None),
            (_, mismatch) => f(None, mismatch),
        }
    }
}

impl<V, L> Call for PlaceCall<V, L>
where
    V: Diff + Clone + Send + Sync + 'static,
    L: PartialEq + 'static,
{
    fn key(&self, inner: &Inner, change: &Change) -> Ended {
        let is_asked =
            self.is_asked.load(Ordering::Relaxed) && self.is_asked.swap(false, Ordering::Relaxed);
        self.with(change.new.as_ref(), |new, mismatch| {
            if let Some(mismatch) = mismatch {
                report_mismatch(inner, change, mismatch);
            }
            let is_news = || self.with(change.old.as_ref(), |old, _| old != new);
            match is_asked || is_news() {
                true => (self.listener)(new, change),
                false => Ok(()),
            }
        })
    }
}
