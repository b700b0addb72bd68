//! Storage.

mod backend;

pub use backend::{Backend, Fault, Items, Loaded, Then};
