//! Cursors: places inside of values that were looked up once. They read and write what the accessors
//! of the same places do, and tell the same readers.
#![cfg(feature = "fields")]

/// C-SEND-SYNC of the Rust API Guidelines.
const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<universal_state::Cursor<i32>>();
};

#[cfg(all(not(target_family = "wasm"), feature = "json"))]
mod seeded;
#[path = "fields/support.rs"]
#[allow(dead_code, reason = "the cases of the accessors use all of it")]
mod support;

#[cfg(all(not(target_family = "wasm"), feature = "json"))]
#[path = "cursor/alike.rs"]
mod alike;
#[path = "cursor/listening.rs"]
mod listening;
#[path = "cursor/meanwhile.rs"]
mod meanwhile;
#[path = "cursor/pipe.rs"]
mod pipe;
#[path = "cursor/places.rs"]
mod places;
