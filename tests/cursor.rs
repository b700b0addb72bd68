//! Cursors: places inside of values that were looked up once. They read and write what the accessors
//! of the same places do, and tell the same readers.
#![cfg(feature = "fields")]

#[path = "fields/support.rs"]
#[allow(dead_code, reason = "the cases of the accessors use all of it")]
mod support;

#[path = "cursor/places.rs"]
mod places;
