//! Where micro-frontends are mounted.

use leptos::prelude::*;
use universal_state::{MfeInfo, StateError, hooks::Mfe};
use workbench_activity::Activity;
use workbench_preferences::Preferences;
use workbench_profile::Profile;

/// A place on the page, and the micro-frontend that belongs there.
#[derive(Clone, Copy)]
pub struct Place {
    pub title: &'static str,
    pub team: &'static str,
    pub info: fn() -> MfeInfo,
    pub view: fn(Signal<bool>) -> AnyView,
    pub mounted: RwSignal<bool>,
    pub failing: RwSignal<bool>,
}

/// The places of this page.
pub fn places() -> [Place; 3] {
    let place = |title, team, info, view| Place {
        title,
        team,
        info,
        view,
        mounted: RwSignal::new(true),
        failing: RwSignal::new(false),
    };
    [
        place("Profile", "identity", workbench_profile::info, |failing| {
            view! { <Profile failing/> }.into_any()
        }),
        place(
            "Preferences",
            "experience",
            workbench_preferences::info,
            |failing| view! { <Preferences failing/> }.into_any(),
        ),
        place(
            "Activity",
            "insights",
            workbench_activity::info,
            |failing| view! { <Activity failing/> }.into_any(),
        ),
    ]
}

/// The frame of a place: it stands whether its micro-frontend works, fails or is away.
#[component]
pub fn PlaceFrame(place: Place) -> impl IntoView {
    let info = (place.info)();
    let heading = format!("{}-heading", info.id);
    let failing = place.failing.into();
    view! {
        <section class="place" data-mfe=info.id.clone() aria-labelledby=heading>
            <header class="place-header">
                <div>
                    <h3 id=heading.clone()>{place.title}</h3>
                    <p>{format!("by the {} team", place.team)}</p>
                </div>
                <span class="place-version">{format!("{} {}", info.framework, info.version)}</span>
            </header>
            <div class="place-body">
                <Show
                    when=move || place.mounted.get()
                    fallback=move || view! { <Absent place/> }
                >
                    <Mfe info=(place.info)() fallback=failure>
                        {(place.view)(failing)}
                    </Mfe>
                </Show>
            </div>
        </section>
    }
}

/// What stands in the place of a micro-frontend that failed.
fn failure(error: &StateError) -> impl IntoView + use<> {
    let error = error.to_string();
    view! {
        <div class="place-message" role="alert">
            <p class="place-message-title">"This part is not available"</p>
            <p>{error}</p>
            <p>"The rest of the page goes on."</p>
        </div>
    }
}

#[component]
fn Absent(place: Place) -> impl IntoView {
    view! {
        <div class="place-message">
            <p class="place-message-title">"Not mounted"</p>
            <p>"Its keys, its listeners and its row in the registry are gone."</p>
            <button type="button" class="button" on:click=move |_| place.mounted.set(true)>
                {format!("Mount {}", place.title)}
            </button>
        </div>
    }
}
