//! How often a set calls JavaScript, counted and not timed.

use super::{COUNT, Count, Page, stores};
use leptos::{prelude::*, task::tick};
use universal_state::{
    Delivery, SubscribeOptions,
    hooks::{provide_global_state, use_global_state},
};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{
    js_sys::{Date, Function, eval},
    wasm_bindgen::JsValue,
};

/// Counts the calls of what a store could ask of the browser: the time, and a turn of its own.
const COUNTING: &str = "(() => {
    let calls = 0
    const undo = []
    const count = (owner, name) => {
        const original = owner[name]
        owner[name] = function (...rest) {
            calls++
            return original.apply(this, rest)
        }
        undo.push(() => { owner[name] = original })
    }
    count(performance, 'now')
    count(Date, 'now')
    count(Promise, 'resolve')
    count(Promise.prototype, 'then')
    for (const name of ['queueMicrotask', 'setTimeout', 'requestAnimationFrame']) count(globalThis, name)
    for (const name of ['debug', 'log', 'warn', 'error']) count(console, name)
    return (end) => {
        if (end) for (const one of undo) one()
        return calls
    }
})()";

/// Counts until it is dropped.
struct Calls(Function);

impl Calls {
    fn counted() -> Self {
        let counting = eval(COUNTING).expect("it is a script");
        Self(counting.into())
    }

    /// How many there were so far.
    fn so_far(&self) -> f64 {
        let calls = self.0.call1(&JsValue::NULL, &JsValue::FALSE);
        calls
            .ok()
            .and_then(|calls| calls.as_f64())
            .expect("a number")
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        // Nothing else runs until the test ends.
        let _ = self.0.call1(&JsValue::NULL, &JsValue::TRUE);
    }
}

/// The calls of a hundred sets in a turn, the first of them not counted.
fn calls_after_the_first(set: impl Fn(i32)) -> f64 {
    let calls = Calls::counted();
    set(0);
    let first = calls.so_far();
    (1..100).for_each(set);
    calls.so_far() - first
}

#[wasm_bindgen_test]
fn sets_after_the_first_of_a_turn_call_no_javascript() {
    for store in stores() {
        let handle = store.handle(COUNT).unwrap();
        for options in [
            None,
            Some(SubscribeOptions::new()),
            Some(SubscribeOptions::new().delivery(Delivery::Sync)),
        ] {
            let _subscription = options.map(|options| {
                let listener = |value: Option<&i32>, _: &_| assert!(value.is_some());
                store.subscribe_with(COUNT, options, listener).unwrap()
            });
            let by_handle = calls_after_the_first(|value| handle.set(value).unwrap());
            let by_name = calls_after_the_first(|value| store.set("count", -value).unwrap());
            let engine = store.engine();
            assert_eq!((by_handle, by_name), (0.0, 0.0), "{engine:?}, {options:?}");
            store.flush();
        }
    }
}

#[wasm_bindgen_test]
fn what_a_store_asks_of_the_browser_is_counted() {
    let calls = Calls::counted();
    Date::now();
    assert_eq!(calls.so_far(), 1.0, "the time");
    for store in stores() {
        let options = SubscribeOptions::new();
        let listener = |_: Option<&i32>, _: &_| {};
        let _subscription = store.subscribe_with(COUNT, options, listener).unwrap();
        store.set(COUNT, 1).unwrap();
    }
    assert!(calls.so_far() > 1.0, "the end of the turn");
}

#[wasm_bindgen_test]
async fn a_turn_with_effects_ends_in_their_microtask() {
    for store in stores() {
        let told = Count::default();
        let (given, heard) = (store.clone(), told.clone());
        let page = Page::mount(move || {
            provide_global_state(given);
            let (value, _) = use_global_state(COUNT);
            view! { <p>{move || value.get()}</p> }
        });
        let listener = move |_: Option<&i32>, _: &_| heard.up();
        let options = SubscribeOptions::new();
        let _subscription = store.subscribe_with(COUNT, options, listener).unwrap();
        for turn in 1..4 {
            tick().await;
            let calls = Calls::counted();
            store.set(COUNT, turn as i32).unwrap();
            // The time, and the microtask of the effects.
            assert_eq!(calls.so_far(), 2.0, "{}, turn {turn}", store.engine());
            drop(calls);
            tick().await;
            assert_eq!((page.text(), told.get()), (turn.to_string(), turn));
        }
    }
}
