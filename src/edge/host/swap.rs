//! One answer for one who waits: how a replacement went.

use super::status::Failure;
use crate::edge::host::FailureKind;
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

type Answer = Result<(), Failure>;

#[derive(Default)]
struct State {
    answer: Option<Answer>,
    waker: Option<Waker>,
}

/// Answers; dropped without an answer, it says that the host is gone.
pub(super) struct Sender(Arc<Mutex<State>>);

/// Waits for the answer.
pub(super) struct Receiver(Arc<Mutex<State>>);

pub(super) fn channel() -> (Sender, Receiver) {
    let state = Arc::default();
    (Sender(Arc::clone(&state)), Receiver(state))
}

impl Sender {
    pub(super) fn send(self, answer: Answer) {
        self.settle(answer);
    }

    fn settle(&self, answer: Answer) {
        let waker = {
            let state = &mut *crate::lock(&self.0);
            if state.answer.is_some() {
                return;
            }
            state.answer = Some(answer);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let gone = Failure::new(FailureKind::Mount, "the host is gone");
        self.settle(Err(gone));
    }
}

impl Future for Receiver {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let state = &mut *crate::lock(&self.0);
        match &state.answer {
            Some(answer) => Poll::Ready(answer.clone()),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
