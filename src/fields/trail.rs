//! [`Trail`]: a way into one value, to the part at its end.

use smallvec::SmallVec;
use std::any::{Any, TypeId};

/// The variants of the enums on a way, in its order.
pub(super) type Variants = SmallVec<[usize; 2]>;

/// A way into a value, as far as it is ahead: the indices of fields and items, as in the paths of
/// `reactive_stores`. `Diff::part` is called with one, and goes it.
#[derive(Debug)]
pub struct Trail<'p> {
    ahead: &'p [usize],
    /// The type of the part at its end. What a pointer points to has the path of the pointer.
    to: TypeId,
    variants: Passing<'p>,
    is_lost: bool,
}

#[derive(Debug)]
enum Passing<'p> {
    /// The enums on the way have to be these variants.
    Known(&'p [usize]),
    /// They are noted.
    Noted(Variants),
}

impl<'p> Trail<'p> {
    pub(super) fn new<L: 'static>(path: &'p [usize], variants: Option<&'p [usize]>) -> Self {
        Self {
            ahead: path,
            to: TypeId::of::<L>(),
            variants: match variants {
                Some(known) => Passing::Known(known),
                None => Passing::Noted(Variants::new()),
            },
            is_lost: false,
        }
    }

    /// Goes on by a step: into the part of this index. `None` if the way has come to its end.
    #[inline]
    pub fn step(&mut self) -> Option<usize> {
        let (next, rest) = self.ahead.split_first()?;
        self.ahead = rest;
        Some(*next)
    }

    /// Goes on into the only part of a variant. Whether the way leads there.
    pub fn passes(&mut self, variant: usize) -> bool {
        match &mut self.variants {
            Passing::Known(known) => match known.split_first() {
                Some((next, rest)) => {
                    *known = rest;
                    *next == variant
                }
                None => false,
            },
            Passing::Noted(noted) => {
                noted.push(variant);
                true
            }
        }
    }

    /// The value that the way has come to, if it is what it leads to.
    #[inline]
    pub fn here<'v, T: 'static>(&mut self, value: &'v T) -> Option<&'v dyn Any> {
        if self.is_here::<T>() {
            return Some(value);
        }
        self.lose()
    }

    /// As [`Trail::here`], to be written.
    #[inline]
    pub fn here_mut<'v, T: 'static>(&mut self, value: &'v mut T) -> Option<&'v mut dyn Any> {
        if self.is_here::<T>() {
            return Some(value);
        }
        self.lose()
    }

    /// It leads into a type that does not know its parts, or to what is of another type.
    pub fn lose<T>(&mut self) -> Option<T> {
        self.is_lost = true;
        None
    }

    #[inline]
    pub(super) fn is_here<T: 'static>(&self) -> bool {
        self.ahead.is_empty() && self.to == TypeId::of::<T>()
    }

    pub(super) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// The variants that were noted.
    pub(super) fn into_variants(self) -> Variants {
        match self.variants {
            Passing::Known(_) => Variants::new(),
            Passing::Noted(noted) => noted,
        }
    }
}
