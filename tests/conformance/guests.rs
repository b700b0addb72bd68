//! Stores that have joined another one, of which the cases know nothing.

use std::{cell::Cell, sync::Arc};
use universal_state::{
    EngineKind, Store,
    edge::page::{
        guest::Guest,
        link::{Host, Links},
    },
};

thread_local! {
    static HOST: Cell<Option<EngineKind>> = const { Cell::new(None) };
}

/// The stores of this thread are guests of stores on an engine.
pub fn of(host: EngineKind) {
    HOST.set(Some(host));
}

/// Joins a store to a new host, if those of this thread are guests.
pub fn join(store: &Store) {
    let Some(engine) = HOST.get() else { return };
    let host = Store::builder().engine(engine).on_error(|_| {}).build();
    let links = Links::new(&host);
    Guest::join(store, |receive| {
        Ok(Arc::new(links.link(receive)?) as Arc<dyn Host>)
    })
    .unwrap();
}

/// Whether the stores of this thread are guests. What follows from values that cross as JSON, as a
/// whole, is not promised to them: that one without a JSON form is stored, that none is encoded before
/// somebody asks, that the cost of a write does not follow the size of a value.
pub fn are_meant() -> bool {
    HOST.get().is_some()
}
