//! Hooks that follow more than the value of a key.

use super::provider::use_view;
use crate::{
    error::StateError,
    key::AsKey,
    mfe::Mfe,
    store::{Metadata, Subscription, View},
    value::StateValue,
};
use leptos::prelude::*;

/// What follows from the shared state, as a signal: `f` runs again when something that it read has
/// changed, and whoever reads the signal only when the result differs. For a value that several
/// components follow, make a [`Computed`](crate::Computed) once, or put it under a key with
/// [`use_registered_computed`].
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::hooks::use_computed;
///
/// #[component]
/// fn Total() -> impl IntoView {
///     let total = use_computed(|state| {
///         let price: u32 = state.get("price").unwrap_or_default();
///         price * state.get::<u32>("amount").unwrap_or_default()
///     });
///     view! { <p>{total}</p> }
/// }
/// ```
#[track_caller]
pub fn use_computed<T: Clone + PartialEq + Send + Sync + 'static>(
    f: impl Fn(&View) -> T + Send + Sync + 'static,
) -> Signal<T> {
    let view = use_view();
    Memo::new(move |_| f(&view)).into()
}

/// Registers a computed value under a shared key for as long as the running component lives, and
/// gives it as a signal: every component, snapshot and listener reads it like any key, and nobody can
/// write it. See [`View::register_computed`], also for what `f` may read.
///
/// The signal holds `None`, with a report, if the evaluation fails.
///
/// # Errors
/// As [`View::register_computed`]: [`StateError::KeyTaken`] if the key has a value, as when the
/// component is mounted twice.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Key, StateError, hooks::use_registered_computed};
///
/// const TOTAL: Key<u32> = Key::new("total");
///
/// #[component]
/// fn Cart() -> impl IntoView {
///     let total = use_registered_computed(TOTAL, |state| {
///         let price: u32 = state.get("price").unwrap_or_default();
///         price * state.get::<u32>("amount").unwrap_or_default()
///     })?;
///     Ok::<_, StateError>(view! { <p>{total}</p> })
/// }
/// ```
#[track_caller]
pub fn use_registered_computed<T: StateValue>(
    key: impl AsKey<T>,
    f: impl Fn(&View) -> T + Send + Sync + 'static,
) -> Result<Signal<Option<T>>, StateError> {
    let view = use_view();
    let key: &str = key.as_name();
    let registered = view
        .inner
        .holding_signals(|| view.register_computed(key, f))?;
    let handle = view.handle::<T>(key)?;
    on_cleanup(move || view.inner.holding_signals(|| drop(registered)));
    Ok(Memo::new(move |_| handle.get()).into())
}

/// The store's [`Metadata`] as a signal. A component that reads it repaints at every transaction.
///
/// # Panics
/// If no component above provides a store.
#[track_caller]
pub fn use_metadata() -> Signal<Metadata> {
    use_computed(View::metadata)
}

/// The micro-frontends that are registered, as a signal.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::hooks::use_mfes;
///
/// #[component]
/// fn Registry() -> impl IntoView {
///     let mfes = use_mfes();
///     view! { <p>{move || mfes.get().into_iter().map(|mfe| mfe.info.id).collect::<Vec<_>>().join(", ")}</p> }
/// }
/// ```
#[track_caller]
pub fn use_mfes() -> Signal<Vec<Mfe>> {
    use_computed(View::mfes)
}

/// Keeps a subscription for as long as the running component lives; an error is reported.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{SubscribeOptions, hooks::{use_store, use_subscription}};
///
/// #[component]
/// fn Amount() -> impl IntoView {
///     let (amount, set_amount) = signal(0);
///     let store = use_store();
///     use_subscription(store.subscribe_all(SubscribeOptions::new(), move |changes| {
///         set_amount.update(|amount| *amount += changes.len());
///     }));
///     view! { <p>{amount} " changes"</p> }
/// }
/// ```
#[track_caller]
pub fn use_subscription(subscription: Result<Subscription, StateError>) {
    if let Some(subscription) = use_view().or_report(subscription) {
        on_cleanup(move || drop(subscription));
    }
}
