//! Tabs.

mod transport;

pub use transport::{Receive, Transport};
