//! For the derive of [`Diff`]: compares a field by its parts if its type knows them, and as a whole
//! if not. Which of the traits below a call means is found by the number of references it needs.

use super::{
    copy::Ahead,
    diff::{Diff, reach, reach_mut},
    trail::Trail,
    walk::Walk,
};
use std::{any::Any, marker::PhantomData};

/// Two values of one type.
#[derive(Debug)]
pub struct Pair<'v, T: ?Sized>(pub &'v T, pub &'v T);

/// The type knows its parts.
pub trait ByParts {
    /// Compares them.
    fn walk(&self, walk: &mut Walk<'_, '_>);
}

impl<T: Diff + ?Sized> ByParts for &Pair<'_, T> {
    fn walk(&self, walk: &mut Walk<'_, '_>) {
        T::walk(self.0, self.1, walk);
    }
}

/// The type holds others that do not know their parts.
pub trait ByItems {
    /// Compares those.
    fn walk(&self, walk: &mut Walk<'_, '_>);
}

impl<T: PartialEq> ByItems for &&Pair<'_, Option<T>> {
    fn walk(&self, walk: &mut Walk<'_, '_>) {
        walk.part(0, self.0.as_ref(), self.1.as_ref(), |old, new, walk| {
            walk.whole(old, new);
        });
    }
}

impl<T: PartialEq> ByItems for &&Pair<'_, Vec<T>> {
    fn walk(&self, walk: &mut Walk<'_, '_>) {
        let (old, new) = (self.0, self.1);
        let len = old.len().max(new.len());
        walk.items(
            len,
            |at| old.get(at),
            |at| new.get(at),
            |old, new, walk| walk.whole(old, new),
        );
    }
}

/// Nothing is known but whether two are equal.
pub trait AsWhole {
    /// Compares them.
    fn walk(&self, walk: &mut Walk<'_, '_>);
}

impl<T: PartialEq + ?Sized> AsWhole for Pair<'_, T> {
    fn walk(&self, walk: &mut Walk<'_, '_>) {
        walk.whole(self.0, self.1);
    }
}

/// How a value takes over from another of its type what is at the end of a way.
pub type TakeOver<T> = fn(&mut T, &T, &mut Ahead<'_>) -> bool;

/// A type of which only the compiler knows whether it can be cloned, and whether it knows its parts.
#[derive(Debug)]
pub struct Copied<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: ?Sized> Clone for Copied<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Copied<T> {}

impl<T: ?Sized> Copied<T> {
    /// The type of a value.
    pub fn of(_: &T) -> Self {
        Self(PhantomData)
    }

    /// Not at all.
    pub fn by_parts(self) -> TakeOver<T> {
        |_, _, _| false
    }

    /// Not at all.
    pub fn as_whole(self) -> TakeOver<T> {
        |_, _, _| false
    }
}

/// The type can be cloned, and knows its parts.
pub trait CopiesParts<T> {
    /// By its parts if the way leads on, and they can; as a whole if not.
    fn by_parts(&self) -> TakeOver<T>;
}

impl<T: Diff + Clone> CopiesParts<T> for &Copied<T> {
    fn by_parts(&self) -> TakeOver<T> {
        |this, new, ahead| {
            if ahead.is_empty() || !this.take_over(new, ahead) {
                this.clone_from(new);
            }
            true
        }
    }
}

/// The type knows its parts.
pub trait CopiesItems<T: ?Sized> {
    /// By its parts.
    fn by_parts(&self) -> TakeOver<T>;
}

impl<T: Diff + ?Sized> CopiesItems<T> for &&Copied<T> {
    fn by_parts(&self) -> TakeOver<T> {
        T::take_over
    }
}

/// The type holds others that can be cloned and do not know their parts.
pub trait CopiesOthers<T> {
    /// One of those if the way leads to it; as a whole if not.
    fn by_parts(&self) -> TakeOver<T>;
}

impl<T: Clone> CopiesOthers<Vec<T>> for &&Copied<Vec<T>> {
    fn by_parts(&self) -> TakeOver<Vec<T>> {
        |this, new, ahead| {
            let at = ahead.step();
            match at.and_then(|at| this.get_mut(at).zip(new.get(at))) {
                Some((item, new)) => item.clone_from(new),
                None => this.clone_from(new),
            }
            true
        }
    }
}

/// The type can be cloned.
pub trait CopiesWhole<T> {
    /// As a whole.
    fn by_parts(&self) -> TakeOver<T>;

    /// As a whole.
    fn as_whole(&self) -> TakeOver<T>;
}

impl<T: Clone> CopiesWhole<T> for Copied<T> {
    fn by_parts(&self) -> TakeOver<T> {
        self.as_whole()
    }

    fn as_whole(&self) -> TakeOver<T> {
        |this, new, _| {
            this.clone_from(new);
            true
        }
    }
}

/// How the part at the end of a way is found in a value.
pub type Part<T> = for<'v> fn(&'v T, &mut Trail<'_>) -> Option<&'v dyn Any>;

/// As [`Part`], to be written.
pub type PartMut<T> = for<'v> fn(&'v mut T, &mut Trail<'_>) -> Option<&'v mut dyn Any>;

/// A type of which only the compiler knows whether it knows its parts.
#[derive(Debug)]
pub struct Reached<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: ?Sized> Clone for Reached<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Reached<T> {}

impl<T: ?Sized> Reached<T> {
    /// The type of a value.
    pub fn of(_: &T) -> Self {
        Self(PhantomData)
    }
}

/// The type knows its parts.
pub trait ReachesParts<T> {
    /// In them, or the value itself.
    fn part(&self) -> Part<T>;

    /// In them, or the value itself.
    fn part_mut(&self) -> PartMut<T>;
}

impl<T: Diff + 'static> ReachesParts<T> for &Reached<T> {
    fn part(&self) -> Part<T> {
        reach
    }

    fn part_mut(&self) -> PartMut<T> {
        reach_mut
    }
}

/// The type holds others that do not know their parts.
pub trait ReachesItems<T> {
    /// One of those, or the value itself.
    fn part(&self) -> Part<T>;

    /// One of those, or the value itself.
    fn part_mut(&self) -> PartMut<T>;
}

/// What is reached if the way ends here, or after a step.
macro_rules! reaches_items {
    ($ty:ty, |$this:ident, $at:ident| $item:expr, $item_mut:expr) => {
        impl<T: 'static> ReachesItems<$ty> for &&Reached<$ty> {
            fn part(&self) -> Part<$ty> {
                |$this, trail| match trail.step() {
                    None => trail.here($this),
                    Some($at) => trail.here($item?),
                }
            }

            fn part_mut(&self) -> PartMut<$ty> {
                |$this, trail| match trail.step() {
                    None => trail.here_mut($this),
                    Some($at) => trail.here_mut($item_mut?),
                }
            }
        }
    };
}

reaches_items!(Option<T>, |this, _at| this.as_ref(), this.as_mut());
reaches_items!(Vec<T>, |this, at| this.get(at), this.get_mut(at));

/// Nothing is known but the type.
pub trait ReachesWhole<T> {
    /// The value itself.
    fn part(&self) -> Part<T>;

    /// The value itself.
    fn part_mut(&self) -> PartMut<T>;
}

impl<T: 'static> ReachesWhole<T> for Reached<T> {
    fn part(&self) -> Part<T> {
        |this, trail| trail.here(this)
    }

    fn part_mut(&self) -> PartMut<T> {
        |this, trail| trail.here_mut(this)
    }
}
