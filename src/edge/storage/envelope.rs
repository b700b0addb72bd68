//! The text of an item: an entry in its envelope, `{"format":1,"schema":2,"entry":[…]}`.

use crate::{edge::entry::Entry, json};
use serde_json::Value as Json;

/// The version of what is around and of how an entry is written.
pub(super) const FORMAT: u32 = 1;

/// The longest text of an entry that is written or read, in bytes.
pub(super) const MAX_BYTES: usize = 8 << 20;

/// Why a text is not read.
#[derive(Debug, PartialEq)]
pub(super) enum Unread {
    /// A newer version of this library, or of the application, wrote it.
    Newer { format: u32, schema: u32 },
    /// It is no entry.
    Corrupt(String),
}

const SHAPE: &str = "it is no entry in its envelope";

fn corrupt(reason: &str) -> Unread {
    Unread::Corrupt(reason.to_owned())
}

/// An entry as text: equal entries of one schema have one text.
pub(super) fn write(entry: &Entry, schema: u32) -> String {
    let entry = json::text(&entry.encode());
    let (format, schema) = (FORMAT.to_string(), schema.to_string());
    [
        "{\"format\":",
        &format,
        ",\"schema\":",
        &schema,
        ",\"entry\":",
        &entry,
        "}",
    ]
    .concat()
}

/// The entry of a text, and the schema that it was written with, which is none after `schema`.
pub(super) fn read(text: &str, schema: u32) -> Result<(Entry, u32), Unread> {
    if text.len() > MAX_BYTES {
        return Err(corrupt("it is longer than 8 MiB"));
    }
    // The parser refuses what is deeper than 128 levels.
    let json = json::read(text).map_err(|_| corrupt("it is no JSON, or too deep"))?;
    let number = |name| {
        let number = json.get(name).and_then(Json::as_u64);
        number.and_then(|number| u32::try_from(number).ok())
    };
    let format = number("format").ok_or_else(|| corrupt(SHAPE))?;
    let written = number("schema").unwrap_or_default();
    if format > FORMAT || written > schema {
        return Err(Unread::Newer {
            format,
            schema: written,
        });
    }
    let has_more = json.as_object().is_none_or(|members| members.len() != 3);
    let entry = json
        .get("entry")
        .and_then(|entry| Entry::decode(entry).ok());
    match entry {
        Some(entry) if format == FORMAT && !has_more && number("schema").is_some() => {
            Ok((entry, written))
        }
        _ => Err(corrupt(SHAPE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::stamp::{ReplicaId, Stamp};
    use serde_json::json;
    use std::sync::Arc;

    fn entry(value: Json) -> Entry {
        let stamp = Stamp {
            millis: 1_790_000_000_000,
            count: 0,
            replica: ReplicaId::new(7),
        };
        Entry::whole(Some(Arc::new(value)), stamp)
    }

    #[test]
    fn an_entry_comes_back_from_its_text() {
        for value in [json!(null), json!(1.5), json!({ "a": [1, "ü\"\\"] })] {
            let entry = entry(value);
            let text = write(&entry, 3);
            assert_eq!(read(&text, 3), Ok((entry.clone(), 3)));
            assert_eq!(read(&text, 4), Ok((entry, 3)));
        }
    }

    #[test]
    fn what_a_newer_version_wrote_is_told_from_what_is_corrupt() {
        let text = write(&entry(json!(1)), 3);
        let newer = Unread::Newer {
            format: 1,
            schema: 3,
        };
        assert_eq!(read(&text, 2), Err(newer));
        let newer = Unread::Newer {
            format: 2,
            schema: 0,
        };
        assert_eq!(read("{\"format\":2,\"?\":[]}", 9), Err(newer));
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            "{\"format\":1}",
            "{\"format\":\"1\"}",
            "{\"format\":0,\"schema\":1,\"entry\":[\"!1-0-0000000000000007\"]}",
            "{\"format\":1,\"entry\":[\"!1-0-0000000000000007\"]}",
            "{\"format\":1,\"schema\":1,\"entry\":[\"1\"]}",
            "{\"format\":1,\"schema\":1,\"entry\":[\"!1-0-0000000000000007\"],\"x\":1}",
        ] {
            assert!(matches!(read(bad, 9), Err(Unread::Corrupt(_))), "{bad}");
        }
        assert!(
            read(
                "{\"format\":1,\"schema\":1,\"entry\":[\"!1-0-0000000000000007\"]}",
                9
            )
            .is_ok()
        );
    }

    #[test]
    fn a_text_that_is_too_long_or_too_deep_is_not_read() {
        let long = write(&entry(json!("x".repeat(MAX_BYTES))), 0);
        assert!(matches!(read(&long, 0), Err(Unread::Corrupt(_))));
        let deep = "[".repeat(10_000) + &"]".repeat(10_000);
        for text in [
            write(&entry(json!(0)), 0).replace(",0]", &format!(",{deep}]")),
            deep,
        ] {
            assert!(matches!(read(&text, 0), Err(Unread::Corrupt(_))));
        }
    }
}
