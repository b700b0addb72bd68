//! Edges: what outside mirrors a store and stays in step with it, whatever goes wrong there.
//!
//! An [`Edge`] ties a store to its storage and to the other tabs of its origin.
//!
//! # What is shared
//!
//! Every key that is written while an edge is attached, or between two edges of one store, application,
//! prefix and schema. What stood in the store before the first is this tab's own until it is written: a
//! new tab's defaults overwrite nothing. Keys that are computed are not
//! shared, since they follow. Keys of a micro-frontend that is not on this page wait until it
//! registers; when it leaves the page, they stay where they are stored and in the other tabs.
//!
//! The stores of a page that have [joined](page::guest::Guest) have one edge together, on whichever of
//! them: what any of them writes goes out through it, and what comes in is in all. It ends with its
//! store; whoever attaches one then is next: it knows what the last one knew, so that other tabs can be
//! told of it, and what was written meanwhile counts as written then. Also where the host has gone, and
//! the next edge is that of a guest which has taken its place, or of another container.
//!
//! # What wins
//!
//! The later write, by a hybrid logical clock ([`Stamp`]): every tab and the storage come to one
//! state, whatever the order, loss or doubling of messages. What is later is decided for each place
//! inside of a value that is a JSON object:
//!
//! | written at once in two tabs | both have |
//! |---|---|
//! | two members of an object | both |
//! | one member | the later |
//! | the whole removed, or replaced by something that is no object; one member of it | the removal, or what replaced it |
//! | an object replaced by one that has no member in common with it, such as another variant of an enum | the later, as a whole |
//! | an object replaced by such a one; a member of it | what replaced it |
//! | an array | the later, as a whole; with [`Merge::keyed`] its items one by one |
//! | a key with [`Merge::whole`] | the later |
//!
//! A type whose members depend on each other should be merged as a whole, such as an enum with the tag
//! inside. In others, variants are not mixed.
//!
//! # What comes in
//!
//! Everything is validated first; what is refused is counted ([`EdgeStatus::refused`]), reported, and
//! changes nothing. What is taken in is one transaction, of [`Origin::Tab`](crate::Origin::Tab) or
//! [`Origin::Storage`](crate::Origin::Storage), and passes middleware. What middleware makes of it
//! stays in this tab; what it vetoes is counted.

pub mod browser;
mod builder;
mod clock;
mod door;
mod entry;
mod feed;
mod hash;
#[cfg(feature = "host")]
pub mod host;
mod left;
mod link;
mod outbound;
#[cfg(feature = "js")]
pub mod page;
mod refusal;
mod replica;
#[cfg(feature = "simulator")]
pub mod simulator;
mod stamp;
mod status;
mod storage;
mod tabs;
#[cfg(test)]
mod tests;

pub use builder::{EdgeBuilder, Merge};
pub use link::Edge;
pub use refusal::{Refusal, Refused};
pub use stamp::{Malformed, ReplicaId, Stamp};
pub use status::EdgeStatus;
pub use storage::{
    Backend, Fault, Initial, Items, Loaded, Memory, Quarantined, SaveFailure, SaveStatus, Storage,
    Then,
};
pub use tabs::{Receive, Tabs, Transport};

/// An id that no other replica has.
fn random_id() -> ReplicaId {
    ReplicaId::new(browser::random::bits())
}
