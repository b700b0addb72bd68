//! A few choices side by side, of which one holds.

use leptos::prelude::*;

/// Buttons of which one is pressed.
#[component]
pub fn Segmented<T: Copy + PartialEq + Send + Sync + 'static>(
    /// What is chosen, for a screen reader.
    label: &'static str,
    /// The choices and what they are called.
    options: Vec<(T, &'static str)>,
    #[prop(into)] selected: Signal<T>,
    #[prop(into)] on_select: Callback<T>,
) -> impl IntoView {
    let button = move |(value, name)| {
        view! {
            <button
                type="button"
                aria-pressed=move || (selected.get() == value).to_string()
                on:click=move |_| on_select.run(value)
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="segmented" role="group" aria-label=label>
            {options.into_iter().map(button).collect_view()}
        </div>
    }
}
