//! `use_global_store`: the fields of the value of a key.

use super::provider::use_view;
use crate::{
    fields::{ArcFields, Diff, Fields},
    key::AsKey,
    value::StateValue,
};

/// The fields of the value of a shared key, as those of an `Option` that is `None` while the key is
/// missing. They read and write like the fields of any `reactive_stores` store: a component that
/// reads one repaints when that field differs, whoever wrote it and however; a write goes through
/// the pipe when its guard is dropped, and what middleware or a missing right refuses is reported
/// and leaves the field as it was. See [`ArcFields`] for the rules.
///
/// The root can be copied, and ends with the component. For a key that follows from signals, make
/// the component anew with each (`<For>`, or a closure that returns it).
///
/// On a server the fields read the store of the request.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use reactive_stores::{OptionStoreExt, Store as Fields};
/// use serde::{Deserialize, Serialize};
/// use universal_state::{Diff, Key, hooks::use_global_store};
///
/// #[derive(Clone, PartialEq, Serialize, Deserialize, Fields, Diff)]
/// struct User {
///     name: String,
///     email: String,
/// }
///
/// const USER: Key<User> = Key::new("user");
///
/// #[component]
/// fn Greeting() -> impl IntoView {
///     let user = use_global_store(USER);
///     let name = move || user.map(|user| user.name().get());
///     view! { <p>"Hello " {move || name().unwrap_or("stranger".to_owned())}</p> }
/// }
/// ```
#[track_caller]
pub fn use_global_store<T: StateValue + Diff>(key: impl AsKey<T>) -> Fields<Option<T>> {
    ArcFields::optional(&use_view(), key.as_name()).into()
}

/// As [`use_global_store`], with a value whose fields are read while the key is missing. The store
/// is not written; a write of a field then stores the default with that field changed.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use reactive_stores::Store as Fields;
/// use serde::{Deserialize, Serialize};
/// use universal_state::{Diff, Key, hooks::use_global_store_or};
///
/// #[derive(Clone, PartialEq, Default, Serialize, Deserialize, Fields, Diff)]
/// struct User {
///     name: String,
///     email: String,
/// }
///
/// const USER: Key<User> = Key::new("user");
///
/// #[component]
/// fn Name() -> impl IntoView {
///     let user = use_global_store_or(USER, User::default());
///     view! {
///         <input
///             prop:value=move || user.name().get()
///             on:input=move |event| user.name().set(event_target_value(&event))
///         />
///     }
/// }
/// ```
#[track_caller]
pub fn use_global_store_or<T: StateValue + Diff>(key: impl AsKey<T>, default: T) -> Fields<T> {
    ArcFields::with_default(&use_view(), key.as_name(), default).into()
}

/// As [`use_global_store`], for a key of the micro-frontend that the component belongs to.
///
/// # Panics
/// If the component is not inside of an [`Mfe`](super::Mfe).
#[track_caller]
pub fn use_mfe_store<T: StateValue + Diff>(key: impl AsKey<T>) -> Fields<Option<T>> {
    ArcFields::optional(super::use_scope().view(), key.as_name()).into()
}

/// As [`use_global_store_or`], for a key of the micro-frontend that the component belongs to.
///
/// # Panics
/// If the component is not inside of an [`Mfe`](super::Mfe).
#[track_caller]
pub fn use_mfe_store_or<T: StateValue + Diff>(key: impl AsKey<T>, default: T) -> Fields<T> {
    ArcFields::with_default(super::use_scope().view(), key.as_name(), default).into()
}
