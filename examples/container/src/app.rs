//! The page.

use crate::{
    controls::{Controls, Toggle},
    edges::Edges,
    engine_switch::EngineSwitch,
    history::{Moves, Steps, use_shared_history},
    keys::AllKeys,
    log::ChangeLog,
    notices::{NoticeArea, Notices},
    places::{Place, PlaceFrame, places},
    registry::Registry,
    start,
    stats::Stats,
};
use leptos::prelude::*;
use leptos_meta::{Html, Title, provide_meta_context};
use universal_state::hooks::{provide_edge, provide_global_state, use_global_state_or};
use workbench_contract::THEME;
use workbench_ui::preferred_theme;

/// The container: it provides the store and the frames, and knows nothing of what is in them.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let notices = Notices::new();
    let start = start::start(notices);
    provide_global_state(start.store);
    if let Some(edge) = start.edge {
        provide_edge(edge);
    }
    let (theme, _) = use_global_state_or(THEME, preferred_theme());
    let history = use_shared_history(notices);
    let counts_shown = RwSignal::new(true);
    let places = places();
    let frame = |place: Place| view! { <PlaceFrame place/> };
    view! {
        <Title text="Workbench · universal-state"/>
        <Html
            {..}
            data-theme=move || theme.get().name()
            data-renders=move || if counts_shown.get() { "shown" } else { "hidden" }
        />
        <a class="skip-link" href="#main">
            "Skip to the micro-frontends"
        </a>
        <header class="masthead">
            <div class="masthead-text">
                <p class="masthead-product">"universal-state"</p>
                <h1>"Workbench"</h1>
                <p class="masthead-promise">
                    "One typed, reactive store that every micro-frontend on the page shares. "
                    <a href="/shop/">"The shop"</a> ", of five frameworks and builds, is another page."
                </p>
            </div>
            <EngineSwitch/>
        </header>
        <NoticeArea notices/>
        <main id="main" tabindex="-1">
            <Stats notices/>
            <section class="places" aria-labelledby="places-heading">
                <div class="places-header">
                    <h2 id="places-heading">"Micro-frontends"</h2>
                    <Moves shared=history/>
                    <Toggle
                        name="Render counts"
                        label=""
                        on=counts_shown
                        on_toggle=move |()| counts_shown.update(|shown| *shown = !*shown)
                    />
                </div>
                <div class="places-row">{places.map(frame)}</div>
            </section>
            <div class="instruments">
                <div class="instruments-main">
                    <ChangeLog/>
                    <Edges switch=start.switch/>
                </div>
                <div class="instruments-side">
                    <Controls places initial=start.initial/>
                    <Steps shared=history/>
                    <Registry/>
                    <AllKeys/>
                </div>
            </div>
        </main>
    }
}
