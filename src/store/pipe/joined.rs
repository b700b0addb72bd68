//! The commit of a store that has joined another's: there first, then here.

use super::commit::{Committed, Fate, still_stand};
use crate::{
    error::StateError,
    store::{
        draft::Reads,
        guest::{ComputedKey, Joining},
        inner::Inner,
        transaction::{Transaction, Write, Writes},
    },
    value::is_content,
};
use rustc_hash::FxHashSet;
use std::sync::{Arc, atomic::Ordering};

impl Inner {
    /// Where commits are decided upon, if that is not here.
    pub(crate) fn host(&self) -> Option<&Arc<dyn Joining>> {
        if cfg!(not(feature = "js")) {
            return None;
        }
        self.joined.get().filter(|joined| joined.is_joined())
    }

    /// Notes that the host has come or gone.
    #[cfg_attr(not(feature = "js"), expect(dead_code))]
    pub(crate) fn host_changed(&self) {
        let middleware = crate::read(&self.middleware);
        let asks = middleware.is_some() || self.host().is_some();
        self.asks.store(asks, Ordering::Release);
    }

    /// Whether what a batch has read is still so.
    pub(super) fn do_stand(&self, reads: Option<&Reads>) -> Result<(), StateError> {
        let _state = crate::lock(&self.state);
        reads.map_or(Ok(()), still_stand)
    }

    /// Asks middleware about a transaction that is not made here.
    pub(crate) fn ask_middleware(&self, mut writes: Writes) -> Result<(), StateError> {
        for write in &mut writes {
            write.old = self.load(&write.slot).0;
        }
        writes.retain(|write| !write.changes_nothing());
        match self.filtered() {
            Some((_, middleware)) if !writes.is_empty() => {
                middleware.filter(self, &mut Transaction { writes })
            }
            _ => Ok(()),
        }
    }

    /// Stores what the host has stored: nobody is asked. Middleware and all others are told. With it
    /// keys end to be computed. A write whose `old` is what is stored is known to change it.
    #[cfg_attr(not(feature = "js"), expect(dead_code))]
    pub(crate) fn settle(
        &self,
        writes: &Writes,
        ending: Vec<Arc<dyn ComputedKey>>,
    ) -> Result<(), StateError> {
        let naming: Vec<_> = ending.into_iter().map(ComputedKey::ending).collect();
        let filtered = self.filtered();
        loop {
            let mut transaction = Transaction {
                writes: writes.iter().cloned().collect(),
            };
            let mut known = FxHashSet::default();
            for write in &mut transaction.writes {
                let stored = self.load(&write.slot).0;
                // It was compared before the host was asked, and need not be again.
                if stored.is_some() && is_content(stored.as_ref(), write.old.as_ref()) {
                    known.insert(Arc::as_ptr(&write.slot).addr());
                }
                write.old = stored;
            }
            let differs = |write: &Write| known.contains(&Arc::as_ptr(&write.slot).addr());
            let loading = self.loading.get();
            // An answer that is not awaited any more is none, whatever else is stored.
            let answers = loading.map(|loading| loading.take_answers(&mut transaction.writes));
            transaction
                .writes
                .retain(|write| differs(write) || !write.changes_nothing());
            if let Some(loading) = loading {
                let answers = answers.and_then(Result::ok).unwrap_or_default();
                loading.put_answers(self, &mut transaction.writes, answers);
            }
            if transaction.writes.is_empty() && naming.is_empty() {
                return Ok(());
            }
            let mut committed = Committed::default();
            let told = filtered.is_some();
            match self.commit(&mut transaction, None, &naming, told, &mut committed)? {
                Fate::Moved => {}
                Fate::Equal => return Ok(()),
                Fate::Stored => {
                    self.publish(&mut committed, filtered.as_ref());
                    let writes = transaction.writes.into_iter();
                    for load in writes.map(|Write { slot, .. }| slot) {
                        if load.is_hidden() {
                            self.release(&load);
                        }
                    }
                    return Ok(());
                }
            }
        }
    }
}
