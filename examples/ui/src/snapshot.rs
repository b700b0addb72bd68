//! The shared state as one micro-frontend sees it.

use crate::text;
use leptos::prelude::*;
use universal_state::hooks::use_snapshot;

/// The live snapshot of all shared keys, as JSON.
#[component]
pub fn SharedSnapshot() -> impl IntoView {
    let snapshot = use_snapshot();
    view! {
        <figure class="snapshot">
            <figcaption>
                "Live snapshot"
                <span class="snapshot-version">
                    {move || format!("version {}", text::grouped(snapshot.get().version()))}
                </span>
            </figcaption>
            <pre>{move || text::pretty(&snapshot.get())}</pre>
        </figure>
    }
}
