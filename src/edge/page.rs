//! The page: how scripts that know nothing of Rust use a store.
//!
//! [`Page::install`] puts a handle of a store into the page's directory,
//! `globalThis[Symbol.for("universal-state/1")]`, under a name, and tells of it with the event
//! `universal-state:ready`. React, Vue, custom elements and plain JavaScript read, write and
//! subscribe through it; the npm package `universal-state` gives it types and hooks.
//!
//! # What passes the fence
//!
//! JSON, both ways. A script gets frozen objects: the same one (`===`) until the value changes, and of
//! a value that has changed, the same parts where they have not. What it gives is checked and copied;
//! what has no place in JSON (a function, a `BigInt`, a cycle, an instance of a class, an accessor) is
//! an error that names the key and the place in the value, and nothing is stored. Members that are
//! `undefined` are left out, as in JSON, and a `Date` becomes its ISO 8601 text. An integer beyond
//! 2^53 comes out rounded, as `JSON.parse` has it.
//!
//! # Who may do what
//!
//! A script without a scope is nobody's: it may use shared keys as
//! [`Store::set_shared_access`](crate::Store::set_shared_access) leaves them open, and no key of a
//! micro-frontend. `handle.scope(id)` registers one and has the rights of a
//! [`Scope`](crate::Scope). Keys that are [`Label::Secret`](crate::Label::Secret) do not exist for
//! the page. All this guards against mistakes, not against malice: scripts of one page share its
//! rights.

mod connect;
mod elsewhere;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod fence;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod gate;
pub mod guest;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod handle;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod join;
pub mod link;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod port;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod script;
mod wire;

use crate::{error::StateError, store::Store};
use std::fmt;

/// The name of a store that is given none.
pub const DEFAULT_NAME: &str = "default";

/// A store on the page. Dropping it takes the handle away: the directory forgets it, and scripts that
/// hold it get errors of the code `closed`.
#[must_use = "dropping it takes the store off the page"]
pub struct Page {
    name: String,
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    handle: send_wrapper::SendWrapper<handle::Handle>,
}

impl Page {
    /// Puts a store on the page under a name; [`DEFAULT_NAME`] is what scripts look for if they name
    /// none.
    ///
    /// # Errors
    /// [`StateError::Page`] if a store has this name already, or where there is no page.
    ///
    /// ```
    /// use universal_state::{Store, edge::page::{DEFAULT_NAME, Page}};
    ///
    /// let store = Store::new();
    /// let page = Page::install(&store, DEFAULT_NAME);
    /// // Where there is no browser:
    /// # #[cfg(not(target_family = "wasm"))]
    /// assert!(page.is_err());
    /// ```
    pub fn install(store: &Store, name: &str) -> Result<Self, StateError> {
        let refused = |reason: &str| StateError::Page {
            name: name.to_owned(),
            reason: reason.to_owned(),
        };
        #[cfg(all(target_family = "wasm", target_os = "unknown"))]
        {
            let handle = handle::Handle::install(store, name).ok_or_else(|| {
                refused("one of this name is there; give it another name, or connect to that one")
            })?;
            Ok(Self {
                name: name.to_owned(),
                handle: send_wrapper::SendWrapper::new(handle),
            })
        }
        #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
        {
            let _ = store;
            Err(refused("there is no page"))
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The handle, as scripts get it from the directory.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn handle(&self) -> wasm_bindgen::JsValue {
        self.handle.as_js()
    }

    /// Keeps the store on the page for as long as the page lives.
    pub fn forget(self) {
        std::mem::forget(self);
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
