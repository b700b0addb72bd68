//! [`Notes`]: which keys were written, and what they held before.

use super::{inner::Inner, slot::Slot};
use crate::{
    change::{Origin, Stamp, UNKNOWN_SOURCE},
    key::Name,
    value::Value,
};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::{mem, sync::Mutex};

/// The keys that were written since the notes were read last.
#[derive(Default)]
pub(crate) struct Notes(Mutex<Written>);

#[derive(Default)]
struct Written {
    keys: FxHashMap<SmolStr, Noted>,
    /// Not to be dropped under the lock of a commit.
    waste: Vec<Value>,
}

/// A key that was written.
pub(crate) struct Noted {
    /// What it held before the first write.
    pub(crate) old: Option<Value>,
    /// What it held when its micro-frontend left, if that was the last that happened.
    pub(crate) left: Option<Value>,
    /// Who wrote it last.
    pub(crate) source: Name,
}

impl Notes {
    /// Notes that a key was written, under the lock of the commit, unless an edge has done so. Returns
    /// whether it is noted.
    pub(crate) fn note(
        &self,
        inner: &Inner,
        slot: &Slot,
        old: Option<&Value>,
        is_removal: bool,
        stamp: &Stamp,
    ) -> bool {
        if matches!(stamp.origin, Origin::Storage | Origin::Tab) {
            return false;
        }
        let left = match is_removal && inner.has_left(&slot.key, &stamp.origin) {
            true => old.cloned(),
            false => None,
        };
        let Written { keys, waste } = &mut *crate::lock(&self.0);
        match keys.get_mut(&slot.key) {
            Some(noted) => {
                noted.source.assign(&stamp.source);
                waste.extend(mem::replace(&mut noted.left, left));
            }
            None => {
                let noted = Noted {
                    old: old.cloned(),
                    left,
                    source: stamp.source.clone(),
                };
                keys.insert(slot.key.clone(), noted);
            }
        }
        true
    }

    /// As [`Notes::note`], for an edge that is yet to come, if it ever does: a key that has come and gone
    /// since is forgotten, as it is where there was no edge at all. Not for where what is stored was not
    /// known yet, as the key may be. Returns whether something waits to be
    /// dropped.
    pub(crate) fn note_for_next(
        &self,
        inner: &Inner,
        slot: &Slot,
        old: Option<&Value>,
        is_removal: bool,
        stamp: &Stamp,
    ) -> bool {
        self.note(inner, slot, old, is_removal, stamp);
        let Written { keys, waste } = &mut *crate::lock(&self.0);
        let has_passed = |noted: &Noted| noted.old.is_none() && noted.left.is_none();
        if is_removal && keys.get(&slot.key).is_some_and(has_passed) {
            keys.remove(&slot.key);
        }
        !waste.is_empty()
    }

    /// Notes that a key has been written again while it was read.
    pub(crate) fn again(&self, key: SmolStr, old: Option<Value>, source: Name) {
        let replaced = {
            let written = &mut *crate::lock(&self.0);
            match written.keys.get_mut(&key) {
                // What became of it since counts: its micro-frontend may have left.
                Some(noted) => mem::replace(&mut noted.old, old),
                None => {
                    let left = None;
                    written.keys.insert(key, Noted { old, left, source });
                    None
                }
            }
        };
        drop(replaced);
    }

    /// Notes that a key was written before all that is noted, when it held what was known of it: what that
    /// was, if anything was known.
    #[cfg(feature = "edge")]
    pub(crate) fn missed(&self, key: SmolStr, known: Option<Option<Value>>) {
        let is_noted = crate::lock(&self.0).keys.contains_key(&key);
        if !is_noted || known.is_some() {
            self.again(key, known.flatten(), UNKNOWN_SOURCE);
        }
    }

    /// Adds what was written before all that is noted.
    pub(crate) fn add(&self, before: FxHashMap<SmolStr, Noted>) {
        for (key, noted) in before {
            let Written { keys, waste } = &mut *crate::lock(&self.0);
            match keys.get_mut(&key) {
                Some(later) => waste.extend(mem::replace(&mut later.old, noted.old)),
                None => drop(keys.insert(key, noted)),
            }
        }
    }

    #[cfg(feature = "js")]
    pub(crate) fn keys(&self) -> Vec<SmolStr> {
        crate::lock(&self.0).keys.keys().cloned().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        crate::lock(&self.0).keys.is_empty()
    }

    pub(crate) fn take(&self) -> FxHashMap<SmolStr, Noted> {
        let taken = mem::take(&mut *crate::lock(&self.0));
        taken.keys
    }

    pub(crate) fn drop_waste(&self) {
        let waste = mem::take(&mut crate::lock(&self.0).waste);
        drop(waste);
    }
}
