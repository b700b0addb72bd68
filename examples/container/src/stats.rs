//! What the store says of itself.

use crate::{clock::TimeOfDay, notices::Notices};
use leptos::prelude::*;
use universal_state::hooks::use_store;
use workbench_ui::{
    RenderCount, Renders,
    text::{cut, grouped},
};

/// The store's metadata, as figures side by side.
#[component]
pub fn Stats(notices: Notices) -> impl IntoView {
    let store = use_store();
    let metadata = {
        let store = store.clone();
        Memo::new(move |_| store.metadata())
    };
    let version = Memo::new(move |_| metadata.get().version);
    let updates = Memo::new(move |_| metadata.get().update_count);
    let time = Memo::new(move |_| metadata.get().last_update);
    let source = Memo::new(move |_| metadata.get().source);
    let keys = {
        let store = store.clone();
        Memo::new(move |_| store.len() as u64)
    };
    let bytes = {
        let size = store.state_size();
        Memo::new(move |_| size.get().unwrap_or(0) as u64)
    };
    // Nothing tells of these two: they are read again when something tells of their causes.
    let listeners = {
        let store = store.clone();
        Memo::new(move |_| {
            let _ = (metadata.get(), store.mfes());
            store.listener_count() as u64
        })
    };
    let denied = Memo::new(move |_| {
        let _ = notices.errors();
        store.denied_count()
    });
    let errors = Memo::new(move |_| notices.errors());
    view! {
        <section class="stats" aria-labelledby="stats-heading">
            <h2 id="stats-heading" class="visually-hidden">
                "Store"
            </h2>
            <dl>
                <Stat name="Version" figure=move || grouped(version.get())/>
                <Stat name="Updates" figure=move || grouped(updates.get())/>
                <Stat name="Keys" figure=move || grouped(keys.get())/>
                <Stat
                    name="State size"
                    figure=move || view! { {grouped(bytes.get())} <small>" bytes"</small> }
                />
                <Stat name="Listeners" figure=move || grouped(listeners.get())/>
                <Stat
                    name="Last update"
                    figure=move || match time.get() {
                        Some(ms) => view! { <TimeOfDay ms/> }.into_any(),
                        None => "never".into_any(),
                    }
                />
                <Stat name="Last source" figure=move || cut(&source.get(), 24)/>
                <Alarm name="Denied" count=denied/>
                <Alarm name="Errors" count=errors/>
            </dl>
        </section>
    }
}

#[component]
fn Stat<V: IntoView + 'static>(
    name: &'static str,
    figure: impl Fn() -> V + Send + Sync + 'static,
) -> impl IntoView {
    let renders = Renders::of(name);
    view! {
        <div class="stat">
            <dt>{name}</dt>
            <dd>{renders.counting(figure)}</dd>
            <dd class="stat-renders">
                <RenderCount renders/>
            </dd>
        </div>
    }
}

/// A figure that is there only if it is not zero.
#[component]
fn Alarm(name: &'static str, #[prop(into)] count: Signal<u64>) -> impl IntoView {
    view! {
        <Show when=move || { count.get() > 0 }>
            <div class="stat stat-alarm">
                <dt>{name}</dt>
                <dd>{move || grouped(count.get())}</dd>
            </div>
        </Show>
    }
}
