//! JSON as text (RFC 8259): one way in and one way out, so that of `serde_json`, which is made anew for
//! each type that it reads and writes, one copy is linked.

use serde_json::Value as Json;

/// The value of a text. Of two members of one name the last counts.
///
/// # Errors
/// Where it is no JSON, nested 128 levels deep, or has a number that no `f64` can hold.
#[cfg(feature = "edge")]
pub(crate) fn read(text: &str) -> Result<Json, serde_json::Error> {
    serde_json::from_str(text)
}

/// The compact text of a value.
pub(crate) fn text(json: &Json) -> String {
    // It has no form that cannot be written.
    serde_json::to_string(json).unwrap_or_default()
}
