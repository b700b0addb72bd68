//! The theme, as a switch.

use crate::{Refusal, RefusalNote, RenderCount, Renders, Segmented, Shared};
use leptos::prelude::*;
use universal_state::hooks::use_scope;
use workbench_contract::Theme;

/// The theme that the system asks for.
pub fn preferred_theme() -> Theme {
    let dark = web_sys::window()
        .and_then(|window| window.match_media("(prefers-color-scheme: dark)").ok())
        .flatten()
        .is_some_and(|query| query.matches());
    if dark { Theme::Dark } else { Theme::Light }
}

/// Light or dark, side by side.
#[component]
pub fn ThemeSwitch(theme: Shared<Theme>) -> impl IntoView {
    let renders = Renders::of("Theme");
    let refusal = Refusal::new(theme.value);
    view! {
        <div class="field">
            <div class="field-head">
                <span class="field-label" aria-hidden="true">
                    "Theme"
                </span>
                <RenderCount renders/>
            </div>
            <Segmented
                label="Theme"
                options=Theme::ALL.map(|theme| (theme, theme.label())).to_vec()
                selected=theme.value
                renders
                on_select=move |chosen| refusal.note(theme.replace(chosen))
            />
            <RefusalNote id=format!("{}-theme-refusal", use_scope().id()) refusal/>
        </div>
    }
}
