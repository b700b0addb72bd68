//! [`Spot`]: where inside of a value a place is.

use crate::fields::{
    Diff,
    course::Path,
    diff::{reach, reach_mut},
    trail::{Trail, Variants},
};
use std::{marker::PhantomData, sync::OnceLock};

/// A place inside of a value, where an `L` is.
pub(super) struct Spot<L> {
    pub(super) path: Path,
    /// Those that the enums on the way were in when the way was first gone to its end.
    variants: OnceLock<Variants>,
    part: PhantomData<fn() -> L>,
}

/// Why there is no part at the end of the way.
pub(super) enum Missing {
    Absent,
    Unknown,
}

impl Missing {
    fn of(trail: &Trail<'_>, was_there: bool) -> Self {
        match trail.is_lost() && !was_there {
            true => Self::Unknown,
            false => Self::Absent,
        }
    }
}

impl<L: 'static> Spot<L> {
    pub(super) fn new(path: Path) -> Self {
        Self {
            path,
            variants: OnceLock::new(),
            part: PhantomData,
        }
    }

    pub(super) fn find<'v, V: Diff + 'static>(&self, value: &'v V) -> Result<&'v L, Missing> {
        self.go(|trail| reach(value, trail)?.downcast_ref())
    }

    pub(super) fn find_mut<'v, V: Diff + 'static>(
        &self,
        value: &'v mut V,
    ) -> Result<&'v mut L, Missing> {
        self.go(|trail| reach_mut(value, trail)?.downcast_mut())
    }

    /// Goes the way to its end.
    #[inline]
    fn go<P>(&self, go: impl FnOnce(&mut Trail<'_>) -> Option<P>) -> Result<P, Missing> {
        let known = self.variants.get();
        let mut trail = Trail::new::<L>(&self.path, known.map(|known| &**known));
        match go(&mut trail) {
            Some(part) => {
                if known.is_none() {
                    let _ = self.variants.set(trail.into_variants());
                }
                Ok(part)
            }
            None => Err(Missing::of(&trail, known.is_some())),
        }
    }
}
