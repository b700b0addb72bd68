//! Hooks and components for Leptos.
//!
//! A component provides a store ([`provide_global_state`], [`GlobalStateProvider`]), those below
//! it use it. A hook reads through the signal of its key, so a component repaints only for the
//! keys that it read, whichever engine runs, and goes on when the engine is exchanged. Inside of an
//! [`Mfe`] every hook reads and writes as that micro-frontend.
//!
//! On a server the hooks read the store of their request and touch nothing else; no effect runs
//! there. Make a store for each request: a store in a `static` would mix up visitors.

mod action;
#[cfg(feature = "json")]
mod at;
#[cfg(feature = "collections")]
mod collection;
#[cfg(feature = "edge")]
mod edge;
#[cfg(feature = "fields")]
mod fields;
mod flight;
mod follow;
mod history;
#[cfg(feature = "host")]
mod host;
mod key_source;
mod landing;
mod load;
mod mfe;
#[cfg(feature = "js")]
mod page;
mod provider;
mod resource;
mod selector;
mod snapshot;
mod state;
mod states;

pub use action::{GlobalAction, use_global_action};
#[cfg(feature = "json")]
pub use at::{SetAt, use_global_at};
#[cfg(feature = "collections")]
pub use collection::{
    GlobalMap, GlobalSet, use_global_map, use_global_set, use_mfe_map, use_mfe_set,
};
#[cfg(feature = "edge")]
pub use edge::{provide_edge, use_edge, use_edge_status};
#[cfg(feature = "fields")]
pub use fields::{use_global_store, use_global_store_or, use_mfe_store, use_mfe_store_or};
pub use follow::{use_computed, use_metadata, use_mfes, use_registered_computed, use_subscription};
pub use history::{UseHistory, use_history, use_mfe_history};
#[cfg(feature = "host")]
pub use host::{HostedFallback, MicroFrontend, MicroFrontendProps, provide_host, use_host};
pub use key_source::{KeySource, ReactiveKey};
pub use landing::use_landing;
pub use load::{LoadSignals, use_load_status};
pub use mfe::{Mfe, MfeFallback, MfeProps, try_use_scope, use_mfe, use_scope};
#[cfg(feature = "js")]
pub use page::provide_page;
pub use provider::{
    GlobalStateProvider, GlobalStateProviderProps, provide_global_state, try_use_store, use_store,
};
pub use resource::{
    GlobalResource, UseGlobalResourceOptions, use_global_resource, use_global_resource_with_options,
};
pub use selector::{use_selector, use_selectors};
pub use snapshot::use_snapshot;
pub use state::{
    SetState, UseGlobalStateOptions, use_global_state, use_global_state_or,
    use_global_state_with_options, use_mfe_state,
};
pub use states::{KeyTuple, SetStates, use_global_states};
