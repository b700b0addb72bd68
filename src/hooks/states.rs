//! `use_global_states`: several keys as one signal.

use super::{key_source::ReactiveKey, provider::use_view, state::Target};
use crate::{
    error::StateError,
    key::Key,
    store::{Following, View},
    value::StateValue,
};
use leptos::prelude::*;
use std::fmt;

/// The values of several keys as one signal, and one setter that writes them in one transaction.
/// A component that reads the signal repaints once when any of the values has changed.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Key, hooks::use_global_states};
///
/// const WIDTH: Key<u32> = Key::new("width");
/// const HEIGHT: Key<u32> = Key::new("height");
///
/// #[component]
/// fn Area() -> impl IntoView {
///     let (size, set_size) = use_global_states((WIDTH, HEIGHT));
///     view! {
///         <button on:click=move |_| set_size.set((3, 4))>
///             {move || match size.get() {
///                 (Some(width), Some(height)) => width * height,
///                 _ => 0,
///             }}
///         </button>
///     }
/// }
/// ```
#[track_caller]
pub fn use_global_states<K: KeyTuple>(keys: K) -> (Signal<K::Read>, SetStates<K>) {
    let view = use_view();
    let set = SetStates(StoredValue::new((view.clone(), keys.clone())));
    let read = keys.reader(&view);
    let value = Memo::new(move |_| read());
    (value.into(), set)
}

/// A tuple of two to six [`Key`]s.
pub trait KeyTuple: Clone + Send + Sync + 'static {
    /// A tuple of their values, `None` for those that are missing.
    type Read: Clone + PartialEq + Send + Sync + 'static;
    /// A tuple of values to be written.
    type Write;

    /// What reads all of them, for a memo that calls it whenever it runs.
    fn reader(&self, view: &View) -> impl Fn() -> Self::Read + Send + Sync + 'static;

    /// Writes all of them.
    ///
    /// # Errors
    /// As [`View::set`], for the first that cannot be written.
    fn write(&self, view: &View, values: Self::Write) -> Result<(), StateError>;
}

/// A key whose slot is found once.
struct Follower<T> {
    target: Target<T>,
    following: Following,
}

impl<T: StateValue> Follower<T> {
    fn new(view: &View, key: &Key<T>) -> Self {
        Self {
            target: Target::new(view.clone(), key.into_source()),
            following: Following::default(),
        }
    }

    fn get(&self) -> Option<T> {
        self.target.follow(&self.following, T::clone)
    }
}

macro_rules! key_tuples {
    ($($($value:ident $at:tt)+;)+) => {$(
        impl<$($value: StateValue),+> KeyTuple for ($(Key<$value>,)+) {
            type Read = ($(Option<$value>,)+);
            type Write = ($($value,)+);

            fn reader(&self, view: &View) -> impl Fn() -> Self::Read + Send + Sync + 'static {
                let all = ($(Follower::<$value>::new(view, &self.$at),)+);
                move || ($(all.$at.get(),)+)
            }

            fn write(&self, view: &View, values: Self::Write) -> Result<(), StateError> {
                $(view.set(&self.$at, values.$at)?;)+
                Ok(())
            }
        }
    )+};
}

key_tuples! {
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3;
    A 0 B 1 C 2 D 3 E 4;
    A 0 B 1 C 2 D 3 E 4 F 5;
}

/// Writes the keys of [`use_global_states`]. It can be copied, and ends with the component.
pub struct SetStates<K: 'static>(StoredValue<(View, K)>);

impl<K> Copy for SetStates<K> {}

impl<K> Clone for SetStates<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: KeyTuple> SetStates<K> {
    /// Writes all values in one transaction; an error goes to the store's reporter.
    pub fn set(&self, values: K::Write) {
        match self.0.try_get_value() {
            Some((view, keys)) => {
                let _ = view.or_report(view.batch(|tx| keys.write(tx, values)));
            }
            None => leptos::logging::error!("universal-state: {}", StateError::Unmounted),
        }
    }

    /// Writes all values in one transaction.
    ///
    /// # Errors
    /// As [`View::set`], and [`StateError::Unmounted`] if the component is gone.
    pub fn try_set(&self, values: K::Write) -> Result<(), StateError> {
        let (view, keys) = self.0.try_get_value().ok_or(StateError::Unmounted)?;
        view.batch(|tx| keys.write(tx, values))
    }
}

impl<K> fmt::Debug for SetStates<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetStates")
    }
}
