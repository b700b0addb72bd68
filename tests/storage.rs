//! Storage: what is written survives the page, and whatever storage does, the store goes on.
//!
//! `UNIVERSAL_STATE_CASES` sets how many scripts the random test tries (1000 if it is not set). A failure
//! prints its seed; to replay it, set `PROPTEST_RNG_SEED` to that.

#![cfg(all(feature = "edge", not(target_family = "wasm")))]

#[macro_use]
mod figures;
#[path = "conformance/effects.rs"]
mod effects;
mod seeded;
mod special_names;
#[path = "storage/support.rs"]
mod support;

#[path = "storage/between.rs"]
mod between;
#[path = "storage/corruption.rs"]
mod corruption;
#[path = "storage/faults.rs"]
mod faults;
#[path = "storage/life.rs"]
mod life;
#[path = "storage/names.rs"]
mod names;
#[path = "storage/options.rs"]
mod options;
#[path = "storage/random.rs"]
mod random;
#[path = "storage/sharing.rs"]
mod sharing;
#[path = "storage/slow.rs"]
mod slow;
#[path = "storage/status.rs"]
mod status;
#[cfg(feature = "simulator")]
#[path = "storage/tabs.rs"]
mod tabs;
#[path = "storage/versions.rs"]
mod versions;
