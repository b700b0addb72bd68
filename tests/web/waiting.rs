//! Waiting for what the browser does.

use js_sys::{Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// Waits for so many ms.
pub async fn pause(ms: u32) {
    let wait = Function::new_with_args("done", &format!("setTimeout(done, {ms})"));
    let waited = Promise::new(&mut |done, _| {
        let _ = wait.call1(&JsValue::UNDEFINED, &done);
    });
    let _ = JsFuture::from(waited).await;
}

/// Waits until it is so.
pub async fn until(condition: impl Fn() -> bool) {
    for round in 0..2_000 {
        if condition() {
            return;
        }
        match round < 100 {
            true => drop(JsFuture::from(Promise::resolve(&JsValue::NULL)).await),
            false => pause(5).await,
        }
    }
    panic!("it never came true");
}
