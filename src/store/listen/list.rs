//! Listeners in the order in which they came.

use super::Listener;
use std::{collections::VecDeque, slice, sync::Arc};

/// Listeners in the order in which they came. Copied on write, and only if a delivery is going
/// through them.
#[derive(Clone, Default)]
pub(crate) enum Listeners {
    #[default]
    None,
    /// Most keys have no more.
    One(Arc<Listener>),
    /// Kept until it is empty, so that a second listener may come and go. They often end in the order
    /// in which they came, so taking off the first is as cheap as taking off the last.
    Many(Arc<VecDeque<Arc<Listener>>>),
}

impl Listeners {
    #[inline]
    pub(crate) fn add(&mut self, listener: Arc<Listener>) {
        if let Self::None = self {
            *self = Self::One(listener);
        } else {
            self.add_one_more(listener);
        }
    }

    fn add_one_more(&mut self, listener: Arc<Listener>) {
        if let Self::One(one) = self {
            *self = Self::Many(Arc::new(VecDeque::from([Arc::clone(one)])));
        }
        let Self::Many(list) = self else { return };
        // Ids grow, so the newest is last; only a computed value comes back with an older id.
        let place = match list.back() {
            Some(last) if last.id >= listener.id => {
                list.binary_search_by_key(&listener.id, |other| other.id)
            }
            _ => Err(list.len()),
        };
        if let Err(at) = place {
            Arc::make_mut(list).insert(at, listener);
        }
    }

    /// Whether the listener was there.
    #[inline]
    pub(crate) fn remove(&mut self, listener: &Listener) -> bool {
        match self {
            Self::None => false,
            Self::One(one) => {
                let is_it = one.id == listener.id;
                if is_it {
                    *self = Self::None;
                }
                is_it
            }
            Self::Many(_) => self.remove_one_of_many(listener),
        }
    }

    fn remove_one_of_many(&mut self, listener: &Listener) -> bool {
        let Self::Many(list) = self else {
            return false;
        };
        // The first is where it is looked for first.
        let place = match list.front() {
            Some(first) if first.id == listener.id => Ok(0),
            _ => list.binary_search_by_key(&listener.id, |other| other.id),
        };
        let Ok(at) = place else {
            return false;
        };
        if list.len() == 1 {
            *self = Self::None;
        } else {
            Arc::make_mut(list).remove(at);
        }
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::None)
    }

    /// The listeners in two runs, the first before the second.
    pub(crate) fn runs(&self) -> [&[Arc<Listener>]; 2] {
        match self {
            Self::None => [&[], &[]],
            Self::One(one) => [slice::from_ref(one), &[]],
            Self::Many(list) => <[_; 2]>::from(list.as_slices()),
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
