//! Who is signed in. Built and versioned by the identity team.

use leptos::prelude::*;
use universal_state::MfeInfo;
use workbench_ui::{
    EditCount, Outage, SharedSnapshot, Stepper, ThemeSwitch, UserFields, use_counter, use_theme,
    use_user,
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
    let (user, theme, counter) = (use_user(), use_theme(), use_counter());
    let name = move || Some(user.value.get().name).filter(|name| !name.trim().is_empty());
    let email = move || Some(user.value.get().email).filter(|email| !email.is_empty());
    view! {
        <Outage when=failing service="the identity service"/>
        <div class="person">
            <span class="person-initials" aria-hidden="true">
                {move || initials(&user.value.get().name)}
            </span>
            <div class="person-text">
                <p class="person-name" class:is-empty=move || name().is_none()>
                    {move || name().unwrap_or_else(|| "Nobody yet".to_owned())}
                </p>
                <p class="person-email">
                    {move || email().unwrap_or_else(|| "no e-mail address".to_owned())}
                </p>
            </div>
        </div>
        <UserFields user/>
        <div class="field-row">
            <ThemeSwitch theme/>
            <Stepper counter/>
        </div>
        <EditCount/>
        <SharedSnapshot/>
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
