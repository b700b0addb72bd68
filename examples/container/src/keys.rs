//! Every key, as the owner of the store sees it.

use leptos::prelude::*;
use universal_state::hooks::use_snapshot;
use workbench_ui::{RenderCount, Renders, text};

/// What a row shows of a value, and what its title does, in characters.
const SHOWN: usize = 120;
const IN_TITLE: usize = 2_000;

/// All keys with their values: those that are shared and those of each micro-frontend.
#[component]
pub fn AllKeys() -> impl IntoView {
    let renders = Renders::of("All keys");
    let snapshot = use_snapshot();
    let rows = Memo::new(move |_| {
        let mut rows: Vec<(String, String)> = snapshot
            .get()
            .iter()
            .map(|(key, value)| (key.to_owned(), text::json(value)))
            .collect();
        // Shared keys first, then those of micro-frontends.
        rows.sort_unstable_by_key(|(key, _)| (key.starts_with('@'), key.clone()));
        rows
    });
    let row = |(key, value): (String, String)| {
        view! {
            <tr>
                <th scope="row">
                    <code>{key}</code>
                </th>
                <td>
                    <code title=text::cut(&value, IN_TITLE)>{text::cut(&value, SHOWN)}</code>
                </td>
            </tr>
        }
    };
    view! {
        <section class="panel" aria-labelledby="keys-heading">
            <div class="panel-header">
                <h2 id="keys-heading">"All keys"</h2>
                <RenderCount renders/>
            </div>
            <table class="table table-keys">
                <caption class="visually-hidden">"Every key and its value"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Key"</th>
                        <th scope="col">"Value"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=renders.counting(move || rows.get()) key=Clone::clone let:entry>
                        {row(entry)}
                    </For>
                </tbody>
            </table>
            <Show when=move || rows.get().is_empty()>
                <p class="empty">"The store holds no key. Whatever you edit comes back."</p>
            </Show>
        </section>
    }
}
