//! What a browser throws, as a [`Fault`].

use crate::edge::Fault;
use js_sys::Reflect;
use wasm_bindgen::JsValue;

/// `DOMException.QUOTA_EXCEEDED_ERR`, and what Firefox had for its own `NS_ERROR_DOM_QUOTA_REACHED`.
const QUOTA_CODES: [f64; 2] = [22.0, 1014.0];

/// The fault that an exception stands for: a `DOMException` is told by its name (Web IDL, section
/// 2.8.1), an older one by its code.
pub(super) fn fault(thrown: &JsValue) -> Fault {
    let name = text(thrown, "name").unwrap_or_default();
    let code = member(thrown, "code").and_then(|code| code.as_f64());
    match name.as_str() {
        "QuotaExceededError" | "NS_ERROR_DOM_QUOTA_REACHED" => return Fault::Quota,
        _ if code.is_some_and(|code| QUOTA_CODES.contains(&code)) => return Fault::Quota,
        _ => (),
    }
    let message = text(thrown, "message")
        .or_else(|| thrown.as_string())
        .unwrap_or_default();
    let said = match (name.is_empty(), message.is_empty()) {
        (_, false) => message,
        (false, true) => name.clone(),
        (true, true) => "the browser did not say why".to_owned(),
    };
    match name.as_str() {
        "SecurityError" => Fault::Unavailable(said),
        _ => Fault::Failed(said),
    }
}

/// What is thrown may be anything, with getters that throw.
fn member(thrown: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(thrown, &JsValue::from_str(name)).ok()
}

fn text(thrown: &JsValue, name: &str) -> Option<String> {
    member(thrown, name)?.as_string()
}
