//! Edges: what outside mirrors a store, in step with it.

pub mod browser;
mod builder;
mod clock;
mod door;
mod entry;
mod feed;
mod link;
mod replica;
mod stamp;
mod status;
mod storage;
mod tabs;

pub use builder::{EdgeBuilder, Merge};
pub use door::Refusal;
pub use link::Edge;
pub use stamp::{Malformed, ReplicaId, Stamp};
pub use status::EdgeStatus;
pub use storage::{Backend, Fault, Items, Loaded, Then};
pub use tabs::{Receive, Transport};

/// An id that no other replica has.
fn random_id() -> ReplicaId {
    ReplicaId::new(browser::random::bits())
}
