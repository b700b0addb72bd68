//! What hooks that load have in common, and `use_load_status`.

use super::{
    flight::{Flight, Flights},
    key_source::{KeySource, ReactiveKey},
    provider::use_view,
};
use crate::{
    error::StateError,
    key::Key,
    store::{LoadStatus, View},
    value::StateValue,
};
use leptos::prelude::*;
use std::{fmt, sync::Arc};

/// How it stands with the requests of a shared key, as a signal: for a component that shows a
/// spinner or an error for what another one loads. It may be in another micro-frontend.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Key, hooks::use_load_status};
///
/// const USER: Key<String> = Key::new("user");
///
/// #[component]
/// fn Spinner() -> impl IntoView {
///     let user = use_load_status(USER);
///     view! {
///         <Show when=move || user.read().is_pending()>"…"</Show>
///         <p role="alert">{move || user.read().error().map(str::to_owned)}</p>
///     }
/// }
/// ```
#[track_caller]
pub fn use_load_status<T: 'static>(key: impl ReactiveKey<T>) -> Signal<LoadStatus> {
    status(use_view(), as_memo(key.into_source()))
}

/// A shared key that is loaded, as signals. They can be copied, and end with the component.
pub struct LoadSignals<T: Send + Sync + 'static> {
    /// The value of the key; `None` while it is missing. It stays while the next one is loaded.
    pub value: Signal<Option<T>>,
    /// Whether a request for the key is under way, whoever began it.
    pub pending: Signal<bool>,
    /// The text of the last error. It stays until a value is stored.
    pub error: Signal<Option<String>>,
    /// All that is known of the requests of the key.
    pub status: Signal<LoadStatus>,
}

impl<T: Send + Sync> Copy for LoadSignals<T> {}

impl<T: Send + Sync> Clone for LoadSignals<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync> fmt::Debug for LoadSignals<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoadSignals<{}>", std::any::type_name::<T>())
    }
}

/// The key of a hook that loads, and the requests that it began.
pub(super) struct Loader<T: 'static> {
    pub(super) view: View,
    key: Memo<Key<T>>,
    flights: Arc<Flights<T>>,
}

impl<T> Clone for Loader<T> {
    fn clone(&self) -> Self {
        Self {
            view: self.view.clone(),
            key: self.key,
            flights: Arc::clone(&self.flights),
        }
    }
}

impl<T: StateValue> Loader<T> {
    /// A loader whose requests end with the running component.
    #[track_caller]
    pub(super) fn new(key: impl ReactiveKey<T>) -> Self {
        let loader = Self {
            view: use_view(),
            key: as_memo(key.into_source()),
            flights: Arc::default(),
        };
        let (inner, flights) = (Arc::clone(&loader.view.inner), Arc::clone(&loader.flights));
        // Effects that follow the status may be those of this very component.
        on_cleanup(move || inner.holding_signals(|| flights.close()));
        loader
    }

    /// The same, under another source.
    pub(super) fn with_source(self, source: &str) -> Self {
        Self {
            view: self.view.with_source(source),
            ..self
        }
    }

    pub(super) fn signals(&self) -> LoadSignals<T> {
        let (view, key) = (self.view.clone(), self.key);
        let value = Memo::new(move |_| {
            let key = key.try_get()?;
            view.or_report(view.try_get(key)).flatten()
        });
        let status = status(self.view.clone(), self.key);
        let pending = Memo::new(move |_| status.try_with(LoadStatus::is_pending) == Some(true));
        let error = move |status: &LoadStatus| status.error().map(str::to_owned);
        LoadSignals {
            value: value.into(),
            pending: pending.into(),
            error: Memo::new(move |_| status.try_with(error).flatten()).into(),
            status,
        }
    }

    /// Makes the running effect run again when the key is another; `None` if the component is gone.
    pub(super) fn key(&self) -> Option<Key<T>> {
        self.key.try_get()
    }

    /// Whether the key has a value or somebody is loading it.
    pub(super) fn is_provided(&self, key: &Key<T>) -> bool {
        untrack(|| {
            let has_value = matches!(self.view.try_get_value(key.name()), Ok(Some(_)));
            has_value
                || matches!(self.view.try_load_status(key.name()), Ok(status) if status.is_pending())
        })
    }

    /// Begins a request.
    pub(super) fn begin(&self) -> Result<Arc<Flight<T>>, StateError> {
        let key = self.key.try_get_untracked().ok_or(StateError::Unmounted)?;
        let request = untrack(|| self.view.load(key))?;
        self.flights.take_off(request).ok_or(StateError::Unmounted)
    }

    /// As [`Loader::begin`], for an effect: an error is reported, and a grant makes the effect run
    /// again.
    pub(super) fn begin_in_effect(&self) -> Option<Arc<Flight<T>>> {
        let begun = self.begin();
        match &begun {
            Err(StateError::Denied { .. }) => self.view.inner.follow(&self.view.inner.rules),
            // The effect ran once more than its component lived.
            Err(StateError::Unmounted) => return None,
            _ => {}
        }
        self.view.or_report(begun)
    }

    /// Ends the requests that this hook began, except one.
    pub(super) fn end_others(&self, kept: Option<&Arc<Flight<T>>>) {
        self.flights.end_others(kept);
    }

    /// Delivers an answer, unless its request has ended with the component.
    pub(super) fn deliver<E: fmt::Display>(&self, flight: &Flight<T>, answer: Result<T, E>) {
        if let Some(request) = flight.land() {
            let _ = self.view.or_report(request.settle(answer));
        }
    }
}

fn as_memo<T: 'static>(key: KeySource<T>) -> Memo<Key<T>> {
    Memo::new(move |_| match &key {
        KeySource::Fixed(key) => key.clone(),
        KeySource::Reactive(key) => key(),
    })
}

fn status<T: 'static>(view: View, key: Memo<Key<T>>) -> Signal<LoadStatus> {
    // Not `with`: while a component is taken down, its memos end one after the other.
    Memo::new(move |_| {
        let key = key.try_get();
        key.map(|key| view.load_status(key.name()))
            .unwrap_or_default()
    })
    .into()
}
