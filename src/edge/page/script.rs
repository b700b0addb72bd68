//! What `page.js` has, as Rust calls it.

use crate::error::StateError;
use js_sys::{Array, Function, Object};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/edge/page/page.js")]
extern "C" {
    /// What a JSON text stands for, frozen, sharing with `before` what is equal.
    #[wasm_bindgen(catch)]
    pub(super) fn decode(text: &str, before: &JsValue) -> Result<JsValue, JsValue>;

    /// An object of names and values that take turns; `before` if that has the same ones.
    pub(super) fn collect(entries: &Array, before: &JsValue) -> JsValue;

    /// A change.
    #[allow(clippy::too_many_arguments, reason = "these are its members")]
    pub(super) fn change(
        key: &JsValue,
        value: &JsValue,
        previous: &JsValue,
        source: &JsValue,
        origin: &JsValue,
        time: f64,
        version: f64,
        removed: bool,
    ) -> JsValue;

    /// Calls a listener with a change or a list of them; with `clock`, a change whose value is what a
    /// read finds at that time. Hands back what it threw, in words.
    pub(super) fn call(listener: &Function, what: &JsValue, clock: Option<f64>) -> Option<String>;

    /// Freezes an array.
    pub(super) fn list(items: Array) -> JsValue;

    /// What was thrown, in words.
    pub(super) fn describe(thrown: &JsValue) -> String;

    fn failure(code: &str, message: &str, key: Option<&str>) -> JsValue;

    /// Puts a handle into the directory, unless the name is taken.
    pub(super) fn install(name: &str, handle: &JsValue) -> bool;

    /// The handle of a name; undefined if there is none.
    pub(super) fn find(name: &str) -> JsValue;

    /// Takes a handle out of the directory, if it is there.
    pub(super) fn forget(name: &str, handle: &JsValue);

    /// Whether a store comes to have the name, within so many ms.
    pub(super) fn arrival(name: &str, limit: f64) -> js_sys::Promise;

    /// `{ handle, close }`. `clock` and `depth` are where in the memory the store's clock stands, 64 bits
    /// long, and how much is going on in the thread, 32 bits.
    #[wasm_bindgen(js_name = makeHandle)]
    pub(super) fn make_handle(
        port: &Function,
        name: &str,
        library: &str,
        guests: &Function,
        memory: &JsValue,
        clock: usize,
        depth: usize,
    ) -> Object;
}

/// A frozen object.
pub(super) fn object<const N: usize>(members: [(&str, JsValue); N]) -> JsValue {
    let entries = Array::new();
    for (name, value) in members {
        entries.push(&JsValue::from_str(name));
        entries.push(&value);
    }
    collect(&entries, &JsValue::UNDEFINED)
}

/// An error as scripts catch it.
pub(super) fn thrown(error: &StateError) -> JsValue {
    failure(error.code(), &error.to_string(), error.key())
}
