//! [`Transport`]: what carries messages between replicas.

use crate::edge::Fault;

/// Hears of the messages of others.
pub type Receive = Box<dyn Fn(&str) + Send + Sync>;

/// What carries messages between the replicas of one state: text, to all others. What an adapter for
/// another channel has to bring. Messages may be lost, doubled or late; the tabs port bears it.
///
/// A channel between stores of one program, whose messages wait until somebody delivers them:
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use universal_state::{Store, edge::{Edge, Fault, Receive, Tabs, Transport}};
///
/// #[derive(Default)]
/// struct Bus {
///     ends: Mutex<Vec<Option<Arc<Receive>>>>,
///     sent: Mutex<Vec<(usize, String)>>,
/// }
///
/// struct End(Arc<Bus>, usize);
///
/// impl Transport for End {
///     fn name(&self) -> &str {
///         "bus"
///     }
///
///     // A bus for more than one application would keep the channels apart.
///     fn open(&self, _channel: &str, receive: Receive) -> Result<(), Fault> {
///         self.0.ends.lock().unwrap()[self.1] = Some(Arc::new(receive));
///         Ok(())
///     }
///
///     fn send(&self, message: &str) -> Result<(), Fault> {
///         self.0.sent.lock().unwrap().push((self.1, message.to_owned()));
///         Ok(())
///     }
///
///     fn close(&self) {
///         self.0.ends.lock().unwrap()[self.1] = None;
///     }
/// }
///
/// impl Bus {
///     fn deliver(&self) {
///         loop {
///             let sent = std::mem::take(&mut *self.sent.lock().unwrap());
///             if sent.is_empty() {
///                 return;
///             }
///             let ends = self.ends.lock().unwrap().clone();
///             for (from, message) in sent {
///                 let others = ends.iter().enumerate().filter(|(at, _)| *at != from);
///                 others.flat_map(|(_, end)| end).for_each(|receive| receive(&message));
///             }
///         }
///     }
/// }
///
/// let bus = Arc::new(Bus { ends: Mutex::new(vec![None, None]), ..Bus::default() });
/// let (a, b) = (Store::new(), Store::new());
/// let edge = |store: &Store, at| {
///     let tabs = Tabs::new(End(Arc::clone(&bus), at));
///     Edge::builder("shop").tabs(tabs).attach(store)
/// };
/// let (edge_a, _edge_b) = (edge(&a, 0)?, edge(&b, 1)?);
/// a.set("currency", "EUR".to_owned())?;
/// edge_a.flush();
/// bus.deliver();
/// assert_eq!(b.get::<String>("currency").as_deref(), Some("EUR"));
/// # Ok::<(), universal_state::StateError>(())
/// ```
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

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn open(&self, channel: &str, receive: Receive) -> Result<(), Fault> {
        (**self).open(channel, receive)
    }

    fn send(&self, message: &str) -> Result<(), Fault> {
        (**self).send(message)
    }

    fn close(&self) {
        (**self).close();
    }
}
