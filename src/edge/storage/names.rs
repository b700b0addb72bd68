//! What items are called in storage.
//!
//! An entry is `<prefix>:<key>`, with `%` and `:` of the key percent-encoded (RFC 3986, section 2.1).
//! So what follows the prefix of an entry holds no colon, and `app` does not take `app:x:key` for its
//! own. What begins with `<prefix>::` is the port's own: no prefix ends with a colon or has two in a row.

use crate::{edge::hash::fnv, key};
use smol_str::SmolStr;

const QUARANTINE: &str = ":quarantine:";
const JOURNAL: &str = ":journal:";

/// Whether an item is what a page wrote while it was left.
#[cfg(feature = "indexed-db")]
pub(in crate::edge) fn is_journal(name: &str) -> bool {
    // Neither a prefix nor an encoded key has two colons in a row.
    name.split_once("::")
        .is_some_and(|(_, rest)| rest.starts_with("journal:"))
}

/// The names of one prefix.
#[derive(Debug)]
pub(super) struct Names {
    start: String,
}

/// What an item under the prefix is.
#[derive(Debug, PartialEq)]
pub(super) enum Named {
    /// The entry of a key.
    Entry(SmolStr),
    /// What a page wrote of a key while it was left.
    Journal(SmolStr),
    /// What could not be read as the entry of a key, and what tells it from others.
    Quarantined(SmolStr, String),
}

impl Names {
    /// No part of the prefix between colons is empty.
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            start: [prefix, ":"].concat(),
        }
    }

    /// With what all names begin.
    pub(super) fn start(&self) -> &str {
        &self.start
    }

    pub(super) fn entry(&self, key: &str) -> String {
        [&*self.start, &encode(key)].concat()
    }

    /// What a replica wrote of a key while its page was left.
    pub(super) fn journal(&self, key: &str, replica: &str) -> String {
        [&*self.start, JOURNAL, &encode(key), ":", replica].concat()
    }

    /// The id is that of [`quarantine_id`].
    pub(super) fn quarantined(&self, id: &str) -> String {
        [&*self.start, QUARANTINE, id].concat()
    }

    /// What a name stands for; `None` if it is another's, or such as no port gives.
    pub(super) fn read(&self, name: &str) -> Option<Named> {
        let rest = name.strip_prefix(&*self.start)?;
        if let Some(id) = rest.strip_prefix(QUARANTINE) {
            let key = decode(id.split_once(':')?.0)?;
            return Some(Named::Quarantined(key, id.to_owned()));
        }
        if let Some(rest) = rest.strip_prefix(JOURNAL) {
            return decode(rest.split_once(':')?.0).map(Named::Journal);
        }
        decode(rest).map(Named::Entry)
    }
}

/// Tells what was quarantined from everything else: the same text of the same key has one id in every
/// tab.
pub(super) fn quarantine_id(key: &str, text: &str) -> String {
    format!("{}:{:016x}", encode(key), fnv(text.as_bytes()))
}

fn encode(key: &str) -> String {
    let mut name = String::with_capacity(key.len());
    key::escape(&mut name, key, (':', "%3A"));
    name
}

/// `None` unless it is what [`encode`] makes of a key.
fn decode(name: &str) -> Option<SmolStr> {
    let mut parts = name.split('%');
    let mut key = parts.next()?.to_owned();
    for part in parts {
        let (code, rest) = part.split_at_checked(2)?;
        key.push(if code == "3A" { ':' } else { '%' });
        key.push_str(rest);
    }
    (encode(&key) == name && key::check_full(&key).is_ok()).then(|| key.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_one_name_and_comes_back_from_it() {
        let names = Names::new("app");
        let keys = ["a", "%", ":", "%3A", "%253A", "a:b", "@m/a:b", "__proto__"];
        for key in keys {
            let entry = names.entry(key);
            assert_eq!(names.read(&entry), Some(Named::Entry(key.into())));
            let journal = names.journal(key, "00");
            assert_eq!(names.read(&journal), Some(Named::Journal(key.into())));
            let id = quarantine_id(key, "text");
            let name = names.quarantined(&id);
            assert_eq!(names.read(&name), Some(Named::Quarantined(key.into(), id)));
        }
    }

    #[test]
    fn what_no_port_has_named_is_nobodys() {
        let names = Names::new("app");
        for name in [
            "",
            "app",
            "app:",
            "app:a%",
            "app:a%3a",
            "app:a%2F",
            "app:@x",
            "app:x:key",
            "app::x:key",
            "app::quarantine:",
            "app::quarantine:a",
            "app::journal:a",
            "apps:key",
            "App:key",
        ] {
            assert_eq!(names.read(name), None, "{name}");
        }
    }

    #[test]
    fn no_prefix_can_be_taken_for_a_part_of_another() {
        let prefixes = ["a", "a:b", "a:quarantine", "a:journal", "%3A", "a%3A"];
        let all = prefixes.map(Names::new);
        for (i, mine) in all.iter().enumerate() {
            for (j, other) in all.iter().enumerate() {
                for key in ["k", "a:k", "quarantine", ":quarantine:k", "@m/k"] {
                    let id = quarantine_id(key, "");
                    for name in [
                        mine.entry(key),
                        mine.journal(key, "0"),
                        mine.quarantined(&id),
                    ] {
                        assert_eq!(other.read(&name).is_some(), i == j, "{name}");
                    }
                }
            }
        }
    }
}
