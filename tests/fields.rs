//! The fields of a value: which readers run, counted, whatever door a write comes through; and that
//! fields open no door of their own.
#![cfg(feature = "fields")]

#[cfg(all(not(target_family = "wasm"), feature = "json"))]
mod seeded;
#[path = "fields/support.rs"]
mod support;

#[path = "fields/by_index.rs"]
mod by_index;
#[path = "fields/by_key.rs"]
mod by_key;
#[path = "fields/cost.rs"]
mod cost;
#[path = "fields/doors.rs"]
mod doors;
#[path = "fields/guards.rs"]
mod guards;
#[path = "fields/history.rs"]
mod history;
#[path = "fields/kept.rs"]
mod kept;
#[path = "fields/life.rs"]
mod life;
#[path = "fields/missing.rs"]
mod missing;
#[path = "fields/pipe.rs"]
mod pipe;
#[cfg(feature = "json")]
#[path = "fields/plain.rs"]
mod plain;
#[path = "fields/precision.rs"]
mod precision;
#[path = "fields/random.rs"]
mod random;
#[path = "fields/threads.rs"]
mod threads;
#[path = "fields/types.rs"]
mod types;
#[path = "fields/writing.rs"]
mod writing;
