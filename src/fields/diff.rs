//! [`Diff`]: where two values of a type differ.

use super::{copy::Ahead, trail::Trail, walk::Walk};
use std::{
    any::Any,
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    num::{
        NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
        NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
    },
    rc::Rc,
    sync::Arc,
    time::Duration,
};

/// A type whose values can be compared field by field, so that only the readers of what differs are
/// told. To be derived, beside `Store` of `reactive_stores`, which gives the fields:
///
/// ```
/// use reactive_stores::Store;
/// use serde::{Deserialize, Serialize};
/// use universal_state::Diff;
///
/// #[derive(Clone, PartialEq, Serialize, Deserialize, Store, Diff)]
/// struct Cart {
///     note: String,
///     #[store(key: u32 = |row| row.id)]
///     rows: Vec<Row>,
/// }
///
/// #[derive(Clone, PartialEq, Serialize, Deserialize, Store, Diff)]
/// struct Row {
///     id: u32,
///     amount: u32,
/// }
/// ```
///
/// The derive understands the attributes of `Store`. Items of a collection with `key` are known by
/// it wherever they stand; the last counts if several have one key. A field whose type has no `Diff`
/// is compared as a whole, so all that is read inside of it is told when any of it differs.
///
/// A value in which a field differs is taken to differ: a field that `PartialEq` passes over is left
/// out with `#[store(skip)]`.
///
/// It stands in for `Patch` of `reactive_stores`, which is not needed: that one clones both values,
/// does not know enums, and (0.4.4) does not find the items of a keyed field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be compared field by field",
    label = "this type has no `Diff`",
    note = "derive it beside `reactive_stores::Store`: `#[derive(Store, universal_state::Diff)]`"
)]
pub trait Diff: PartialEq {
    /// Goes on to the parts of two values of which nothing is known yet.
    fn walk(old: &Self, new: &Self, walk: &mut Walk<'_, '_>);

    /// Takes over from `new` what is at the end of a way, or more. Returns whether it could; if not,
    /// the value is given up. That is all that a type can do which does not know its parts.
    fn take_over(&mut self, new: &Self, ahead: &mut Ahead<'_>) -> bool {
        let _ = (new, ahead);
        false
    }

    /// The part at the end of a way. A type that does not know its parts has none.
    #[doc(hidden)]
    fn part<'v>(&'v self, trail: &mut Trail<'_>) -> Option<&'v dyn Any>
    where
        Self: 'static,
    {
        trail.lose()
    }

    /// As [`Diff::part`], to be written.
    #[doc(hidden)]
    fn part_mut<'v>(&'v mut self, trail: &mut Trail<'_>) -> Option<&'v mut dyn Any>
    where
        Self: 'static,
    {
        trail.lose()
    }
}

/// [`Diff::part`] and [`Diff::part_mut`].
macro_rules! parts {
    (|$this:ident, $trail:ident| $find:expr, $find_mut:expr) => {
        fn part<'v>(&'v self, $trail: &mut Trail<'_>) -> Option<&'v dyn Any>
        where
            Self: 'static,
        {
            let $this = self;
            $find
        }

        fn part_mut<'v>(&'v mut self, $trail: &mut Trail<'_>) -> Option<&'v mut dyn Any>
        where
            Self: 'static,
        {
            let $this = self;
            $find_mut
        }
    };
}

pub(super) use parts;

/// Those of a list that is found by indices, or is the part itself.
macro_rules! items {
    () => {
        parts! { |this, trail|
            match trail.step() {
                None => trail.here(this),
                Some(at) => reach(this.get(at)?, trail),
            },
            match trail.step() {
                None => trail.here_mut(this),
                Some(at) => reach_mut(this.get_mut(at)?, trail),
            }
        }
    };
}

/// Types without parts.
macro_rules! atoms {
    ($($ty:ty),* $(,)?) => {$(
        impl Diff for $ty {
            fn walk(_: &Self, _: &Self, _: &mut Walk<'_, '_>) {}

            fn take_over(&mut self, new: &Self, _: &mut Ahead<'_>) -> bool {
                self.clone_from(new);
                true
            }

            parts! { |this, trail| end(this, trail), end_mut(this, trail) }
        }
    )*};
}

/// The value that the way has come to, or a part of it.
#[inline]
pub(super) fn reach<'v, T: Diff + 'static>(
    this: &'v T,
    trail: &mut Trail<'_>,
) -> Option<&'v dyn Any> {
    match trail.is_here::<T>() {
        true => Some(this),
        false => this.part(trail),
    }
}

/// As [`reach`], to be written.
#[inline]
pub(super) fn reach_mut<'v, T: Diff + 'static>(
    this: &'v mut T,
    trail: &mut Trail<'_>,
) -> Option<&'v mut dyn Any> {
    match trail.is_here::<T>() {
        true => Some(this),
        false => this.part_mut(trail),
    }
}

/// The way ends here, at the latest.
#[inline]
fn end<'v, T: 'static>(this: &'v T, trail: &mut Trail<'_>) -> Option<&'v dyn Any> {
    match trail.step() {
        None => trail.here(this),
        Some(_) => trail.lose(),
    }
}

/// As [`end`].
#[inline]
fn end_mut<'v, T: 'static>(this: &'v mut T, trail: &mut Trail<'_>) -> Option<&'v mut dyn Any> {
    match trail.step() {
        None => trail.here_mut(this),
        Some(_) => trail.lose(),
    }
}

atoms! {
    (), bool, char, f32, f64, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize,
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8,
    NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize, String, Cow<'_, str>, Duration,
    IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6,
}

