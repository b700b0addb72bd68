//! [`Shared`]: a part of a value that is copied only when it is written.

use super::{
    copy::Ahead,
    diff::{Diff, parts, reach, reach_mut},
    trail::Trail,
    walk::Walk,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    any::Any,
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

/// A part of a value that all copies of the value share until one writes it: a write elsewhere in the
/// value neither clones nor compares it. In JSON it is the part itself.
///
/// Where a write of a field has to clone the value that holds it (see
/// [`ArcFields`](crate::ArcFields)), put what is below each of the larger branches of a big value
/// into a `Shared`, and the write costs its own branch, not the whole:
///
/// ```
/// use reactive_graph::traits::{GetUntracked, Set};
/// use reactive_stores::{DerefField, Store as Fields, StoreFieldIterator};
/// use serde::{Deserialize, Serialize};
/// use universal_state::{Diff, Key, Shared, Store};
///
/// #[derive(Clone, PartialEq, Default, Serialize, Deserialize, Fields, Diff)]
/// struct Atlas {
///     countries: Vec<Shared<Country>>,
/// }
///
/// #[derive(Clone, PartialEq, Default, Serialize, Deserialize, Fields, Diff)]
/// struct Country {
///     cities: Vec<String>,
/// }
///
/// const ATLAS: Key<Atlas> = Key::new("atlas");
///
/// let store = Store::new();
/// let country = Country { cities: vec!["Oslo".to_owned()] };
/// store.set(ATLAS, Atlas { countries: vec![country.into()] })?;
/// let atlas = store.fields_or(ATLAS, Atlas::default())?;
/// let city = atlas.countries().at_unkeyed(0).deref_field().cities().at_unkeyed(0);
/// city.set("Bergen".to_owned());
/// assert_eq!(city.get_untracked(), "Bergen");
/// # Ok::<(), universal_state::StateError>(())
/// ```
pub struct Shared<T>(Arc<T>);

impl<T> Shared<T> {
    /// Wraps a part.
    pub fn new(part: T) -> Self {
        Self(Arc::new(part))
    }

    /// Whether both are one part in memory.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    /// Clones the part if it is shared.
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    /// What two share is taken to be equal, NaN included.
    fn eq(&self, other: &Self) -> bool {
        self.is_same(other) || *self.0 == *other.0
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T: Diff + Clone> Diff for Shared<T> {
    fn walk(old: &Self, new: &Self, walk: &mut Walk<'_, '_>) {
        if !old.is_same(new) {
            T::walk(old, new, walk);
        }
    }

    fn take_over(&mut self, new: &Self, ahead: &mut Ahead<'_>) -> bool {
        let alone = Arc::get_mut(&mut self.0).filter(|_| !ahead.is_empty());
        if !alone.is_some_and(|part| part.take_over(&new.0, ahead)) {
            self.clone_from(new);
        }
        true
    }

    // What it points to has its path.
    parts! { |this, trail|
        reach(&**this, trail),
        reach_mut(&mut **this, trail)
    }
}

impl<T> From<T> for Shared<T> {
    fn from(part: T) -> Self {
        Self::new(part)
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::new)
    }
}
