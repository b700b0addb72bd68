//! The end of a turn: one microtask, whatever store asks for it, and nothing for one that is gone.

use super::{COUNT, Count};
use std::sync::{Arc, Mutex};
use universal_state::{Handle, Store, SubscribeOptions};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{js_sys::Promise, wasm_bindgen::JsValue};

/// Lets the microtasks run that are queued now.
async fn microtask() {
    let settled = Promise::resolve(&JsValue::UNDEFINED);
    JsFuture::from(settled).await.expect("it is settled");
}

#[wasm_bindgen_test]
async fn each_store_of_a_turn_tells_its_own_listeners() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let stores: Vec<_> = (0..3).map(|_| Store::new()).collect();
    let listen = |(at, store): (usize, &Store)| {
        let told = Arc::clone(&told);
        let listener = move |value: Option<&i32>, _: &_| {
            told.lock().unwrap().push((at, value.copied()));
        };
        let options = SubscribeOptions::new();
        store.subscribe_with(COUNT, options, listener).unwrap()
    };
    let _subscriptions: Vec<_> = stores.iter().enumerate().map(listen).collect();
    for turn in 0..2 {
        for store in &stores {
            store.set(COUNT, turn - 1).unwrap();
            store.set(COUNT, turn).unwrap();
        }
        assert_eq!(told.lock().unwrap().len(), 0, "the turn goes on");
        microtask().await;
        let told = std::mem::take(&mut *told.lock().unwrap());
        assert_eq!(told, [0, 1, 2].map(|at| (at, Some(turn))));
    }
}

#[wasm_bindgen_test]
async fn what_a_listener_writes_to_another_store_is_told_in_the_next_turn() {
    let (first, second) = (Store::new(), Store::new());
    let handle: Handle<i32> = second.handle(COUNT).unwrap();
    let options = SubscribeOptions::new();
    let _copied = first.subscribe_with(COUNT, options, move |value: Option<&i32>, _| {
        handle.set(*value.unwrap()).unwrap();
    });
    let told = Count::default();
    let heard = told.clone();
    let options = SubscribeOptions::new();
    let _told = second.subscribe_with(COUNT, options, move |_: Option<&i32>, _| heard.up());
    for turn in 1..4 {
        first.set(COUNT, turn as i32).unwrap();
        microtask().await;
        assert_eq!(second.get(COUNT), Some(turn as i32));
        microtask().await;
        assert_eq!(told.get(), turn);
    }
}

#[wasm_bindgen_test]
async fn a_store_that_is_dropped_before_its_turn_ends_is_let_go() {
    let (alive, told) = (Arc::new(()), Count::default());
    let held = Arc::clone(&alive);
    let store = Store::builder()
        .on_error(move |_| drop(held.clone()))
        .build();
    let heard = told.clone();
    let options = SubscribeOptions::new();
    let listener = move |_: Option<&i32>, _: &_| heard.up();
    let _subscription = store.subscribe_with(COUNT, options, listener).unwrap();
    store.set(COUNT, 1).unwrap();
    drop(store);
    assert_eq!(Arc::strong_count(&alive), 1, "nothing holds the store");
    microtask().await;
    assert_eq!(told.get(), 0);
    // Those that come after it have their turn.
    a_turn_ends().await;
}

async fn a_turn_ends() {
    let (store, told) = (Store::new(), Count::default());
    let heard = told.clone();
    let options = SubscribeOptions::new();
    let _told = store.subscribe_with(COUNT, options, move |_: Option<&i32>, _| heard.up());
    store.set(COUNT, 1).unwrap();
    microtask().await;
    assert_eq!(told.get(), 1);
}
