//! [`BroadcastTransport`].

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod channel;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
#[path = "broadcast/nowhere.rs"]
mod channel;

use crate::{
    edge::{Fault, Receive, Transport},
    lock,
};
use channel::Channel;
use std::sync::Mutex;

/// `BroadcastChannel`: what one says, all others of the same origin and channel hear, in this tab too.
///
/// What is no text comes from none of ours; it is handed on as the empty text, which is no message, so
/// that it is refused and counted.
///
/// ```
/// use universal_state::edge::{Fault, Transport, browser::BroadcastTransport};
///
/// let transport = BroadcastTransport::new();
/// // Where there is no browser:
/// let opened = transport.open("cart", Box::new(|message| println!("{message}")));
/// assert!(matches!(opened, Err(Fault::Unavailable(_))));
/// ```
#[derive(Debug, Default)]
pub struct BroadcastTransport {
    channel: Mutex<Option<Channel>>,
}

impl BroadcastTransport {
    /// A transport that is not open yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the page has `BroadcastChannel`. Browsers have had it since 2022.
    pub fn is_supported() -> bool {
        Channel::is_supported()
    }
}

impl Transport for BroadcastTransport {
    fn name(&self) -> &str {
        "BroadcastChannel"
    }

    fn open(&self, channel: &str, receive: Receive) -> Result<(), Fault> {
        let opened = Channel::open(channel, receive)?;
        // What it replaces is closed without our lock.
        let _before = lock(&self.channel).replace(opened);
        Ok(())
    }

    fn send(&self, message: &str) -> Result<(), Fault> {
        match &*lock(&self.channel) {
            // The others hear of it later, and no code of theirs runs in here.
            Some(channel) => channel.send(message),
            None => Err(super::closed()),
        }
    }

    fn close(&self) {
        let _channel = lock(&self.channel).take();
    }
}
