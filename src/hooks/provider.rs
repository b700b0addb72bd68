//! The store in Leptos' context.

use crate::store::{Store, View};
use leptos::prelude::*;

/// The store, as context carries it.
#[derive(Clone)]
struct GlobalState(Store);

/// Provides a store to the running component and all below it, and hands it back.
///
/// Errors that nobody receives go to the browser's console, unless the store has a reporter.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Store, hooks::{provide_global_state, use_store}};
///
/// # let owner = Owner::new(); owner.set();
/// let store = provide_global_state(Store::new());
/// assert!(use_store().is_same(&store));
/// ```
pub fn provide_global_state(store: Store) -> Store {
    if !store.has_reporter() {
        store.set_reporter(|error| leptos::logging::error!("universal-state: {error}"));
    }
    provide_context(GlobalState(store.clone()));
    store
}

/// Provides a store to its children alone. Without one it makes one.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::hooks::{GlobalStateProvider, use_global_state};
///
/// #[component]
/// fn Counter() -> impl IntoView {
///     let (count, set_count) = use_global_state::<i32>("count");
///     view! {
///         <button on:click=move |_| set_count.update_or(0, |n| *n += 1)>{count}</button>
///     }
/// }
///
/// #[component]
/// fn App() -> impl IntoView {
///     view! {
///         <GlobalStateProvider>
///             <Counter/>
///             <Counter/>
///         </GlobalStateProvider>
///     }
/// }
/// ```
#[component]
pub fn GlobalStateProvider(
    /// The store; a new one if none is given.
    #[prop(optional)]
    store: Option<Store>,
    /// Who can use it.
    children: Children,
) -> impl IntoView {
    super::mfe::in_child_owner(|| {
        provide_global_state(store.unwrap_or_default());
        children()
    })
}

/// The store that a component above provides.
///
/// # Panics
/// If there is none: a component was mounted outside of its provider.
#[track_caller]
pub fn use_store() -> Store {
    match try_use_store() {
        Some(store) => store,
        None => panic!(
            "no universal-state store here: call provide_global_state, or mount this component \
             below a GlobalStateProvider"
        ),
    }
}

/// The store that a component above provides, if there is one.
pub fn try_use_store() -> Option<Store> {
    use_context::<GlobalState>().map(|GlobalState(store)| store)
}

/// The view of shared keys that hooks use here: a micro-frontend's if this is inside of one.
#[track_caller]
pub(super) fn use_view() -> View {
    match super::mfe::shared_view() {
        Some(view) => view,
        None => use_store().view().clone(),
    }
}
