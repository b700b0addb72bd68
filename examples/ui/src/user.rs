//! The person, as fields to type in.

use crate::{Refusal, RefusalNote, Shared};
use leptos::prelude::*;
use universal_state::hooks::use_scope;
use workbench_contract::User;

/// Name and e-mail address.
#[component]
pub fn UserFields(user: Shared<User>) -> impl IntoView {
    view! {
        <TextField
            name="name"
            label="Name"
            kind="text"
            value=Memo::new(move |_| user.value.get().name)
            on_input=move |typed: String| user.change(|user| user.name.clone_from(&typed))
        />
        <TextField
            name="email"
            label="E-mail"
            kind="email"
            value=Memo::new(move |_| user.value.get().email)
            on_input=move |typed: String| user.change(|user| user.email.clone_from(&typed))
        />
    }
}

/// A labelled line of text. What is typed goes out at once; what comes in from elsewhere is shown
/// at once; a text that is refused stays in the field, with the reason beside it.
#[component]
fn TextField(
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    #[prop(into)] value: Signal<String>,
    #[prop(into)] on_input: Callback<String, Result<(), String>>,
) -> impl IntoView {
    let refusal = Refusal::new(value);
    let id = format!("{}-{name}", use_scope().id());
    let note = format!("{id}-refusal");
    view! {
        <div class="field">
            <label class="field-label" for=id.clone()>
                {label}
            </label>
            <input
                id=id
                type="text"
                inputmode=kind
                autocomplete="off"
                spellcheck="false"
                aria-describedby=note.clone()
                aria-invalid=move || refusal.reason().is_some().to_string()
                // Writing what the field holds already leaves the caret where it is.
                prop:value=value
                on:input=move |event| refusal.note(on_input.run(event_target_value(&event)))
            />
            <RefusalNote id=note refusal/>
        </div>
    }
}
