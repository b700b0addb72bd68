//! Requests of a hook that are under way, and the futures that are to answer them.

use crate::store::Request;
use leptos::{
    prelude::{Owner, untrack},
    reactive::owner::WeakOwner,
};
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, Weak},
    task::{Context, Poll, Waker},
};

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
    pub(super) fn take_off(&self, request: Request<T>) -> Option<Arc<Flight<T>>> {
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

    pub(super) fn end_others(&self, kept: Option<&Arc<Flight<T>>>) {
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
    pub(super) fn close(&self) {
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
