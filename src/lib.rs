//! The shared state layer for micro-frontends: one store, typed and fast in Rust, that every part
//! of a page reads and writes.
//!
//! # Concepts
//!
//! A [`Store`] is a cheap handle to one universal state. A [`Key<T>`] names a value and fixes its
//! type; teams share keys as a contract. Every change is a transaction that takes one way: through
//! [`Middleware`], into the [engine](EngineKind), and out to whoever reads it, as a signal or as a
//! listener. A [`Scope`] is the handle of one micro-frontend: its own keys, the shared ones, and
//! those of others that it was granted.
//!
//! # Example
//!
//! ```
//! use serde::{Deserialize, Serialize};
//! use universal_state::{Key, MfeInfo, StateError, Store};
//!
//! #[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
//! struct User {
//!     name: String,
//! }
//!
//! const USER: Key<User> = Key::new("user");
//!
//! let store = Store::new();
//! let profile = store.register_mfe(MfeInfo::new("profile", "leptos", "1.0.0"))?;
//!
//! let _subscription = store.subscribe(USER, |user: Option<&User>, change| {
//!     println!("{user:?}, says {}", change.source());
//! })?;
//!
//! profile.shared().set(USER, User { name: "Ada".into() })?;
//! store.flush(); // in a browser the turn ends by itself
//! assert_eq!(store.get(USER).map(|user| user.name).as_deref(), Some("Ada"));
//! # Ok::<(), StateError>(())
//! ```
//!
//! In Leptos components, the [`hooks`] do the same with signals.
//!
//! # Design principles
//!
//! - **One way in.** There is no write that middleware and listeners do not see.
//! - **Values are immutable.** A reader never holds a lock, and no user code runs under one.
//! - **The engine is a detail.** Subscriptions, handles and hooks belong to the store and outlive an
//!   exchange of the engine.
//! - **JSON stays at the edges.** A value is kept as the type it was written as. Read as another
//!   type, it goes through JSON, once: so teams may have types of their own for one key, and deploy
//!   at different times.
//! - **Nothing panics over input.** What goes wrong is a [`StateError`]; where nobody is there to
//!   receive it, it goes to the store's reporter.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `leptos` | yes | the [`hooks`] and components; enables neither `csr` nor `hydrate` nor `ssr` |
//! | `json` | yes | values as JSON, reading a value as another type than was written, sizes in bytes |
//! | `fields` | yes | [`fields`]: the fields of a value, read and written one by one |
//! | `regex` | yes | [`Pattern::regex`] beside [`Pattern::glob`] |
//! | `collections` | yes | [`OrdMap`] and [`OrdSet`] under a key, read, tracked and written by entry |
//! | `edge` | yes | [`edge`]: storage that survives the page, and all tabs of an origin in step; needs `json` |
//! | `indexed-db` | no | `edge::browser::IndexedDb`: storage in IndexedDB; needs `edge` |
//! | `js` | no | `edge::page`: the store on the page, for scripts and for stores in other wasm; needs `edge` |
//! | `host` | no | `edge::host`: micro-frontends that are loaded at run time; needs `js` |
//! | `simulator` | no | `edge::simulator`: tabs over a network that is made to fail, in tests; needs `edge` |
//!
//! The core, without default features, needs neither Leptos nor web-sys, runs natively, and is
//! `Send + Sync`.

#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]

mod change;
#[cfg(feature = "collections")]
mod collection;
#[cfg(feature = "edge")]
pub mod edge;
mod engine;
mod error;
mod few;
#[cfg(feature = "fields")]
pub mod fields;
#[cfg(feature = "leptos")]
pub mod hooks;
#[cfg(feature = "json")]
mod json;
mod key;
mod label;
mod mfe;
mod pattern;
#[cfg(feature = "json")]
mod pointer;
mod sorted;
mod store;
mod value;

pub use change::{Change, ChangeSet, Origin};
#[cfg(feature = "collections")]
pub use collection::{Iter, OrdMap, OrdSet};
pub use engine::EngineKind;
pub use error::{Access, KeyFault, Reporter, StateError};
#[cfg(feature = "fields")]
pub use fields::{ArcFields, Cursor, Diff, Fields, Shared, ToCursor};

pub use key::{AsKey, Key, MAX_KEY_BYTES};
pub use label::{Label, Labels};
pub use mfe::{Mfe, MfeInfo, Scope, SharedAccess};
pub use pattern::Pattern;
#[cfg(feature = "json")]
pub use pointer::Pointer;
pub use store::{
    Computed, Delivery, Handle, History, HistoryMove, HistoryOptions, HistoryStep, Landing,
    LoadPhase, LoadStatus, Log, Metadata, Middleware, MiddlewareId, Monitor, Outcome,
    RegisteredComputed, Request, Restore, Snapshot, Store, StoreBuilder, SubscribeOptions,
    Subscription, Task, Transaction, Validate, Veto, View, Warning, Write,
};
#[cfg(feature = "collections")]
pub use store::{MapHandle, SetHandle};
#[cfg(feature = "fields")]
pub use universal_state_macros::Diff;
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

/// The examples of the README are tests.
#[cfg(all(doctest, feature = "leptos", feature = "collections", feature = "js"))]
#[doc = include_str!("../README.md")]
struct Readme;
