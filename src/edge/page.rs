//! The page: one store that every build on it shares.

pub mod guest;
pub mod link;
mod wire;
