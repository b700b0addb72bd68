//! Keys that are computed, by the store or by one of its guests: whoever computes one is asked for its
//! value, and only if somebody wants it.

use super::{
    answer::{Link, stamp},
    unsendable,
};
use crate::{
    edge::page::wire::{self, Ask, Carried, Define, Evaluated, Withdraw, Writer},
    error::StateError,
    store::{ComputedKey, Inner, Named, Slot, View},
};
use std::sync::Arc;

impl Link {
    pub(super) fn evaluate(&self, text: &str) -> Result<Evaluated, StateError> {
        self.is_open()?;
        let Ask { id, seen } = wire::read(text)?;
        let inner = self.inner();
        let named = inner.named_by(id).ok_or_else(|| gone(id))?;
        if named.slot().labels().is_secret() {
            return Err(gone(id));
        }
        // Another guest may compute it, and not have been told yet of what it follows from.
        inner.wake_recorders();
        evaluated(&*named, seen)
    }

    pub(super) fn begin_computed(&self, text: &str) -> Result<(), StateError> {
        self.may_act()?;
        let define: Define = wire::read(text)?;
        let inner = self.inner();
        let view = self.opened(&define.key, &define.by, &define.labels)?;
        let slot = inner
            .slots
            .get_checked(&define.key, crate::key::check_full)?;
        let begun = self.begin_elsewhere(define, view, &slot);
        inner.release(&slot);
        self.outbox.pump(inner);
        begun
    }

    fn begin_elsewhere(
        &self,
        define: Define,
        view: View,
        slot: &Arc<Slot>,
    ) -> Result<(), StateError> {
        let Define { id, who, .. } = define;
        let inner = self.inner();
        if define.by == Writer::Page {
            inner.namespace_is_registered(&slot.key)?;
        }
        view.may_put(slot)?;
        let view = View {
            gate: None,
            stamp: stamp(&view, define.source.as_deref()),
            ..view
        };
        let outbox = Arc::downgrade(&self.outbox);
        let who = crate::error::excerpt(&who);
        let ask = move |inner: &Inner, seen| {
            let outbox = outbox.upgrade().ok_or(StateError::Disposed)?;
            outbox.ask(inner, Ask { id, seen })
        };
        let named = Named::elsewhere(&view, slot, &who, Box::new(ask));
        self.outbox.define(id, &named)?;
        let begun = inner.begin_here(&named);
        begun.inspect_err(|_| drop(self.outbox.withdraw(id)))
    }

    pub(super) fn end_computed(&self, text: &str) -> Result<(), StateError> {
        self.is_open()?;
        let Withdraw { id } = wire::read(text)?;
        let inner = self.inner();
        let Some(named) = self.outbox.withdraw(id) else {
            return Ok(());
        };
        let weak = Arc::downgrade(inner);
        inner.defer(Box::new(move || {
            if let Some(inner) = weak.upgrade() {
                inner.end(vec![named]);
            }
        }));
        self.outbox.pump(inner);
        Ok(())
    }
}

/// What a key has come to, for whoever has seen a revision of it.
pub(in crate::edge::page) fn evaluated(
    named: &dyn ComputedKey,
    seen: Option<u64>,
) -> Result<Evaluated, StateError> {
    let (revision, value) = named.revised()?;
    let value = match seen == Some(revision) {
        true => None,
        false => {
            let json = Carried::of(&value);
            Some(json.map_err(|reason| unsendable(&named.slot().key, reason))?)
        }
    };
    Ok(Evaluated { revision, value })
}

fn gone(id: u64) -> StateError {
    wire::refused(&format!("computed key {id}"), "it is not computed any more")
}

impl Inner {
    /// A computed value that is registered.
    fn named_by(&self, id: u64) -> Option<Arc<dyn ComputedKey>> {
        let state = crate::lock(&self.state);
        state.named.iter().find(|named| named.id() == id).cloned()
    }
}
