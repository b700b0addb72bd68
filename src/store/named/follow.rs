//! Telling those who listen to a computed key.
//!
//! While there are any, the store itself hangs a listener on what the value was computed from. It is
//! called before a write returns, on whatever engine, and puts what became of the value in line.

use super::Named;
use crate::{
    change::ChangeSet,
    store::{
        clock,
        guest::ComputedKey,
        inner::Inner,
        listen::{Call, Listener, SetCall, Subject},
        pipe::Line,
        transaction::Write,
    },
    value::{Value, is_content, same_content},
};
use std::{
    mem,
    sync::{Arc, Weak, atomic::Ordering},
};

/// What those who listen to a computed key know.
#[derive(Default)]
pub(super) struct Told {
    /// Whether somebody listens, so that the store follows the value.
    is_followed: bool,
    pub(super) has_ended: bool,
    /// The value that they were told of last.
    value: Option<Value>,
    /// Whether a thread is finding out what became of the value.
    is_revising: bool,
    /// Whether it is to find out once more.
    again: bool,
}

/// What the store's own listener does.
pub(super) fn call(named: &Weak<Named>) -> impl Call + 'static {
    let named = Weak::clone(named);
    SetCall(move |inner: &Inner, _: &ChangeSet| {
        if let Some(named) = named.upgrade() {
            named.revise(inner);
        }
        Ok(())
    })
}

/// Lets others revise again, also when this thread panics.
struct Revising<'a>(&'a Named);

impl Drop for Revising<'_> {
    fn drop(&mut self) {
        crate::lock(&self.0.told).is_revising = false;
    }
}

impl Named {
    /// Whether somebody listens to the key. Listeners of computed values do not count: they hang on
    /// what the value is computed from themselves.
    pub(super) fn is_heard(&self, inner: &Inner) -> bool {
        let listens = |listener: &Arc<Listener>| !listener.subject.looks_for_itself();
        let is_heard = crate::lock(&self.slot.state).listeners.iter().any(listens);
        is_heard || crate::lock(&inner.all).iter().any(listens)
    }

    /// Follows the value from its beginning, if somebody listens. Called under the lock of a commit.
    pub(super) fn begin_to_follow(&self, inner: &Inner) {
        let told = &mut *crate::lock(&self.told);
        told.is_followed = self.is_heard(inner);
        if told.is_followed {
            inner.listening.following.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Follows the value no more, for good. Hands out the value that was told last. Called under the
    /// lock of a commit.
    pub(super) fn end_to_follow(&self, inner: &Inner) -> Option<Value> {
        let told = &mut *crate::lock(&self.told);
        told.has_ended = true;
        if mem::take(&mut told.is_followed) {
            inner.listening.following.fetch_sub(1, Ordering::AcqRel);
        }
        told.value.take()
    }

    /// Follows the value from now on, because somebody has begun to listen.
    pub(super) fn follow(&self, inner: &Inner) {
        let is_over = |told: &Told| told.is_followed || told.has_ended;
        if is_over(&crate::lock(&self.told)) {
            return;
        }
        let now = inner.value_or_report(self.committed());
        {
            let told = &mut *crate::lock(&self.told);
            if is_over(told) {
                return;
            }
            told.is_followed = true;
            told.value = now;
            inner.listening.following.fetch_add(1, Ordering::AcqRel);
        }
        self.revise(inner);
    }

    /// Finds out what became of the value, and puts it in line for those who listen.
    pub(super) fn revise(&self, inner: &Inner) {
        {
            let told = &mut *crate::lock(&self.told);
            if mem::replace(&mut told.is_revising, true) {
                told.again = true;
                return;
            }
        }
        let revising = Revising(self);
        loop {
            let more = self.revise_once(inner);
            let told = &mut *crate::lock(&self.told);
            if !more && !told.again {
                told.is_revising = false;
                std::mem::forget(revising);
                return;
            }
        }
    }

    /// Returns whether it is to be done once more.
    fn revise_once(&self, inner: &Inner) -> bool {
        let before = {
            let told = &mut *crate::lock(&self.told);
            told.again = false;
            if !told.is_followed {
                return false;
            }
            told.value.clone()
        };
        if self.stop_unheard(inner) {
            return false;
        }
        let now = inner.value_or_report(self.committed());
        // What it hangs on now may have changed before it hung there.
        let moved = self.value.attach(inner, &self.follower);
        let is_news = !same_content(before.as_ref(), now.as_ref());
        let mut write = Write {
            slot: Arc::clone(&self.slot),
            old: before,
            new: now,
            stamp: self.stamp.clone(),
            rewritten: false,
        };
        let running = inner.engine();
        let state = &mut *crate::lock(&inner.state);
        let told = &mut *crate::lock(&self.told);
        if !told.is_followed || !is_content(told.value.as_ref(), write.old.as_ref()) {
            return told.is_followed;
        }
        if is_news {
            // What goes out is still held by `write`.
            told.value.clone_from(&write.new);
            // Where no turn is under way, as at the end of one, none begins with this.
            let time = match state.scheduled {
                true => inner.time(state),
                false => clock::now(),
            };
            let mut line = Line::open(inner, &running, state, time).of_its_cause();
            line.add(state, &mut crate::lock(&self.slot.state), &mut write);
            line.close(state);
        }
        moved
    }

    /// Follows the value no more if nobody listens.
    fn stop_unheard(&self, inner: &Inner) -> bool {
        let value = {
            let told = &mut *crate::lock(&self.told);
            if self.is_heard(inner) {
                return false;
            }
            if mem::take(&mut told.is_followed) {
                inner.listening.following.fetch_sub(1, Ordering::AcqRel);
            }
            told.value.take()
        };
        drop(value);
        inner.take_off(&self.follower);
        true
    }
}

impl Inner {
    /// Follows those computed values whose keys a new listener listens to.
    #[inline(never)]
    pub(crate) fn heed(&self, listener: &Listener) {
        let heard: Vec<_> = match &listener.subject {
            Subject::Key(_) | Subject::Keys(_) => {
                let slots = listener.subject.slots();
                slots.filter_map(|slot| self.named(&slot)).collect()
            }
            Subject::Pattern(_) | Subject::All => {
                let mut named = self.all_named();
                named.retain(|named| named.is_heard(self));
                named
            }
            Subject::Computed(_) | Subject::Follow(_) => return,
        };
        for named in heard {
            named.follow(self);
        }
    }
}
