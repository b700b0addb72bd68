//! Selectors: what follows from a value, as a signal.

use super::{key_source::ReactiveKey, provider::use_view, state::Target, states::KeyTuple};
use crate::{store::Following, value::StateValue};
use leptos::prelude::*;

/// What `select` makes of the value of a shared key, as a signal; `None` while the key is missing.
/// The value is not cloned. A component that reads the signal repaints only when what was selected
/// differs.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Key, hooks::use_selector};
///
/// const ROWS: Key<Vec<String>> = Key::new("rows");
///
/// #[component]
/// fn Amount() -> impl IntoView {
///     let amount = use_selector(ROWS, |rows: &Vec<String>| rows.len());
///     view! { <p>{move || amount.get().unwrap_or(0)} " rows"</p> }
/// }
/// ```
#[track_caller]
pub fn use_selector<T: StateValue, U: Clone + PartialEq + Send + Sync + 'static>(
    key: impl ReactiveKey<T>,
    select: impl Fn(&T) -> U + Send + Sync + 'static,
) -> Signal<Option<U>> {
    let target = Target::new(use_view(), key.into_source());
    let following = Following::default();
    Memo::new(move |_| target.follow(&following, &select)).into()
}

/// What `select` makes of the values of several shared keys, as a signal.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Key, hooks::use_selectors};
///
/// const PRICE: Key<u32> = Key::new("price");
/// const AMOUNT: Key<u32> = Key::new("amount");
///
/// #[component]
/// fn Total() -> impl IntoView {
///     let total = use_selectors((PRICE, AMOUNT), |(price, amount)| {
///         price.unwrap_or(0) * amount.unwrap_or(0)
///     });
///     view! { <p>{total}</p> }
/// }
/// ```
#[track_caller]
pub fn use_selectors<K: KeyTuple, U: Clone + PartialEq + Send + Sync + 'static>(
    keys: K,
    select: impl Fn(K::Read) -> U + Send + Sync + 'static,
) -> Signal<U> {
    let read = keys.reader(&use_view());
    Memo::new(move |_| select(read())).into()
}
