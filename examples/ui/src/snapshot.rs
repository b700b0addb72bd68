//! The shared state as one micro-frontend sees it.

use crate::{RenderCount, Renders, text};
use leptos::prelude::*;
use universal_state::hooks::use_snapshot;

/// The live snapshot of all shared keys, as JSON.
#[component]
pub fn SharedSnapshot() -> impl IntoView {
    let snapshot = use_snapshot();
    let renders = Renders::of("Snapshot");
    let shown = move || {
        let snapshot = snapshot.get();
        let version = format!("version {}", text::grouped(snapshot.version()));
        view! {
            <figcaption>"Live snapshot" <span class="snapshot-version">{version}</span></figcaption>
            <pre>{text::pretty(&snapshot)}</pre>
        }
    };
    view! {
        <figure class="snapshot">
            {renders.counting(shown)}
            <RenderCount renders/>
        </figure>
    }
}
