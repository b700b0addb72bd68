//! The keys that are computed, as a guest is told of them, and those that it computes.

use super::Outbox;
use crate::{
    edge::page::wire::{self, Ask, Computed, Evaluated, Mark, Push},
    error::StateError,
    store::{ComputedKey, Inner, Named},
    value::Value,
};
use std::{
    mem,
    sync::{Arc, Weak},
};

impl Outbox {
    /// All keys that are computed, if others are than the guest knows of.
    pub(super) fn renamed(&self, inner: &Inner) -> Option<Vec<Computed>> {
        let now = shown(inner);
        let ids: Vec<u64> = now.iter().map(|named| named.id()).collect();
        {
            let known = &mut crate::lock(&self.state).computed;
            if *known == ids {
                return None;
            }
            *known = ids;
        }
        Some(self.describe(now))
    }

    /// All keys that are computed, of which the guest is told now.
    pub(in crate::edge::page::link) fn computed(&self, inner: &Inner) -> Vec<Computed> {
        let now = shown(inner);
        crate::lock(&self.state).computed = now.iter().map(|named| named.id()).collect();
        self.describe(now)
    }

    fn describe(&self, all: Vec<Arc<dyn ComputedKey>>) -> Vec<Computed> {
        let own: Vec<u64> = {
            let defined = crate::lock(&self.defined);
            let living = defined.values().filter_map(Weak::upgrade);
            living.map(|named| named.id()).collect()
        };
        let described = all.iter().map(|named| Computed {
            id: named.id(),
            key: named.slot().key.to_string(),
            who: named.registrant(),
            source: wire::shown(named.source().as_str()),
            labels: Mark::all(named.slot().labels()),
            own: own.contains(&named.id()),
        });
        described.collect()
    }

    /// Asks the guest for the value of a key that it computes.
    pub(in crate::edge::page::link) fn ask(
        &self,
        inner: &Inner,
        ask: Ask,
    ) -> Result<(u64, Option<Value>), StateError> {
        if !self.is_open() {
            return Err(StateError::Disposed);
        }
        self.pump(inner);
        let push = Push {
            ask: Some(ask),
            ..Push::default()
        };
        Evaluated::answered(&(self.receive)(&wire::write(&push)?))
    }

    /// Notes a key that the guest computes.
    pub(in crate::edge::page::link) fn define(
        &self,
        id: u64,
        named: &Arc<Named>,
    ) -> Result<(), StateError> {
        let mut defined = crate::lock(&self.defined);
        if defined.contains_key(&id) {
            let what = format!("computed key {id}");
            return Err(wire::refused(&what, "the guest computes it already"));
        }
        defined.insert(id, Arc::downgrade(named));
        Ok(())
    }

    /// Forgets one, which is to end.
    pub(in crate::edge::page::link) fn withdraw(&self, id: u64) -> Option<Arc<dyn ComputedKey>> {
        let named = crate::lock(&self.defined).remove(&id)?;
        named.upgrade().map(|named| named as _)
    }

    /// Forgets the keys that the guest computes, which are to end.
    pub(in crate::edge::page::link) fn take_defined(&self) -> Vec<Arc<dyn ComputedKey>> {
        let defined = mem::take(&mut *crate::lock(&self.defined));
        let living = defined.values().filter_map(Weak::upgrade);
        living.map(|named| named as _).collect()
    }
}

/// The keys that are computed, but for those that are secret.
fn shown(inner: &Inner) -> Vec<Arc<dyn ComputedKey>> {
    if !inner.has_names() {
        return Vec::new();
    }
    let mut named = inner.all_named();
    named.retain(|named| !named.slot().labels().is_secret());
    named
}
