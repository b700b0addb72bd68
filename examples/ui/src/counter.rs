//! The counter, as a stepper and as steps of several sizes.

use crate::{Refusal, RefusalNote, RenderCount, Renders, Shared, text};
use leptos::prelude::*;
use universal_state::hooks::use_scope;

/// The number between two buttons; it can be typed as well.
#[component]
pub fn Stepper(counter: Shared<i64>) -> impl IntoView {
    let renders = Renders::of("Counter");
    let refusal = Refusal::new(counter.value);
    let id = format!("{}-counter", use_scope().id());
    let note = format!("{id}-refusal");
    let type_in = move |event| {
        let typed = event_target_value(&event);
        refusal.note(match typed.trim().replace(',', "").parse() {
            Ok(number) => counter.replace(number),
            Err(_) => Err(format!("“{}” is no whole number", text::cut(&typed, 24))),
        });
    };
    view! {
        <div class="field">
            <div class="field-head">
                <label class="field-label" for=id.clone()>
                    "Counter"
                </label>
                <RenderCount renders/>
            </div>
            <div class="stepper">
                <Step counter refusal by=-1/>
                <input
                    id=id
                    type="text"
                    inputmode="numeric"
                    autocomplete="off"
                    aria-describedby=note.clone()
                    aria-invalid=move || refusal.reason().is_some().to_string()
                    prop:value=renders.counting(move || counter.value.get().to_string())
                    on:change=type_in
                />
                <Step counter refusal by=1/>
            </div>
            <RefusalNote id=note refusal/>
        </div>
    }
}

/// Buttons that count by these numbers.
#[component]
pub fn CounterSteps(counter: Shared<i64>, by: Vec<i64>) -> impl IntoView {
    let refusal = Refusal::new(counter.value);
    let step = move |by| view! { <Step counter refusal by/> };
    view! {
        <div class="counter-steps" role="group" aria-label="Count">
            {by.into_iter().map(step).collect_view()}
        </div>
        <RefusalNote id=format!("{}-steps-refusal", use_scope().id()) refusal/>
    }
}

#[component]
fn Step(counter: Shared<i64>, refusal: Refusal<i64>, by: i64) -> impl IntoView {
    let name = if by < 0 {
        format!("Subtract {}", -by)
    } else {
        format!("Add {by}")
    };
    let face = match by {
        1 => "+".to_owned(),
        -1 => "−".to_owned(),
        by => text::signed(by),
    };
    view! {
        <button
            type="button"
            class="step"
            aria-label=name
            on:click=move |_| {
                refusal.note(counter.change(|count| *count = count.saturating_add(by)));
            }
        >
            {face}
        </button>
    }
}
