//! What hooks that load have in common, and `use_load_status`.

use super::{
    key_source::{KeySource, ReactiveKey},
    provider::use_view,
};
use crate::{
    error::StateError,
    key::Key,
    store::{LoadStatus, Request, View},
    value::StateValue,
};
use leptos::prelude::*;
use leptos::reactive::owner::WeakOwner;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, Weak},
    task::{Context, Poll, Waker},
};

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

/// A request of a hook, until its answer is there or the component is gone.
pub(super) struct Flight<T>(Mutex<FlightState<T>>);

struct FlightState<T> {
    request: Option<Request<T>>,
    /// Of the future that brings the answer.
    waker: Option<Waker>,
}

impl<T> Flight<T> {
    /// Takes the request out, to be answered.
    pub(super) fn land(&self) -> Option<Request<T>> {
        crate::lock(&self.0).request.take()
    }

    pub(super) fn is_open(&self) -> bool {
        crate::lock(&self.0).request.is_some()
    }

    /// Cancels the request and wakes the future, which finds that nobody waits for it.
    fn end(&self) {
        let (request, waker) = {
            let mut state = crate::lock(&self.0);
            (state.request.take(), state.waker.take())
        };
        drop(request);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// The requests of a hook that are under way.
pub(super) struct Flights<T>(Mutex<Open<T>>);

struct Open<T> {
    flights: Vec<Weak<Flight<T>>>,
    is_closed: bool,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self(Mutex::new(Open {
            flights: Vec::new(),
            is_closed: false,
        }))
    }
}

impl<T> Flights<T> {
    /// Keeps a request; `None`, and it is cancelled, if the component is gone.
    fn take_off(&self, request: Request<T>) -> Option<Arc<Flight<T>>> {
        let flight = Arc::new(Flight(Mutex::new(FlightState {
            request: Some(request),
            waker: None,
        })));
        let mut open = crate::lock(&self.0);
        if open.is_closed {
            drop(open);
            return None;
        }
        open.flights.retain(|flight| flight.strong_count() > 0);
        open.flights.push(Arc::downgrade(&flight));
        Some(flight)
    }

    fn end_others(&self, kept: Option<&Arc<Flight<T>>>) {
        let flights = std::mem::take(&mut crate::lock(&self.0).flights);
        for flight in flights.iter().filter_map(Weak::upgrade) {
            match kept {
                Some(kept) if Arc::ptr_eq(kept, &flight) => {
                    crate::lock(&self.0).flights.push(Arc::downgrade(kept));
                }
                _ => flight.end(),
            }
        }
    }

    /// Ends all of them, and whichever is yet to begin.
    fn close(&self) {
        crate::lock(&self.0).is_closed = true;
        self.end_others(None);
    }
}

/// A future of the user's, with the context of its component for as long as that lives.
pub(super) struct Answering<T, F> {
    flight: Arc<Flight<T>>,
    future: Pin<Box<F>>,
    owner: Option<WeakOwner>,
    /// Whether it is given up, unfinished, when its request ends.
    is_given_up: bool,
}

impl<T, F> Answering<T, F> {
    /// Runs to its end, whatever becomes of the request.
    pub(super) fn to_its_end(flight: &Arc<Flight<T>>, future: F, owner: Option<WeakOwner>) -> Self {
        Self {
            flight: Arc::clone(flight),
            future: Box::pin(future),
            owner,
            is_given_up: false,
        }
    }

    /// Is given up, and dropped, when its request is.
    pub(super) fn while_awaited(flight: &Arc<Flight<T>>, future: F) -> Self {
        Self {
            is_given_up: true,
            ..Self::to_its_end(
                flight,
                future,
                Owner::current().map(|owner| owner.downgrade()),
            )
        }
    }
}

impl<T, F: Future> Future for Answering<T, F> {
    /// `None` if it was given up.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.is_given_up {
            let waker = cx.waker().clone();
            let mut state = crate::lock(&self.flight.0);
            if state.request.is_none() {
                return Poll::Ready(None);
            }
            let replaced = state.waker.replace(waker);
            drop(state);
            drop(replaced);
        }
        let owner = self.owner.as_ref().and_then(WeakOwner::upgrade);
        let future = self.future.as_mut();
        match owner {
            Some(owner) => owner.with(|| untrack(|| future.poll(cx))),
            None => future.poll(cx),
        }
        .map(Some)
    }
}
