//! Storage: what is written survives the page, and whatever storage does, the store goes on.
//!
//! `UNIVERSAL_STATE_CASES` sets how many scripts the random test tries (200 if it is not set). A failure
//! prints its seed; to replay it, set `PROPTEST_RNG_SEED` to that.

#![cfg(all(feature = "edge", not(target_family = "wasm")))]

#[path = "storage/support.rs"]
mod support;

#[path = "storage/life.rs"]
mod life;
#[path = "storage/names.rs"]
mod names;