impl Diff for str {
    fn walk(_: &Self, _: &Self, _: &mut Walk<'_, '_>) {}
}

/// Types whose parts are not followed.
macro_rules! wholes {
    ($($ty:ty [$($bounds:tt)*]),* $(,)?) => {$(
        impl<$($bounds)*> Diff for $ty
        where
            Self: PartialEq,
        {
            fn walk(old: &Self, new: &Self, walk: &mut Walk<'_, '_>) {
                walk.whole(old, new);
            }

            parts! { |this, trail| end(this, trail), end_mut(this, trail) }
        }
    )*};
}

wholes! {
    BTreeMap<K, V> [K, V], BTreeSet<T> [T], HashMap<K, V, S> [K, V, S], HashSet<T, S> [T, S],
    (A,) [A], (A, B) [A, B], (A, B, C) [A, B, C], (A, B, C, D) [A, B, C, D],
}

#[cfg(feature = "json")]
wholes! { serde_json::Value [] }

impl<T: Diff> Diff for Option<T> {
    fn walk(old: &Self, new: &Self, walk: &mut Walk<'_, '_>) {
        walk.part(0, old.as_ref(), new.as_ref(), T::walk);
    }

    fn take_over(&mut self, new: &Self, ahead: &mut Ahead<'_>) -> bool {
        ahead.step();
        match (self, new) {
            (Some(part), Some(new)) => part.take_over(new, ahead),
            (this, None) => {
                *this = None;
                true
            }
            (None, Some(_)) => false,
        }
    }

    parts! { |this, trail|
        match trail.step() {
            None => trail.here(this),
            Some(_) => reach(this.as_ref()?, trail),
        },
        match trail.step() {
            None => trail.here_mut(this),
            Some(_) => reach_mut(this.as_mut()?, trail),
        }
    }
}

impl<T: Diff> Diff for [T] {
    fn walk(old: &Self, new: &Self, walk: &mut Walk<'_, '_>) {
        let len = old.len().max(new.len());
        walk.items(len, |at| old.get(at), |at| new.get(at), T::walk);
    }

    fn take_over(&mut self, new: &Self, ahead: &mut Ahead<'_>) -> bool {
        let Some(at) = ahead.step() else { return false };
        let pair = self.get_mut(at).zip(new.get(at));
        pair.is_some_and(|(item, new)| item.take_over(new, ahead))
    }

    parts! { |this, trail|
        match trail.step() {
            None => trail.lose(),
            Some(at) => reach(this.get(at)?, trail),
        },
        match trail.step() {
            None => trail.lose(),
            Some(at) => reach_mut(this.get_mut(at)?, trail),
        }
    }
}

impl<T: Diff> Diff for Vec<T> {
    fn walk(old: &Self, new: &Self, walk: &mut Walk<'_, '_>) {
        <[T]>::walk(old, new, walk);
    }

    fn take_over(&mut self, new: &Self, ahead: &mut Ahead<'_>) -> bool {
        <[T]>::take_over(self, new, ahead)
    }

    items!();
}

impl<T: Diff, const N: usize> Diff for [T; N] {
    fn walk(old: &Self, new: &Self, walk: &mut Walk<'_, '_>) {
        <[T]>::walk(old, new, walk);
    }

    fn take_over(&mut self, new: &Self, ahead: &mut Ahead<'_>) -> bool {
        <[T]>::take_over(self, new, ahead)
    }

    items!();
}

impl<T: Diff> Diff for VecDeque<T> {
    fn walk(old: &Self, new: &Self, walk: &mut Walk<'_, '_>) {
        let len = old.len().max(new.len());
        walk.items(len, |at| old.get(at), |at| new.get(at), T::walk);
    }

    fn take_over(&mut self, new: &Self, ahead: &mut Ahead<'_>) -> bool {
        let Some(at) = ahead.step() else { return false };
        let pair = self.get_mut(at).zip(new.get(at));
        pair.is_some_and(|(item, new)| item.take_over(new, ahead))
    }

    items!();
}

impl<T: Diff + ?Sized> Diff for Box<T> {
    fn walk(old: &Self, new: &Self, walk: &mut Walk<'_, '_>) {
        T::walk(old, new, walk);
    }

    fn take_over(&mut self, new: &Self, ahead: &mut Ahead<'_>) -> bool {
        T::take_over(self, new, ahead)
    }

    // What it points to has its path.
    parts! { |this, trail|
        T::part(this, trail),
        T::part_mut(this, trail)
    }
}

/// What two share does not differ, so parts that seldom change are cheap behind an `Arc`.
impl<T: Diff + ?Sized> Diff for Arc<T> {
    fn walk(old: &Self, new: &Self, walk: &mut Walk<'_, '_>) {
        if !(walk.skips_same() && Self::ptr_eq(old, new)) {
            T::walk(old, new, walk);
        }
    }

    fn take_over(&mut self, new: &Self, _: &mut Ahead<'_>) -> bool {
        self.clone_from(new);
        true
    }

    parts! { |this, trail| end(this, trail), end_mut(this, trail) }
}

impl<T: Diff + ?Sized> Diff for Rc<T> {
    fn walk(old: &Self, new: &Self, walk: &mut Walk<'_, '_>) {
        if !(walk.skips_same() && Self::ptr_eq(old, new)) {
            T::walk(old, new, walk);
        }
    }

    fn take_over(&mut self, new: &Self, _: &mut Ahead<'_>) -> bool {
        self.clone_from(new);
        true
    }

    parts! { |this, trail| end(this, trail), end_mut(this, trail) }
}
