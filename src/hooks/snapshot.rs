//! `use_snapshot`: the whole state as a signal.

use super::provider::use_view;
use crate::store::Snapshot;
use leptos::prelude::*;

/// All that is shared, as a signal of [`Snapshot`]s. A component that reads it repaints at every
/// transaction; to follow single keys, use [`use_global_state`](super::use_global_state).
///
/// Outside of a micro-frontend the snapshot holds every key, inside of one the shared keys.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::hooks::use_snapshot;
///
/// #[component]
/// fn Size() -> impl IntoView {
///     let snapshot = use_snapshot();
///     view! { <p>{move || snapshot.get().len()} " keys"</p> }
/// }
/// ```
#[track_caller]
pub fn use_snapshot() -> Signal<Snapshot> {
    let view = use_view();
    // A memo, not a derived signal: unregistering a micro-frontend tells effects that its component
    // has ended already. They ask the memo, find none, and do not run.
    Memo::new_with_compare(
        move |_| view.snapshot(),
        |old, new| old.map(Snapshot::version) != new.map(Snapshot::version),
    )
    .into()
}
