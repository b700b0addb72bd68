//! How a cursor writes: at once where it can, and the way of every write where somebody has a say.

use super::at::At;
use crate::{
    error::StateError,
    fields::{
        Diff,
        edit::{Edit, EditAt},
    },
    value::Value,
};

impl<V, L> At<V, L>
where
    V: Diff + Clone + Send + Sync + 'static,
    L: Clone + PartialEq + Send + Sync + 'static,
{
    /// Writes a part into what is stored now, at once. Hands it back if that is not possible: in a
    /// batch, if nothing or something of another type is there, or another thread was faster.
    pub(super) fn put(&self, base: Option<Value>, part: L) -> Result<Option<L>, StateError> {
        let (view, slot, shape) = (self.view(), self.slot(), &self.root.shape);
        // What is written at the root may be no value at all.
        let Some(base) = base.filter(|_| !self.spot.path.is_empty()) else {
            return Ok(Some(part));
        };
        let Some(value) = shape.typed_as()(&base) else {
            return Ok(Some(part));
        };
        let Ok(old) = self.spot.find(value) else {
            return Ok(Some(part));
        };
        if *old == part {
            view.may_put(slot)?;
            view.inner.may_write()?;
            view.inner.is_writable(slot)?;
            return Ok(None);
        }
        let spare = self.root.take_spare(Some(&base));
        let Some(mut new) = spare.or_else(|| shape.store(value.clone())) else {
            return Ok(Some(part));
        };
        if !self.put_into(&mut new, &part) {
            return Ok(Some(part));
        }
        self.root.announce(Edit {
            old: base.clone(),
            new: new.clone(),
            at: EditAt::Track(self.track()),
        });
        let written = view.exchange_slot(slot, &base, &new);
        if !matches!(written, Ok(true)) {
            drop(self.root.take_edit());
            return written.map(|_| Some(part));
        }
        // Who has told of the write has most often let go of what it replaced.
        let mut old = base;
        let is_kept = self.put_into(&mut old, &part) || {
            drop(self.root.take_edit());
            self.put_into(&mut old, &part)
        };
        if is_kept {
            self.root.put_spare(old, &new);
        }
        Ok(None)
    }

    /// Writes a part into a value, if nobody else has that.
    fn put_into(&self, value: &mut Value, part: &L) -> bool {
        let value = self.root.shape.alone_as()(value);
        let place = value.and_then(|value| self.spot.find_mut(value).ok());
        place.map(|place| place.clone_from(part)).is_some()
    }

    /// Writes the long way, into whatever is there.
    pub(super) fn change(&self, f: &mut dyn FnMut(&mut L)) -> Result<(), StateError> {
        let slot = self.slot();
        self.view().change_slot(slot, &mut |now| {
            let mut value = V::clone(&*self.held(now.as_ref())?);
            let part = self.spot.find_mut(&mut value);
            f(part.map_err(|missing| self.refusal(missing))?);
            Ok(self.root.shape.store(value))
        })
    }
}
