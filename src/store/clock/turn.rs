//! The end of a turn in a browser: one microtask for all stores of a thread that ask for it.
//!
//! It is the reaction to a promise that is settled, and both are made once: a browser queues that
//! without leaving its JavaScript engine, in a tenth of the time that `queueMicrotask` takes. Where
//! effects have just been told to run, their microtask is queued already and is shared: a task of
//! `wasm-bindgen-futures`, which runs them, then ends the turn, and no JavaScript is called at all.

use super::Ending;
use crate::store::inner::Inner;
use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::VecDeque,
    future::poll_fn,
    sync::Weak,
    task::{Poll, Waker},
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    type Settled;

    /// Without the promise that it makes, which would have to be taken and let go.
    #[wasm_bindgen(method)]
    fn then(this: &Settled, reaction: &Closure<dyn Fn()>);
}

struct Turn {
    waiting: RefCell<VecDeque<(Weak<Inner>, Ending)>>,
    /// Whether the microtask is queued.
    queued: Cell<bool>,
    settled: Settled,
    end: Closure<dyn Fn()>,
    /// Wakes the task that shares the microtask of effects, once that has run.
    task: OnceCell<Waker>,
}

thread_local! {
    static TURN: Turn = Turn {
        waiting: RefCell::default(),
        queued: Cell::new(false),
        settled: js_sys::Promise::resolve(&JsValue::UNDEFINED).unchecked_into(),
        end: Closure::new(|| TURN.with(Turn::end)),
        task: OnceCell::new(),
    };
}

/// Has `ending` called in a microtask, if the store still is there then: in that of effects, if some
/// have just been told to run.
pub(super) fn at_end(store: &Weak<Inner>, ending: Ending, has_effects: bool) {
    TURN.with(|turn| {
        let waiting = (Weak::clone(store), ending);
        turn.waiting.borrow_mut().push_back(waiting);
        if turn.queued.replace(true) {
            return;
        }
        match (has_effects, turn.task.get()) {
            (false, _) => turn.settled.then(&turn.end),
            (true, Some(task)) => task.wake_by_ref(),
            (true, None) => wasm_bindgen_futures::spawn_local(poll_fn(|context| {
                TURN.with(|turn| {
                    turn.task.get_or_init(|| context.waker().clone());
                    turn.end();
                });
                Poll::Pending
            })),
        }
    });
}

impl Turn {
    /// Calls who waits. Whoever comes to wait meanwhile waits for the next turn.
    fn end(&self) {
        self.queued.set(false);
        let count = self.waiting.borrow().len();
        for _ in 0..count {
            let next = self.waiting.borrow_mut().pop_front();
            if let Some((store, ending)) = next
                && let Some(store) = store.upgrade()
            {
                ending(&store);
            }
        }
    }
}
