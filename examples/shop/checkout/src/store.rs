//! The page's store, from this wasm.

use universal_state::Store;

/// The store that the whole shop shares.
pub fn connect() -> Store {
    Store::new()
}
