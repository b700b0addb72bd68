//! A few choices side by side, of which one holds.

use crate::Renders;
use leptos::prelude::*;

/// Buttons of which one is pressed.
#[component]
pub fn Segmented<T: Copy + PartialEq + Send + Sync + 'static>(
    /// What is chosen, for a screen reader.
    label: &'static str,
    /// The choices and what they are called.
    options: Vec<(T, &'static str)>,
    #[prop(into)] selected: Signal<T>,
    renders: Renders,
    #[prop(into)] on_select: Callback<T>,
) -> impl IntoView {
    let button = move |pressed: T, (value, name): (T, &'static str)| {
        view! {
            <button
                type="button"
                aria-pressed=(value == pressed).to_string()
                on:click=move |_| on_select.run(value)
            >
                {name}
            </button>
        }
    };
    let buttons = move || {
        let pressed = selected.get();
        let button = |option: &(T, &'static str)| button(pressed, *option);
        options.iter().map(button).collect_view()
    };
    view! {
        <div class="segmented" role="group" aria-label=label>
            {renders.counting(buttons)}
        </div>
    }
}
