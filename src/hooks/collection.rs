//! `use_global_map`, `use_global_set` and their like: the entries of a collection, one by one.

mod map;
mod set;

pub use map::{GlobalMap, use_global_map, use_mfe_map};
pub use set::{GlobalSet, use_global_set, use_mfe_set};

use super::{key_source::KeySource, state::Reach};
use crate::{error::StateError, key::Key, store::View};
use leptos::prelude::*;
use std::sync::Arc;

/// Comes to the handle `H` of a key of type `C`; ends with the component.
struct Place<C: 'static, H: 'static>(StoredValue<Arc<Found<C, H>>>);

struct Found<C, H> {
    view: View,
    reach: Reach<C, H>,
    find: fn(&View, &Key<C>) -> Result<H, StateError>,
}

impl<C, H> Copy for Place<C, H> {}

impl<C, H> Clone for Place<C, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: Send + Sync, H: Clone + Send + Sync> Place<C, H> {
    fn new(
        view: View,
        key: KeySource<C>,
        find: fn(&View, &Key<C>) -> Result<H, StateError>,
    ) -> Self {
        let reach = Reach::new(&view, key, find);
        Self(StoredValue::new(Arc::new(Found { view, reach, find })))
    }

    fn found(&self) -> Result<Arc<Found<C, H>>, StateError> {
        self.0.try_get_value().ok_or(StateError::Unmounted)
    }

    /// The handle. A key that follows from signals is tracked.
    fn handle(&self) -> Result<H, StateError> {
        self.found()?.handle()
    }

    /// The handle, for a write.
    fn handle_to_write(&self) -> Result<H, StateError> {
        untrack(|| self.handle())
    }

    /// What was read, or nothing and a report.
    fn or_report<R>(&self, result: Result<R, StateError>) -> Option<R> {
        match self.found() {
            Ok(found) => found.view.or_report(result),
            Err(error) => {
                leptos::logging::error!("universal-state: {error}");
                None
            }
        }
    }
}

impl<C, H: Clone> Found<C, H> {
    fn handle(&self) -> Result<H, StateError> {
        match &self.reach {
            Reach::Handle(handle) => Ok(handle.clone()),
            Reach::Reactive(view, key) => (self.find)(view, &key()),
        }
    }
}
