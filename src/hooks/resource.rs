//! `use_global_resource`: a shared key that is loaded whenever what it follows from changes.

use super::{
    flight::Answering,
    key_source::ReactiveKey,
    load::{LoadSignals, Loader},
};
use crate::{error::StateError, value::StateValue};
use leptos::{prelude::*, task::spawn_local};
use std::{fmt, future::Future, ops::Deref};

/// Loads a shared key: `fetch` is asked with what `source` gives, when the component is made and
/// whenever that, or the key, is another. The answer is stored through the pipe, if nobody has asked
/// for the key since: the last request wins, whichever micro-frontend made it. The previous value
/// stays readable meanwhile, and after an error.
///
/// `source` is tracked, `fetch` is not. The future need not be `Send`. It is dropped, unfinished, when
/// `fetch` is asked anew and when the component is unmounted; the request is cancelled then.
///
/// An error of `fetch` is what the status says; that an answer could not be stored, and why, is also
/// reported.
///
/// On a server nothing is fetched: the signals hold what the request's store does.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Key, hooks::use_global_resource};
///
/// const USER: Key<String> = Key::new("user");
///
/// # async fn fetch_user(id: u32) -> Result<String, std::fmt::Error> { Ok(format!("user {id}")) }
/// #[component]
/// fn Profile(#[prop(into)] id: Signal<u32>) -> impl IntoView {
///     let user = use_global_resource(USER, move || id.get(), fetch_user);
///     view! {
///         <p aria-busy=move || user.pending.get().to_string()>{user.value}</p>
///         <p role="alert">{user.error}</p>
///         <button on:click=move |_| user.refetch()>"again"</button>
///     }
/// }
/// ```
#[track_caller]
pub fn use_global_resource<T, S, E, F>(
    key: impl ReactiveKey<T>,
    source: impl Fn() -> S + Send + Sync + 'static,
    fetch: impl Fn(S) -> F + 'static,
) -> GlobalResource<T>
where
    T: StateValue,
    S: Clone + PartialEq + Send + Sync + 'static,
    E: fmt::Display,
    F: Future<Output = Result<T, E>> + 'static,
{
    use_global_resource_with_options(key, source, fetch, UseGlobalResourceOptions::default())
}

/// As [`use_global_resource`], with options.
///
/// # Panics
/// If no component above provides a store.
#[track_caller]
pub fn use_global_resource_with_options<T, S, E, F>(
    key: impl ReactiveKey<T>,
    source: impl Fn() -> S + Send + Sync + 'static,
    fetch: impl Fn(S) -> F + 'static,
    options: UseGlobalResourceOptions,
) -> GlobalResource<T>
where
    T: StateValue,
    S: Clone + PartialEq + Send + Sync + 'static,
    E: fmt::Display,
    F: Future<Output = Result<T, E>> + 'static,
{
    let loader = match &options.source {
        Some(source) => Loader::new(key).with_source(source),
        None => Loader::new(key),
    };
    let again = RwSignal::new(0u32);
    let resource = GlobalResource {
        signals: loader.signals(),
        again,
    };
    let source = Memo::new(move |_| source());
    Effect::new(move |ran: Option<()>| {
        let (Some(_), Some(key), Some(input)) = (again.try_get(), loader.key(), source.try_get())
        else {
            return;
        };
        if ran.is_none() && options.only_if_missing && loader.is_provided(&key) {
            return;
        }
        let flight = loader.begin_in_effect();
        // Only now: a request that is superseded ends without anybody seeing the key idle.
        loader.end_others(flight.as_ref());
        let Some(flight) = flight else { return };
        let answering = Answering::while_awaited(&flight, untrack(|| fetch(input)));
        let loader = loader.clone();
        spawn_local(async move {
            if let Some(answer) = answering.await {
                loader.deliver(&flight, answer);
            }
        });
    });
    resource
}

/// Options of [`use_global_resource_with_options`].
///
/// ```
/// use universal_state::hooks::UseGlobalResourceOptions;
///
/// let options = UseGlobalResourceOptions::new().only_if_missing(true).source("profile");
/// # let _ = options;
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct UseGlobalResourceOptions {
    only_if_missing: bool,
    source: Option<String>,
}

impl UseGlobalResourceOptions {
    /// Fetches when the component is made, and gives no source.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing is fetched when the component is made, if the key has a value by then or
    /// somebody is loading it. So several components can name the way to one value, and the first
    /// goes it. What changes later, and [`GlobalResource::refetch`], is fetched as ever.
    pub fn only_if_missing(mut self, only_if_missing: bool) -> Self {
        self.only_if_missing = only_if_missing;
        self
    }

    /// What the requests and their answers give as their source; a micro-frontend's id if it is
    /// inside of one.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }
}

/// The signals of [`use_global_resource`], and the way to fetch anew. It can be copied, and ends with
/// the component.
pub struct GlobalResource<T: Send + Sync + 'static> {
    signals: LoadSignals<T>,
    again: RwSignal<u32>,
}

impl<T: Send + Sync> GlobalResource<T> {
    /// Fetches anew, at the end of the turn, and once however often it is called until then.
    pub fn refetch(&self) {
        let asked = self
            .again
            .try_update(|times| *times = times.wrapping_add(1));
        if asked.is_none() {
            leptos::logging::error!("universal-state: {}", StateError::Unmounted);
        }
    }
}

impl<T: Send + Sync> Deref for GlobalResource<T> {
    type Target = LoadSignals<T>;

    fn deref(&self) -> &LoadSignals<T> {
        &self.signals
    }
}

impl<T: Send + Sync> Copy for GlobalResource<T> {}

impl<T: Send + Sync> Clone for GlobalResource<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync> fmt::Debug for GlobalResource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GlobalResource<{}>", std::any::type_name::<T>())
    }
}
