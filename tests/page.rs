//! Stores that share one state by the page's protocol, natively: a host and its guests.
#![cfg(feature = "js")]

mod log;
#[path = "page/support.rs"]
mod support;

#[path = "page/computed.rs"]
mod computed;
#[path = "page/hostile.rs"]
mod hostile;
#[path = "page/leaving.rs"]
mod leaving;
#[path = "page/mfes.rs"]
mod mfes;
#[path = "page/order.rs"]
mod order;
#[path = "page/random.rs"]
mod random;
#[path = "page/refusals.rs"]
mod refusals;
#[cfg(feature = "simulator")]
#[path = "page/succession.rs"]
mod succession;
#[cfg(feature = "simulator")]
#[path = "page/tabs.rs"]
mod tabs;
#[path = "page/values.rs"]
mod values;
#[path = "seeded/variable.rs"]
mod variable;
