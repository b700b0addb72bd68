//! JSON as text (RFC 8259). `serde_json` reads and writes it too, but what it has for that serves every
//! type, and is the larger part of an edge.

#[cfg(feature = "edge")]
mod read;
mod write;

#[cfg(feature = "edge")]
pub(crate) use read::read;
pub(crate) use write::text;
#[cfg(feature = "edge")]
pub(crate) use write::{quote, write};
