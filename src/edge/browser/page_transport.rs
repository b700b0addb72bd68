//! [`PageTransport`].

use super::{BroadcastTransport, StorageTransport};
use crate::edge::{Fault, Receive, Transport};

/// What tabs are connected by on this page: [`BroadcastTransport`], or, where that is missing,
/// [`StorageTransport`].
///
/// ```
/// use universal_state::edge::{Fault, Transport, browser::PageTransport};
///
/// let transport = PageTransport::new("shop");
/// // Where there is no browser:
/// let opened = transport.open("cart", Box::new(|message| println!("{message}")));
/// assert!(matches!(opened, Err(Fault::Unavailable(_))));
/// ```
#[derive(Debug)]
pub struct PageTransport(Either);

#[derive(Debug)]
enum Either {
    Broadcast(BroadcastTransport),
    Storage(StorageTransport),
}

impl PageTransport {
    /// A transport that is not open yet. `prefix` is that of the store's edge.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self(if BroadcastTransport::is_supported() {
            Either::Broadcast(BroadcastTransport::new())
        } else {
            Either::Storage(StorageTransport::new(prefix))
        })
    }

    fn chosen(&self) -> &dyn Transport {
        match &self.0 {
            Either::Broadcast(transport) => transport,
            Either::Storage(transport) => transport,
        }
    }
}

impl Transport for PageTransport {
    fn name(&self) -> &str {
        self.chosen().name()
    }

    fn open(&self, channel: &str, receive: Receive) -> Result<(), Fault> {
        self.chosen().open(channel, receive)
    }

    fn send(&self, message: &str) -> Result<(), Fault> {
        self.chosen().send(message)
    }

    fn close(&self) {
        self.chosen().close();
    }
}
