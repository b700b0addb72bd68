//! How a cursor writes: at once where it can, and the way of every write where somebody has a say.

use super::at::At;
use crate::{
    error::StateError,
    fields::{
        Diff,
        edit::{Edit, EditAt},
        root::Root,
        track::Follow,
    },
    store::{Graph, Triggers, View},
    value::Value,
};
use std::{
    ptr,
    sync::{Arc, atomic::Ordering},
};

/// What a write makes of a value.
enum Made {
    /// The same.
    Equal,
    New(Value),
}

impl<V, L> At<V, L>
where
    V: Diff + Clone + Send + Sync + 'static,
    L: Clone + PartialEq + Send + Sync + 'static,
{
    /// Writes a part into `base`, which is what is stored, at once. Hands it back if that is not
    /// possible: in a batch, where somebody is asked before, if nothing or something of another type is
    /// there, or another thread was faster.
    pub(super) fn put(&self, base: &mut Option<Value>, part: L) -> Result<Option<L>, StateError> {
        let (view, slot) = (self.view(), self.slot());
        // What is written at the root may be no value at all.
        if self.spot.path.is_empty() || view.inner.asks.load(Ordering::Acquire) {
            return Ok(Some(part));
        }
        let made = base.as_ref().and_then(|base| self.make(base, &part));
        let (new, stored) = match (made, base.as_ref()) {
            (Some(Made::New(new)), Some(stored)) => (new, stored),
            (Some(Made::Equal), _) => {
                view.may_put(slot)?;
                view.inner.may_write()?;
                view.inner.is_writable(slot)?;
                return Ok(None);
            }
            _ => return Ok(Some(part)),
        };
        let written = self.root.exchange(view, self.track(), stored, &new);
        if !matches!(written, Ok(true)) {
            drop(self.root.take_edit());
            return written.map(|_| Some(part));
        }
        // Who has told of the write has most often let go of what it replaced. If not, it is kept as it
        // is: who is told at the end of the turn lets go of it then.
        if let Some(mut old) = base.take() {
            let is_equal = self.put_into(&mut old, &part) || {
                drop(self.root.take_edit());
                self.put_into(&mut old, &part)
            };
            let behind = (!is_equal).then(|| EditAt::Path(self.spot.path.clone()));
            self.root.put_spare(old, behind, &new);
        }
        Ok(None)
    }

    /// What `base` becomes with this part; `None` if there is no place for it.
    fn make(&self, base: &Value, part: &L) -> Option<Made> {
        let shape = &self.root.shape;
        if let Some(mut spare) = self.root.take_spare(Some(base)) {
            let place = self.spot.find_mut(shape.alone_as()(&mut spare)?).ok()?;
            if *place != *part {
                place.clone_from(part);
                return Some(Made::New(spare));
            }
            self.root.put_spare(spare, None, base);
            return Some(Made::Equal);
        }
        let value = shape.typed_as()(base)?;
        if *self.spot.find(value).ok()? == *part {
            return Some(Made::Equal);
        }
        let mut new = shape.store(value.clone())?;
        self.put_into(&mut new, part).then_some(Made::New(new))
    }

    /// Writes a part into a value, if nobody else has that.
    fn put_into(&self, value: &mut Value, part: &L) -> bool {
        let value = self.root.shape.alone_as()(value);
        let place = value.and_then(|value| self.spot.find_mut(value).ok());
        place.map(|place| place.clone_from(part)).is_some()
    }

    /// Writes the long way: `f` gets what is there, and the place in what will be.
    pub(super) fn change(
        &self,
        f: &mut dyn FnMut(Option<&Value>, &mut L),
    ) -> Result<(), StateError> {
        let slot = self.slot();
        self.view().change_slot(slot, &mut |now| {
            let mut value = V::clone(&*self.held(now.as_ref())?);
            let part = self.spot.find_mut(&mut value);
            f(now.as_ref(), part.map_err(|missing| self.refusal(missing))?);
            Ok(self.root.shape.store(value))
        })
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> Root<V> {
    /// Stores what was made of `old` and differs from it at the end of a track, if `old` is still there.
    /// Returns whether it did.
    fn exchange(
        self: &Arc<Self>,
        view: &View,
        track: Arc<dyn Follow>,
        old: &Value,
        new: &Value,
    ) -> Result<bool, StateError> {
        let announce = || {
            self.announce(Edit {
                old: old.clone(),
                new: new.clone(),
                at: EditAt::Track(Arc::clone(&track)),
            });
        };
        let tell = |graph: &Arc<dyn Graph>, sequence: u64, triggers: &mut Triggers| {
            if !ptr::addr_eq(Arc::as_ptr(graph), Arc::as_ptr(self)) {
                return false;
            }
            let is_told = self.follow(&view.inner, sequence, (old, new), &*track, triggers);
            if !is_told {
                announce();
            }
            is_told
        };
        if view.exchange_slot(&self.slot, old, new, &tell)? {
            return Ok(true);
        }
        announce();
        view.replace_slot(&self.slot, old, new)
    }
}
