//! [`Transport`]: what carries messages between replicas.

use crate::edge::Fault;

/// Hears of the messages of others.
pub type Receive = Box<dyn Fn(&str) + Send + Sync>;

/// What carries messages between the replicas of one state: text, to all others. What an adapter for
/// another channel has to bring. Messages may be lost, doubled or late; the tabs port bears it.
pub trait Transport: Send + Sync + 'static {
    /// What status and errors call it, such as `"BroadcastChannel"`.
    fn name(&self) -> &str;

    /// Opens the channel of this name. `receive` is called with each message of the others, never with
    /// one of our own, and never from inside of [`Transport::send`].
    ///
    /// # Errors
    /// [`Fault`] if there is no such channel.
    fn open(&self, channel: &str, receive: Receive) -> Result<(), Fault>;

    /// Sends a message to all others.
    ///
    /// # Errors
    /// [`Fault`] if it could not be sent.
    fn send(&self, message: &str) -> Result<(), Fault>;

    /// Ends to receive.
    fn close(&self);
}
