//! The engine, exchanged while the page runs.

use leptos::prelude::*;
use universal_state::{EngineKind, hooks::use_store};
use workbench_ui::{RenderCount, Renders, Segmented};

/// Which engine runs, and the way to another one.
#[component]
pub fn EngineSwitch() -> impl IntoView {
    let store = use_store();
    let running = RwSignal::new(store.engine());
    let renders = Renders::of("Engine");
    let report = RwSignal::new(String::new());
    let exchange = move |engine: EngineKind| {
        if store.engine() == engine {
            return;
        }
        match store.set_engine(engine) {
            Ok(()) => report.set(format!(
                "Carried over: {} keys, version {}, {} listeners.",
                untrack(|| store.len()),
                untrack(|| store.metadata().version),
                store.listener_count()
            )),
            Err(error) => store.report(&error),
        }
        running.set(store.engine());
    };
    view! {
        <div class="engine">
            <div class="engine-row">
                <span class="field-label" aria-hidden="true">
                    "Engine"
                </span>
                <Segmented
                    label="Engine"
                    options=EngineKind::ALL.iter().map(|kind| (*kind, kind.name())).collect()
                    selected=running
                    renders
                    on_select=exchange
                />
                <RenderCount renders/>
            </div>
            <p class="engine-report" role="status" aria-live="polite" data-testid="engine-report">
                {report}
            </p>
        </div>
    }
}
