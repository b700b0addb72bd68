//! [`StorageTransport`].

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
#[path = "storage_transport/wire.rs"]
mod wire;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[path = "storage_transport/nowhere.rs"]
mod wire;

use crate::{
    edge::{Fault, Receive, Transport},
    lock,
};
use std::sync::{Arc, Mutex};
use wire::Wire;

/// What tabs say to each other where [`BroadcastTransport`](super::BroadcastTransport) is missing.
///
/// A message is an item of `localStorage` that is written and removed at once: other tabs are told by a
/// `storage` event, with the text. The item's name is `"<prefix>::channel:<channel>"`, which no entry of
/// a store can have. Others in the same document, whom the browser does not tell, are told by an event
/// of that name at the window.
///
/// ```
/// use universal_state::edge::{Fault, Transport, browser::StorageTransport};
///
/// let transport = StorageTransport::new("app");
/// // Where there is no browser:
/// let opened = transport.open("cart", Box::new(|message| println!("{message}")));
/// assert!(matches!(opened, Err(Fault::Unavailable(_))));
/// ```
#[derive(Debug)]
pub struct StorageTransport {
    prefix: String,
    wire: Mutex<Option<Arc<Wire>>>,
}

impl StorageTransport {
    /// A transport that is not open yet, for a store whose storage has this prefix.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self {
            prefix: prefix.into(),
            wire: Mutex::default(),
        }
    }
}

impl Transport for StorageTransport {
    fn name(&self) -> &str {
        "storage events"
    }

    fn open(&self, channel: &str, receive: Receive) -> Result<(), Fault> {
        let name = [self.prefix.as_str(), "::channel:", channel].concat();
        let opened = Wire::open(name, receive)?;
        let _before = lock(&self.wire).replace(Arc::new(opened));
        Ok(())
    }

    fn send(&self, message: &str) -> Result<(), Fault> {
        // The page's storage may be what an app put in its place: its code runs without our lock.
        let wire = lock(&self.wire).clone();
        match wire {
            Some(wire) => wire.send(message),
            None => Err(super::closed()),
        }
    }

    fn close(&self) {
        let _wire = lock(&self.wire).take();
    }
}
