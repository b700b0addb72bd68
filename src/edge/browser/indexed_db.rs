//! [`IndexedDb`].

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod connection;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[path = "indexed_db/nowhere.rs"]
mod connection;

use super::web_storage::Area;
use crate::edge::{Backend, Fault, Items, Loaded, Then, storage::names::is_journal};
use connection::Connection;

/// A database of the page (Indexed Database API 3.0), for state that is larger than web storage takes.
///
/// It is opened at the first call and answers later: until then a store is loading. It has one object
/// store, of texts by name. A [`write`](Backend::write) is one transaction: all items of it are stored,
/// or none. Where the database is deleted or upgraded by somebody else, this connection makes way; after
/// that, and after the browser has closed it, the next call opens it again.
///
/// A browser may abort what a page asks of its database while it is left. What an edge writes then, of
/// the keys that were not saved yet, goes to `localStorage` too, from where the next page takes it.
///
/// ```
/// use universal_state::edge::{Backend, Fault, browser::IndexedDb};
///
/// let database = IndexedDb::new("app");
/// // Where there is no browser:
/// database.load("app:", Box::new(|loaded| {
///     assert!(matches!(loaded, Err(Fault::Unavailable(_))));
/// }));
/// ```
#[derive(Debug)]
pub struct IndexedDb {
    connection: Connection,
}

impl IndexedDb {
    /// The database of this name in the page's origin; it is made if there is none. The name should be
    /// the application's own.
    pub fn new(database: impl Into<String>) -> Self {
        Self {
            connection: Connection::new(database.into()),
        }
    }
}

impl Backend for IndexedDb {
    fn name(&self) -> &str {
        "IndexedDB"
    }

    fn load(&self, prefix: &str, then: Then<Loaded>) {
        let prefix = prefix.to_owned();
        let notes = notes(&prefix).unwrap_or_default();
        let then: Then<Loaded> = match notes.is_empty() {
            true => then,
            false => Box::new(move |loaded| {
                then(loaded.map(|mut items| {
                    items.retain(|(name, _)| notes.iter().all(|(note, _)| note != name));
                    items.extend(notes);
                    items
                }));
            }),
        };
        self.connection.run(Work::Load { prefix, then });
    }

    fn read(&self, names: Vec<String>, then: Then<Items>) {
        self.connection.run(Work::Read { names, then });
    }

    fn write(&self, items: Vec<(String, Option<String>)>, then: Then<Vec<Result<(), Fault>>>) {
        for (name, text) in items.iter().filter(|(name, _)| is_journal(name)) {
            // Where that fails, the database may still do it.
            let _ = Area::of("localStorage").and_then(|area| match text {
                Some(text) => area.put(name, text),
                None => area.remove(name),
            });
        }
        self.connection.run(Work::Write { items, then });
    }
}

/// What pages have written of this state to `localStorage` while they were left.
fn notes(prefix: &str) -> Result<Vec<(String, String)>, Fault> {
    let area = Area::of("localStorage")?;
    let mut notes = Vec::new();
    for name in area.names(prefix)? {
        if is_journal(&name)
            && let Some(text) = area.get(&name)?
        {
            notes.push((name, text));
        }
    }
    Ok(notes)
}

/// What is asked of the database, in one transaction, and whom to tell.
#[cfg_attr(
    not(all(target_family = "wasm", target_os = "unknown")),
    expect(dead_code, reason = "only a page has a database")
)]
enum Work {
    Load {
        prefix: String,
        then: Then<Loaded>,
    },
    Read {
        names: Vec<String>,
        then: Then<Items>,
    },
    Write {
        items: Vec<(String, Option<String>)>,
        then: Then<Vec<Result<(), Fault>>>,
    },
}

impl Work {
    fn fail(self, fault: Fault) {
        match self {
            Self::Load { then, .. } => then(Err(fault)),
            Self::Read { then, .. } => then(Err(fault)),
            Self::Write { items, then } => then(vec![Err(fault); items.len()]),
        }
    }
}
