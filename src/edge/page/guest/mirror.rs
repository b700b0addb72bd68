//! Taking in what the host tells, in its order.

use super::{Session, ask::split, inbox::Item, inherit};
use crate::{
    change::{Origin, Stamp},
    edge::page::{
        elsewhere::EdgeElsewhere,
        wire::{self, Changed, Content, Door, Entry, Estate},
    },
    error::StateError,
    store::{ComputedKey, Inner, Slot, Write, Writes},
};
use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::{Arc, atomic::Ordering},
};

impl Session {
    pub(super) fn take_in(&self, inner: &Arc<Inner>, item: Item) {
        match item {
            Item::State(state) => self.replace(inner, state),
            Item::Entry(entry) => self.follow(inner, entry),
            Item::Registry(records) => {
                for namespace in inner.mirror_registry(records) {
                    inner.welcome(&namespace);
                }
            }
            Item::Rules(rules) => {
                for grant in inner.mirror_rules(&rules) {
                    inner.report(&wire::refused(&grant.keys, "it is no pattern here"));
                }
            }
            Item::Begun => self.begin_to_take_in(inner),
            Item::Listed(ids) => self.unlist(inner, &ids),
            Item::Computed(all) => self.list(inner, all),
            Item::Ended => self.end_taking_in(inner),
            Item::Closed(estate) => {
                if self.take_host().is_some() {
                    self.stand_alone(inner);
                    if let Some(estate) = estate {
                        let Estate { state, claimed } = *estate;
                        let feed = EdgeElsewhere::ended(state);
                        inherit(&feed, claimed);
                        inner.note_for_next_edge(Some(Arc::new(feed)));
                    }
                    let closed = crate::read(&self.closed).clone();
                    if let Some(closed) = closed {
                        self.is_closing.store(true, Ordering::Release);
                        closed();
                        self.is_closing.store(false, Ordering::Release);
                    }
                }
            }
        }
    }

    /// Makes all that is here what is in the host.
    fn replace(&self, inner: &Arc<Inner>, state: wire::State) {
        self.unlist(inner, &[]);
        inner.mirror_registry(state.registry);
        self.take_in(inner, Item::Rules(state.rules));
        let mut writes = Writes::new();
        let mut there = HashSet::new();
        for changed in state.values {
            if let Some(write) = self.write(inner, changed, None) {
                there.insert(write.slot.key.clone());
                writes.push(write);
            }
        }
        for slot in inner.slots.all() {
            if !there.contains(&slot.key) && may_mirror(inner, &slot) {
                writes.push(Write {
                    slot,
                    old: None,
                    new: None,
                    stamp: page(None),
                    rewritten: false,
                });
            }
        }
        self.settle(inner, writes, Vec::new());
        self.list(inner, state.computed);
    }

    /// Makes what the host has stored.
    fn follow(&self, inner: &Arc<Inner>, entry: Entry) {
        let left = entry.left.map(|id| inner.mirror_leaving(&id));
        let own = entry.own.and_then(|id| self.take_pending(id));
        let is_own = own.is_some();
        let (local, sent) = split(own.unwrap_or_default());
        let sent = sent
            .into_iter()
            .map(|write| (write.slot.key.clone(), write));
        let mut sent: HashMap<_, _> = sent.collect();
        let mut writes = Writes::new();
        for changed in entry.changes {
            let own = sent.remove(changed.key.as_str());
            if let Some(mut write) = self.write(inner, changed, own) {
                if let Some(stamp) = left.as_ref().filter(|_| write.new.is_none()) {
                    write.stamp = stamp.clone();
                }
                writes.push(write);
            }
        }
        writes.extend(local);
        let ending = match is_own || writes.is_empty() {
            true => Vec::new(),
            false => self.let_go(&mut writes),
        };
        self.settle(inner, writes, ending);
    }

    /// What the host has told of a key, as a write of what this store has asked for, if it has.
    fn write(&self, inner: &Inner, changed: Changed, own: Option<Write>) -> Option<Write> {
        let Changed {
            key,
            to,
            door,
            source,
            labels,
        } = changed;
        let slot = match &own {
            Some(own) => Ok(Arc::clone(&own.slot)),
            None => inner.slots.get_checked(&key, crate::key::check_full),
        };
        let slot = slot.map_err(|error| inner.report(&error)).ok()?;
        for label in labels.into_iter().filter_map(wire::Mark::label) {
            inner.label(&slot.key, label);
        }
        if own.is_none() && !may_mirror(inner, &slot) {
            if let Err(error) = inner.is_writable(&slot) {
                inner.report(&error);
            }
            inner.release(&slot);
            return None;
        }
        let (was, kept, stamp) = match own {
            Some(own) => (own.old, own.new, own.stamp),
            None => {
                let origin = Door::origin(door);
                let stamp = page(source.as_deref());
                (None, None, Stamp { origin, ..stamp })
            }
        };
        let (old, new) = match to {
            Content::Removed => (None, None),
            Content::Kept => (was, kept),
            Content::Value(json) => match json.into_value(&key) {
                Ok(value) => (None, Some(value)),
                Err(error) => {
                    inner.report(&error);
                    return None;
                }
            },
        };
        Some(Write {
            slot,
            old,
            new,
            stamp,
            rewritten: false,
        })
    }

    pub(super) fn settle(&self, inner: &Inner, writes: Writes, ending: Vec<Arc<dyn ComputedKey>>) {
        match inner.settle(&writes, ending) {
            Ok(()) | Err(StateError::Disposed) => {}
            Err(error) => inner.report(&error),
        }
        for write in writes {
            let Write { slot, .. } = write;
            inner.release(&slot);
        }
    }

    /// What goes with the micro-frontend of which the host has deleted keys, if it is on its way out.
    /// Its keys are gone by its own doing.
    fn let_go(&self, writes: &mut Writes) -> Vec<Arc<dyn ComputedKey>> {
        let mut all = crate::lock(&self.leaving);
        let Some(leaving) = all.last_mut() else {
            return Vec::new();
        };
        let of_it = |write: &Write| {
            write.new.is_none()
                && write.key().starts_with(&leaving.namespace)
                && write.stamp.source == leaving.stamp.source
        };
        if !writes.iter().all(of_it) {
            return Vec::new();
        }
        for write in writes.iter_mut() {
            write.stamp = leaving.stamp.clone();
        }
        mem::take(&mut leaving.computed)
    }
}

/// Whether the host's content of a key belongs here: not where it is secret here, or computed.
fn may_mirror(inner: &Inner, slot: &Slot) -> bool {
    !slot.labels().is_secret() && inner.is_writable(slot).is_ok()
}

/// Who writes what the host tells.
pub(super) fn page(source: Option<&str>) -> Stamp {
    Stamp {
        origin: Origin::Page,
        source: wire::source(source),
    }
}
