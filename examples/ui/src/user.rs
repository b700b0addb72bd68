//! The person, as fields to type in.

use crate::{Field, Refusal, RefusalNote, RenderCount, Renders, use_email, use_name};
use leptos::prelude::*;
use universal_state::hooks::use_scope;

/// Name and e-mail address.
#[component]
pub fn UserFields() -> impl IntoView {
    view! {
        <TextField name="name" label="Name" kind="text" field=use_name()/>
        <TextField name="email" label="E-mail" kind="email" field=use_email()/>
    }
}

/// A labelled line of text. What is typed goes out at once; what comes in from elsewhere is shown
/// at once; a text that is refused stays in the field, with the reason beside it.
#[component]
fn TextField(
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    field: Field,
) -> impl IntoView {
    let renders = Renders::of(label);
    let refusal = Refusal::new(field.value);
    let id = format!("{}-{name}", use_scope().id());
    let note = format!("{id}-refusal");
    view! {
        <div class="field">
            <div class="field-head">
                <label class="field-label" for=id.clone()>
                    {label}
                </label>
                <RenderCount renders/>
            </div>
            <input
                id=id
                type="text"
                inputmode=kind
                autocomplete="off"
                spellcheck="false"
                aria-describedby=note.clone()
                aria-invalid=move || refusal.reason().is_some().to_string()
                // Writing what the field holds already leaves the caret where it is.
                prop:value=renders.counting(move || field.value.get())
                on:input=move |event| refusal.note(field.replace(&event_target_value(&event)))
            />
            <RefusalNote id=note refusal/>
        </div>
    }
}
