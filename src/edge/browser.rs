//! The adapters of a browser: where an [edge](super) keeps its state and how tabs hear each other.
//!
//! They exist on every target, so that an app compiles everywhere. Where there is no browser, on a
//! server say, each call says [`Fault::Unavailable`], and the edge goes on
//! without.
//!
//! | adapter | what it is | of |
//! |---|---|---|
//! | [`LocalStorage`], [`SessionStorage`] | storage that answers at once, some 5 MB | HTML, section 12 (Web storage) |
//! | [`IndexedDb`] (feature `indexed-db`) | a database, for large state | Indexed Database API 3.0 |
//! | [`BroadcastTransport`] | what tabs say to each other | HTML, section 9.5 (Broadcasting) |
//! | [`StorageTransport`] | the same by `storage` events, where the former is missing | HTML, section 12.2.4 |
//! | [`PageTransport`] | whichever of the two the page has | |

mod broadcast;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod exception;
#[cfg(feature = "indexed-db")]
mod indexed_db;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod listener;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod page;
mod page_transport;
pub(super) mod random;
mod storage_transport;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod timer;
mod web_storage;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(super) use page::follow;

pub use broadcast::BroadcastTransport;
#[cfg(feature = "indexed-db")]
pub use indexed_db::IndexedDb;
pub use page_transport::PageTransport;
pub use storage_transport::StorageTransport;
pub use web_storage::{LocalStorage, SessionStorage};

use super::Fault;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn no_page() -> Fault {
    Fault::Unavailable("there is no page".to_owned())
}

fn closed() -> Fault {
    Fault::Unavailable("the channel is closed".to_owned())
}
