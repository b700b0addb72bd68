//! `use_landing`: what a `Resource` or an `Action` of Leptos brings, under a shared key.

use super::{
    flight::Flight,
    key_source::ReactiveKey,
    load::{LoadSignals, Loader},
};
use crate::{key::Key, value::StateValue};
use leptos::prelude::*;
use std::{fmt, sync::Arc};

/// Puts under a shared key what something else loads: a `Resource`, a `LocalResource` or an `Action`
/// of Leptos, a socket. A request for the key is under way from when `pending` turns true; when it
/// turns false, `answer` is stored through the pipe, if nobody has asked for the key since. An answer
/// that changes while nothing is pending is a request of its own, answered at once; with no answer
/// the request is cancelled, as it is when the component is unmounted.
///
/// Both are tracked. On a server nothing is stored.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Key, hooks::use_landing};
///
/// const USER: Key<String> = Key::new("user");
/// const TERMS: Key<String> = Key::new("terms");
///
/// # async fn save(name: String) -> Result<String, String> { Ok(name) }
/// # async fn terms() -> Result<String, String> { Ok("none".into()) }
/// #[component]
/// fn Rename() -> impl IntoView {
///     let rename = Action::new(|name: &String| save(name.clone()));
///     let pending = rename.pending();
///     let user = use_landing(USER, move || pending.get(), move || rename.value().get());
///
///     let resource = LocalResource::new(terms);
///     let terms = use_landing(TERMS, move || resource.get().is_none(), move || resource.get());
///     view! { <p>{user.value}</p> <p>{terms.value}</p> }
/// }
/// ```
#[track_caller]
pub fn use_landing<T: StateValue, E: fmt::Display>(
    key: impl ReactiveKey<T>,
    pending: impl Fn() -> bool + 'static,
    answer: impl Fn() -> Option<Result<T, E>> + 'static,
) -> LoadSignals<T> {
    let loader = Loader::new(key);
    let signals = loader.signals();
    Effect::new(move |begun: Option<Option<Begun<T>>>| {
        let key = loader.key()?;
        let is_awaited = |begun: &Begun<T>| begun.key == key && begun.flight.is_open();
        let begun = begun.flatten().filter(is_awaited);
        let flight = |begun: Option<Begun<T>>| match begun {
            Some(begun) => Some(begun.flight),
            None => loader.begin_in_effect(),
        };
        if pending() {
            let flight = flight(begun);
            loader.end_others(flight.as_ref());
            return flight.map(|flight| Begun { key, flight });
        }
        if let Some(answer) = answer()
            && let Some(flight) = flight(begun)
        {
            loader.deliver(&flight, answer);
        }
        loader.end_others(None);
        None
    });
    signals
}

/// The request that is under way, and for which key.
struct Begun<T> {
    key: Key<T>,
    flight: Arc<Flight<T>>,
}
