//! Who is signed in. Built and versioned by the identity team.

use leptos::prelude::*;
use universal_state::MfeInfo;
use workbench_ui::{
    EditCount, Outage, RenderCount, Renders, SharedSnapshot, Stepper, ThemeSwitch, UserFields,
    use_counter, use_email, use_name, use_theme,
};

/// What this micro-frontend says of itself.
pub fn info() -> MfeInfo {
    MfeInfo::new("profile", "leptos", env!("CARGO_PKG_VERSION"))
}

/// The person first, then whatever else is shared.
#[component]
pub fn Profile(
    /// Whether to fail as if the team's service were away.
    failing: Signal<bool>,
) -> impl IntoView {
    let (theme, counter) = (use_theme(), use_counter());
    view! {
        <Outage when=failing service="the identity service"/>
        <Person/>
        <UserFields/>
        <div class="field-row">
            <ThemeSwitch theme/>
            <Stepper counter/>
        </div>
        <EditCount/>
        <SharedSnapshot/>
    }
}

/// The person as others see them.
#[component]
fn Person() -> impl IntoView {
    let (name, email) = (use_name().value, use_email().value);
    let renders = Renders::of("Person");
    let person = move || {
        let (name, email) = (name.get(), email.get());
        let is_nobody = name.trim().is_empty();
        let initials = initials(&name);
        let or =
            |text: String, is_empty, other: &str| if is_empty { other.to_owned() } else { text };
        view! {
            <span class="person-initials" aria-hidden="true">
                {initials}
            </span>
            <div class="person-text">
                <p class="person-name" class:is-empty=is_nobody>
                    {or(name, is_nobody, "Nobody yet")}
                </p>
                <p class="person-email">
                    {or(email.clone(), email.is_empty(), "no e-mail address")}
                </p>
            </div>
        }
    };
    view! {
        <div class="person">
            {renders.counting(person)}
            <RenderCount renders/>
        </div>
    }
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let letters = [words.next(), words.next_back()];
    let letters = letters
        .into_iter()
        .flatten()
        .filter_map(|word| word.chars().next());
    let initials: String = letters.flat_map(char::to_uppercase).collect();
    if initials.is_empty() {
        "?".to_owned()
    } else {
        initials
    }
}
