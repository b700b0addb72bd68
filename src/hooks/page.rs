//! The page in Leptos' context.

use super::use_store;
use crate::{edge::page::Page, error::StateError};
use leptos::prelude::*;
use std::sync::{Arc, Mutex};

/// Puts the store of the running component on the page, for scripts and for stores in other wasm, until
/// the component goes. See [`edge::page`](crate::edge::page).
///
/// # Errors
/// Those of [`Page::install`]; on a server always, where it is safe to ignore.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Store, edge::page::DEFAULT_NAME, hooks::*};
///
/// #[component]
/// fn App() -> impl IntoView {
///     let store = provide_global_state(Store::new());
///     if let Err(error) = provide_page(DEFAULT_NAME) {
///         store.report(&error);
///     }
///     view! { <main/> }
/// }
/// ```
pub fn provide_page(name: &str) -> Result<(), StateError> {
    let page = Arc::new(Mutex::new(Some(Page::install(&use_store(), name)?)));
    on_cleanup(move || drop(crate::lock(&page).take()));
    Ok(())
}
