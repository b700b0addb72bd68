//! Keys that are computed elsewhere on the page, and those that the page is to have computed here.

use super::{Session, mirror::page};
use crate::{
    change::{ChangeSet, Origin},
    edge::page::{
        link::{Host, evaluated},
        wire::{self, Ask, Computed, Define, Evaluated, Mark, Withdraw, Writer},
    },
    error::StateError,
    store::{ComputedKey, Inner, Named, Recording, View, Write, Writes},
    value::Value,
};
use std::{
    mem,
    sync::{Arc, Weak, atomic::Ordering},
};

/// Keys that are computed elsewhere.
impl Session {
    /// Ends those that are not among `left`.
    pub(super) fn unlist(&self, inner: &Inner, left: &[u64]) {
        let gone = {
            let mirrored = &mut *crate::lock(&self.mirrored);
            let (stay, gone) = mem::take(mirrored)
                .into_iter()
                .partition::<Vec<_>, _>(|(id, _)| left.contains(id));
            *mirrored = stay;
            gone
        };
        let gone = gone.into_iter().map(|(_, named)| named as _);
        inner.end(gone.collect());
    }

    /// Begins those that are not here yet.
    pub(super) fn list(&self, inner: &Arc<Inner>, all: Vec<Computed>) {
        for computed in all {
            let is_known = |(id, _): &(u64, _)| *id == computed.id;
            let is_here = computed.own || crate::lock(&self.mirrored).iter().any(is_known);
            if !is_here && let Err(error) = self.begin(inner, &computed) {
                inner.report(&error);
            }
        }
    }

    fn begin(&self, inner: &Arc<Inner>, computed: &Computed) -> Result<(), StateError> {
        let Computed { id, key, .. } = computed;
        let slot = inner.slots.get_checked(key, crate::key::check_full)?;
        for label in computed.labels.iter().filter_map(|mark| mark.label()) {
            inner.label(&slot.key, label);
        }
        if slot.labels().is_secret() {
            inner.release(&slot);
            return Ok(());
        }
        let stamp = page(computed.source.as_deref());
        // Nothing is stored there any more; that is told later, or is on its way.
        let removal = Writes::One(Write {
            slot: Arc::clone(&slot),
            old: None,
            new: None,
            stamp: stamp.clone(),
            rewritten: false,
        });
        if inner.is_writable(&slot).is_ok() {
            self.settle(inner, removal, Vec::new());
        }
        let view = View {
            inner: Arc::clone(inner),
            gate: None,
            stamp,
        };
        let (session, id) = (Weak::clone(&self.this), *id);
        let ask = move |_: &Inner, seen| {
            let session = session.upgrade().ok_or(StateError::Disposed)?;
            session.ask_computed(Ask { id, seen })
        };
        let named = Named::elsewhere(&view, &slot, &computed.who, Box::new(ask));
        // First, for it is asked as it begins.
        crate::lock(&self.mirrored).push((id, Arc::clone(&named)));
        let begun = inner.begin_here(&named);
        if begun.is_err() {
            crate::lock(&self.mirrored).retain(|(other, _)| *other != id);
        }
        drop(named);
        inner.release(&slot);
        begun
    }

    fn ask_computed(&self, ask: Ask) -> Result<(u64, Option<Value>), StateError> {
        let host = self.host().ok_or(StateError::Disposed)?;
        Evaluated::answered(&host.computed(&wire::write(&ask)?))
    }

    /// What the host tells begins here.
    pub(super) fn begin_to_take_in(&self, inner: &Inner) {
        self.clock
            .store(inner.clock.load(Ordering::Acquire), Ordering::Release);
    }

    /// And has ended: what is computed elsewhere may follow from what was not told, too.
    pub(super) fn end_taking_in(&self, inner: &Inner) {
        let was_news = inner.clock.load(Ordering::Acquire) != self.clock.load(Ordering::Acquire);
        if was_news || crate::lock(&self.mirrored).is_empty() {
            return;
        }
        inner.write_hidden(&self.moved, |old| {
            let count = old.and_then(|old| old.to::<u64>().ok());
            Value::new(count.unwrap_or_default().wrapping_add(1))
        });
    }
}

/// Keys that are computed here.
impl Session {
    /// Has the host register a key that is computed here.
    pub(super) fn announce(
        &self,
        inner: &Inner,
        host: &dyn Host,
        named: &Arc<dyn ComputedKey>,
    ) -> Result<(), StateError> {
        let slot = named.slot();
        let labels = slot.labels();
        if labels.is_secret() || named.is_from_elsewhere() {
            return Ok(());
        }
        let text = wire::write(&Define {
            id: named.id(),
            key: slot.key.to_string(),
            by: match named.origin() {
                Origin::Mfe(id) => Writer::Mfe(id.to_string()),
                _ => Writer::Page,
            },
            who: named.registrant(),
            source: wire::shown(named.source().as_str()),
            labels: Mark::all(labels),
        })?;
        if !self.is_watching.swap(true, Ordering::AcqRel)
            && let Some(this) = self.this.upgrade()
        {
            inner.add_recorder(this)?;
        }
        // First, for the host asks for it as it begins there.
        crate::lock(&self.defined).push((named.id(), Arc::downgrade(named)));
        wire::answer(&host.define(&text)).inspect_err(|_| self.forget(named.id()))
    }

    /// Announces all that is computed here to a host that is new. What it refuses ends.
    pub(super) fn announce_all(&self, inner: &Inner, host: &dyn Host) {
        crate::lock(&self.defined).clear();
        for named in inner.all_named() {
            if let Err(error) = self.announce(inner, host, &named) {
                inner.report(&error);
                inner.end(vec![named]);
            }
        }
    }

    /// Answers the host.
    pub(super) fn evaluate(&self, ask: Ask) -> Result<Evaluated, StateError> {
        let named = {
            let defined = crate::lock(&self.defined);
            let mut all = defined.iter();
            all.find(|(id, _)| *id == ask.id)
                .and_then(|(_, named)| named.upgrade())
        };
        let named = named.ok_or(StateError::Disposed)?;
        evaluated(&*named, ask.seen)
    }

    fn forget(&self, id: u64) {
        crate::lock(&self.defined).retain(|(other, _)| *other != id);
    }

    /// Has the host take away a key that was computed here.
    pub(super) fn retract(&self, inner: &Inner, id: u64) {
        self.forget(id);
        let Some(host) = self.host() else { return };
        let done = wire::write(&Withdraw { id })
            .and_then(|text| wire::answer::<()>(&host.withdraw(&text)));
        match done {
            Ok(()) | Err(StateError::Disposed) => {}
            Err(error) => inner.report(&error),
        }
    }
}

/// Hears of commits here once something is computed here, so that the host hears of its end.
impl Recording for Session {
    fn record(&self, _: &Inner, _: &ChangeSet) {}

    fn wake(&self, inner: &Inner) {
        let ended: Vec<u64> = {
            let defined = crate::lock(&self.defined);
            let has_ended = |named: &Weak<dyn ComputedKey>| {
                named.upgrade().is_none_or(|named| named.has_ended())
            };
            let ended = defined.iter().filter(|(_, named)| has_ended(named));
            ended.map(|(id, _)| *id).collect()
        };
        for id in ended {
            self.retract(inner, id);
        }
    }
}
