//! Writing.

use serde_json::Value as Json;
use std::fmt::Write;

/// The compact text of a value, the same that `serde_json` makes.
pub(crate) fn text(json: &Json) -> String {
    let mut text = String::new();
    write(json, &mut text);
    text
}

/// Puts the compact text of a value behind what is there.
pub(crate) fn write(json: &Json, text: &mut String) {
    match json {
        Json::Null => text.push_str("null"),
        Json::Bool(true) => text.push_str("true"),
        Json::Bool(false) => text.push_str("false"),
        Json::Number(number) => {
            // Writing to a string cannot fail.
            let _ = write!(text, "{number}");
        }
        Json::String(string) => quote(string, text),
        Json::Array(items) => {
            let mut before = '[';
            for item in items {
                text.push(before);
                before = ',';
                write(item, text);
            }
            text.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Json::Object(members) => {
            let mut before = '{';
            for (name, member) in members {
                text.push(before);
                before = ',';
                quote(name, text);
                text.push(':');
                write(member, text);
            }
            text.push_str(if members.is_empty() { "{}" } else { "}" });
        }
    }
}

/// Puts a string in quotation marks behind what is there.
pub(crate) fn quote(string: &str, text: &mut String) {
    text.push('"');
    let mut start = 0;
    for (at, byte) in string.bytes().enumerate() {
        let letter = match byte {
            b'"' | b'\\' => char::from(byte),
            b'\n' => 'n',
            b'\r' => 'r',
            b'\t' => 't',
            8 => 'b',
            12 => 'f',
            0..=31 => 'u',
            _ => continue,
        };
        text.push_str(string.get(start..at).unwrap_or_default());
        start = at + 1;
        text.push('\\');
        text.push(letter);
        if letter == 'u' {
            let _ = write!(text, "{byte:04x}");
        }
    }
    text.push_str(string.get(start..).unwrap_or_default());
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn the_text_is_that_of_serde_json() {
        for json in [
            json!(null),
            json!([]),
            json!({}),
            json!([[], {}, true, false, null, 1, -1, u64::MAX, i64::MIN]),
            json!([0.0, -0.0, 1.0, 0.1, 1e21, 1e-7, 5e-324, f64::MAX]),
            json!({ "": 0, "a\"b": { "\\": ["x", "/", "\u{7f}", "é😀"] }, "__proto__": 1 }),
            json!((0_u8..0x80).map(char::from).collect::<String>()),
        ] {
            assert_eq!(text(&json), json.to_string());
        }
    }

    proptest! {
        #[test]
        fn strings_are_written_as_serde_json_writes_them(string in any::<String>()) {
            prop_assert_eq!(text(&json!(string)), json!(string).to_string());
        }

        #[test]
        fn numbers_are_written_as_serde_json_writes_them(number in any::<f64>()) {
            prop_assert_eq!(text(&json!(number)), json!(number).to_string());
        }
    }
}
