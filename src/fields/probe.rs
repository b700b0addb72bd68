//! For the derive of [`Diff`]: compares a field by its parts if its type knows them, and as a whole
//! if not. Which of the traits below a call means is found by the number of references it needs.

use super::{diff::Diff, walk::Walk};

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
