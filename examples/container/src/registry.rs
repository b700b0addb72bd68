//! Who is on the page.

use crate::clock::TimeOfDay;
use leptos::prelude::*;
use universal_state::{Mfe, hooks::use_store};
use workbench_ui::{RenderCount, Renders};

/// The registry of micro-frontends.
#[component]
pub fn Registry() -> impl IntoView {
    let store = use_store();
    let renders = Renders::of("Registry");
    let mfes = Memo::new(move |_| store.mfes());
    view! {
        <section class="panel" aria-labelledby="registry-heading">
            <div class="panel-header">
                <h2 id="registry-heading">"Registry"</h2>
                <RenderCount renders/>
            </div>
            <table class="table">
                <caption class="visually-hidden">"Registered micro-frontends"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Id"</th>
                        <th scope="col">"Framework"</th>
                        <th scope="col">"Version"</th>
                        <th scope="col">"Since"</th>
                    </tr>
                </thead>
                <tbody>
                    <For
                        each=renders.counting(move || mfes.get())
                        key=|mfe| (mfe.info.id.clone(), mfe.registered_at)
                        let:mfe
                    >
                        <Row mfe/>
                    </For>
                </tbody>
            </table>
            <Show when=move || mfes.get().is_empty()>
                <p class="empty">"No micro-frontend is mounted."</p>
            </Show>
        </section>
    }
}

#[component]
fn Row(mfe: Mfe) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">{mfe.info.id}</th>
            <td>{mfe.info.framework}</td>
            <td>{mfe.info.version}</td>
            <td>
                <TimeOfDay ms=mfe.registered_at/>
            </td>
        </tr>
    }
}
