//! How the page looks. Built and versioned by the experience team.

use leptos::prelude::*;
use universal_state::{MfeInfo, hooks::use_global_states};
use workbench_contract::{COUNTER, THEME, Theme};
use workbench_ui::{
    EditCount, Outage, Refusal, RefusalNote, RenderCount, Renders, SharedSnapshot, Stepper,
    UserFields, use_counter, use_edits, use_theme,
};

/// What this micro-frontend says of itself.
pub fn info() -> MfeInfo {
    MfeInfo::new("preferences", "leptos", env!("CARGO_PKG_VERSION"))
}

/// The theme first, then whatever else is shared.
#[component]
pub fn Preferences(
    /// Whether to fail as if the team's service were away.
    failing: Signal<bool>,
) -> impl IntoView {
    let counter = use_counter();
    view! {
        <Outage when=failing service="the preferences service"/>
        <ThemeTiles/>
        <Presets/>
        <UserFields/>
        <Stepper counter/>
        <EditCount/>
        <SharedSnapshot/>
    }
}

/// Each theme as a small picture of itself.
#[component]
fn ThemeTiles() -> impl IntoView {
    let theme = use_theme();
    let refusal = Refusal::new(theme.value);
    let renders = Renders::of("Theme");
    let tile = move |shown: Theme, chosen: Theme| {
        view! {
            <button
                type="button"
                class="theme-tile"
                aria-pressed=(shown == chosen).to_string()
                on:click=move |_| refusal.note(theme.replace(shown))
            >
                <span class="theme-tile-picture" data-shows=shown.name() aria-hidden="true">
                    <i></i>
                    <i></i>
                    <i></i>
                </span>
                {shown.label()}
            </button>
        }
    };
    let tiles = move || {
        let chosen = theme.value.get();
        Theme::ALL.map(|shown| tile(shown, chosen))
    };
    view! {
        <div class="field">
            <div class="field-head">
                <span class="field-label" aria-hidden="true">
                    "Theme"
                </span>
                <RenderCount renders/>
            </div>
            <div class="theme-tiles" role="group" aria-label="Theme">
                {renders.counting(tiles)}
            </div>
            <RefusalNote id="preferences-theme-refusal".to_owned() refusal/>
        </div>
    }
}

/// Theme and counter at once: two keys, one transaction, one repaint.
#[component]
fn Presets() -> impl IntoView {
    let (both, set_both) = use_global_states((THEME, COUNTER));
    let edits = use_edits();
    let refusal = Refusal::new(both);
    let preset = move |name: &'static str, theme: Theme, counter: i64| {
        view! {
            <button
                type="button"
                class="button"
                on:click=move |_| {
                    if both.get_untracked() != (Some(theme), Some(counter)) {
                        refusal.note(edits.record(|| set_both.try_set((theme, counter))));
                    }
                }
            >
                {name}
            </button>
        }
    };
    view! {
        <div class="field">
            <span class="field-label" aria-hidden="true">
                "Presets "
                <span class="field-hint">"two keys, one transaction"</span>
            </span>
            <div class="presets" role="group" aria-label="Presets">
                {preset("Morning, 100", Theme::Light, 100)}
                {preset("Night, 0", Theme::Dark, 0)}
            </div>
            <RefusalNote id="preferences-presets-refusal".to_owned() refusal/>
        </div>
    }
}
