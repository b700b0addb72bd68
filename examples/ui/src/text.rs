//! Values, numbers and errors as text for people.

use serde_json::Value as Json;
use universal_state::{Snapshot, StateError, Value};

/// What a snapshot shows of each text in it, in characters.
const TEXT_IN_SNAPSHOT: usize = 160;

/// A text of at most so many characters; "…" stands for what was cut off.
pub fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A number with its digits in groups of three: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// As [`grouped`], with a minus sign (U+2212) where it is needed.
pub fn integer(number: i64) -> String {
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

/// As [`integer`], with a plus sign where it is not negative.
pub fn signed(number: i64) -> String {
    let sign = if number < 0 { "" } else { "+" };
    format!("{sign}{}", integer(number))
}

/// A value as compact JSON.
pub fn json(value: &Value) -> String {
    match value.to_json() {
        Ok(json) => json.to_string(),
        Err(_) => format!("<{}>", value.type_name()),
    }
}

/// A snapshot as indented JSON, keys in order, long texts cut.
pub fn pretty(snapshot: &Snapshot) -> String {
    let shown = snapshot.to_json().map(|mut json| {
        shorten(&mut json);
        json
    });
    match shown {
        Ok(json) => format!("{json:#}"),
        Err(error) => error.to_string(),
    }
}

/// Why a write was refused: a rule speaks for itself, anything else is told as it is.
pub fn refusal(error: &StateError) -> String {
    match error {
        StateError::Vetoed { reason, .. } => reason.clone(),
        error => error.to_string(),
    }
}

fn shorten(json: &mut Json) {
    match json {
        Json::String(text) if text.len() > TEXT_IN_SNAPSHOT => *text = cut(text, TEXT_IN_SNAPSHOT),
        Json::Array(items) => items.iter_mut().for_each(shorten),
        Json::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}
