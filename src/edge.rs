//! Edges: what outside mirrors a store, in step with it.

mod builder;
mod clock;
mod door;
mod entry;
mod feed;
mod link;
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
pub use door::Refusal;
pub use link::Edge;
pub use stamp::{Malformed, ReplicaId, Stamp};
pub use status::EdgeStatus;
pub use storage::{Backend, Fault, Items, Loaded, Then};
pub use tabs::{Receive, Tabs, Transport};

/// An id that no other replica has.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn random_id() -> ReplicaId {
    use std::hash::{BuildHasher, RandomState};

    ReplicaId::new(RandomState::new().hash_one(crate::store::now()))
}

/// An id that no other replica has.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn random_id() -> ReplicaId {
    let half = || (js_sys::Math::random() * 4_294_967_296.0) as u64;
    ReplicaId::new(half() << 32 | half())
}
