//! What the store says of itself.

use crate::{clock::TimeOfDay, notices::Notices};
use leptos::prelude::*;
use universal_state::hooks::use_store;
use workbench_ui::text::{cut, grouped};

/// The store's metadata, as figures side by side.
#[component]
pub fn Stats(notices: Notices) -> impl IntoView {
    let store = use_store();
    let metadata = {
        let store = store.clone();
        Memo::new(move |_| store.metadata())
    };
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
                <Stat name="Version">{move || grouped(metadata.get().version)}</Stat>
                <Stat name="Updates">{move || grouped(metadata.get().update_count)}</Stat>
                <Stat name="Keys">{move || grouped(keys.get())}</Stat>
                <Stat name="State size">{move || grouped(bytes.get())} <small>" bytes"</small></Stat>
                <Stat name="Listeners">{move || grouped(listeners.get())}</Stat>
                <Stat name="Last update">
                    {move || match metadata.get().last_update {
                        Some(ms) => view! { <TimeOfDay ms/> }.into_any(),
                        None => "never".into_any(),
                    }}
                </Stat>
                <Stat name="Last source">{move || cut(&metadata.get().source, 24)}</Stat>
                <Alarm name="Denied" count=denied/>
                <Alarm name="Errors" count=errors/>
            </dl>
        </section>
    }
}

#[component]
fn Stat(name: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="stat">
            <dt>{name}</dt>
            <dd>{children()}</dd>
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
