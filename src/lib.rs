//! x
#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]

mod change;
mod engine;
mod error;
#[cfg(feature = "leptos")]
pub mod hooks;
mod key;
mod mfe;
mod pattern;
mod store;
mod value;

pub use change::{Change, ChangeSet, Origin};
pub use engine::EngineKind;
pub use error::{Access, KeyFault, Reporter, StateError};
pub use key::{AsKey, Key, MAX_KEY_BYTES};
pub use mfe::{Mfe, MfeInfo, Scope, SharedAccess};
pub use pattern::Pattern;
pub use store::{
    Computed, Delivery, Handle, Log, Metadata, Middleware, MiddlewareId, Monitor, Outcome, Restore,
    Snapshot, Store, StoreBuilder, SubscribeOptions, Subscription, Task, Transaction, Validate,
    Veto, View, Warning, Write,
};
pub use value::{IntoValue, Mismatch, StateValue, Value};

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

/// Locks; no user code runs under a lock, so what a panicking thread left is sound.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks for reading, likewise.
fn read<T: ?Sized>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}
