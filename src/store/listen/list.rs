//! Listeners in the order in which they came.

use super::{Call, Flags, Listener, Subject};
use std::{
    collections::VecDeque,
    slice,
    sync::{Arc, atomic::AtomicU8},
};

/// Listeners in the order in which they came. Copied on write, and only if a delivery is going
/// through them.
///
/// Every slot has such a list, and most have at most one listener. Several are kept by one that stands
/// for them and is never called, so that the list is no more than the pointer to a listener.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Option<Arc<Listener>>);

/// Listeners often end in the order in which they came, so taking off the first is as cheap as taking
/// off the last.
pub(crate) type Several = VecDeque<Arc<Listener>>;

impl Call for Several {
    fn several(&self) -> Option<&Several> {
        Some(self)
    }

    fn several_mut(&mut self) -> Option<&mut Several> {
        Some(self)
    }
}

/// The number of one that stands for others. Those of others begin later.
const STAND_IN: u64 = 0;

impl Listener {
    fn standing_for(several: Several) -> Arc<Self> {
        Arc::new(Listener {
            id: STAND_IN,
            since: 0,
            flags: Flags(AtomicU8::new(0)),
            subject: Subject::All,
            gate: None,
            call: several,
        })
    }

    /// Those that it stands for.
    fn others(&self) -> Option<&Several> {
        if self.id == STAND_IN {
            self.call.several()
        } else {
            None
        }
    }

    /// The same, copied if a delivery is going through them.
    fn others_mut(this: &mut Arc<Self>) -> Option<&mut Several> {
        if Arc::get_mut(this).is_none() {
            let copy = this.others()?.clone();
            *this = Self::standing_for(copy);
        }
        Arc::get_mut(this)?.call.several_mut()
    }
}

impl Listeners {
    #[inline]
    pub(crate) fn add(&mut self, listener: Arc<Listener>) {
        match &mut self.0 {
            None => self.0 = Some(listener),
            Some(here) => Self::add_one_more(here, listener),
        }
    }

    fn add_one_more(here: &mut Arc<Listener>, listener: Arc<Listener>) {
        if here.id == listener.id {
            return;
        }
        if here.id != STAND_IN {
            *here = Listener::standing_for(Several::from([Arc::clone(here)]));
        }
        let Some(others) = here.others() else { return };
        // Ids grow, so the newest is last; only a computed value comes back with an older id.
        let place = match others.back() {
            Some(last) if last.id >= listener.id => {
                others.binary_search_by_key(&listener.id, |other| other.id)
            }
            _ => Err(others.len()),
        };
        if let Err(at) = place
            && let Some(others) = Listener::others_mut(here)
        {
            others.insert(at, listener);
        }
    }

    /// Whether the listener was there.
    #[inline]
    pub(crate) fn remove(&mut self, listener: &Listener) -> bool {
        match &self.0 {
            None => false,
            Some(here) if here.id == listener.id => {
                self.0 = None;
                true
            }
            Some(_) => self.remove_of_several(listener),
        }
    }

    /// The one that stands for others goes with the last of them, so that another may come and go.
    fn remove_of_several(&mut self, listener: &Listener) -> bool {
        let Some(here) = &mut self.0 else {
            return false;
        };
        let Some(others) = here.others() else {
            return false;
        };
        // The first is where it is looked for first.
        let place = match others.front() {
            Some(first) if first.id == listener.id => Ok(0),
            _ => others.binary_search_by_key(&listener.id, |other| other.id),
        };
        let Ok(at) = place else {
            return false;
        };
        if others.len() == 1 {
            self.0 = None;
        } else if let Some(others) = Listener::others_mut(here) {
            others.remove(at);
        }
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The listener, if there is no other.
    #[inline]
    pub(crate) fn only(&self) -> Option<&Arc<Listener>> {
        self.0.as_ref().filter(|here| here.others().is_none())
    }

    /// The listeners in two runs, the first before the second.
    pub(crate) fn runs(&self) -> [&[Arc<Listener>]; 2] {
        let Some(here) = &self.0 else {
            return [&[], &[]];
        };
        match here.others() {
            Some(others) => others.as_slices().into(),
            None => [slice::from_ref(here), &[]],
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Listener>> {
        self.runs().into_iter().flatten()
    }

    /// Empties the list and hands out what was in it.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}
