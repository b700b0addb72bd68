//! How a key begins and ends to be computed: in a commit, under its locks.

use super::Named;
use crate::{
    change::Stamp,
    engine::Running,
    error::StateError,
    store::{
        guest::{ComputedKey, Naming},
        inner::{Inner, State},
        pipe::{Line, Signals},
        transaction::Write,
    },
};
use std::{
    ptr,
    sync::{Arc, Weak, atomic::Ordering},
};

/// That a key begins or ends to be computed.
pub(super) enum Step {
    Begin(Arc<Named>),
    End(Arc<Named>),
}

impl Step {
    fn named(&self) -> &Arc<Named> {
        let (Self::Begin(named) | Self::End(named)) = self;
        named
    }
}

impl Naming for Step {
    fn stamp(&self) -> &Stamp {
        &self.named().stamp
    }

    fn is_due(&self, running: &Running) -> Result<bool, StateError> {
        let slot = &self.named().slot;
        let state = crate::lock(&slot.state);
        let there = state.computed();
        match self {
            Self::End(named) => Ok(there.is_some_and(|there| is(&there, named))),
            Self::Begin(_) => {
                let holder = match there {
                    Some(there) => format!("a value computed by {}", there.registrant()),
                    None if running.load(slot.site(), &state.place).is_some() => {
                        "a stored value".to_owned()
                    }
                    None => return Ok(true),
                };
                Err(StateError::KeyTaken {
                    key: slot.key.to_string(),
                    holder,
                })
            }
        }
    }

    fn take_effect(
        &self,
        inner: &Inner,
        state: &mut State,
        line: &mut Line,
        signals: &mut Signals,
    ) -> Write {
        let named = self.named();
        let slot = &named.slot;
        let old = match self {
            Self::Begin(_) => {
                state.named.push(Arc::clone(named) as Arc<dyn ComputedKey>);
                state.len += 1;
                // Those who listen to the key are told of its first value as of any other.
                named.begin_to_follow(inner);
                None
            }
            Self::End(_) => {
                // The caller holds it.
                state.named.retain(|other| !is(other, named));
                state.len -= 1;
                signals.feed |= state.free(slot);
                named.end_to_follow(inner)
            }
        };
        inner.names.store(state.named.len(), Ordering::Release);
        state.members = state.sequence;
        let mut write = Write {
            slot: Arc::clone(slot),
            old,
            new: None,
            stamp: named.stamp.clone(),
            rewritten: false,
        };
        let here = &mut *crate::lock(&slot.state);
        here.rare_mut().computed = match self {
            Self::Begin(_) => {
                let named: Weak<Named> = Arc::downgrade(named);
                Some(named)
            }
            Self::End(_) => None,
        };
        here.sequence = state.sequence;
        signals.keys.extend(here.trigger());
        line.add(state, here, &mut write);
        write
    }
}

fn is(other: &Arc<dyn ComputedKey>, named: &Arc<Named>) -> bool {
    ptr::addr_eq(Arc::as_ptr(other), Arc::as_ptr(named))
}
