//! What the operator of the page can do.

use crate::places::Place;
use leptos::prelude::*;
use universal_state::{Restore, SharedAccess, Snapshot, StateError, Store, hooks::use_store};

/// The source of what the operator writes.
const OPERATOR: &str = "workbench";

/// The control panel.
#[component]
pub fn Controls(places: [Place; 3], initial: Snapshot) -> impl IntoView {
    let store = StoredValue::new(use_store());
    let locked = RwSignal::new(false);
    let lock = move |_| {
        locked.update(|locked| *locked = !*locked);
        let access = match locked.get_untracked() {
            true => SharedAccess::ReadOnly,
            false => SharedAccess::Open,
        };
        store.with_value(|store| store.set_shared_access(access));
    };
    let clear = move |_| operate(store, |store| store.with_source(OPERATOR).clear());
    let reset = move |_| {
        operate(store, |store| {
            store
                .with_source(OPERATOR)
                .restore(&initial, Restore::Replace)
        });
    };
    view! {
        <section class="panel" aria-labelledby="controls-heading">
            <h2 id="controls-heading">"Controls"</h2>
            <div class="controls-state">
                <button type="button" class="button" on:click=reset>
                    "Reset to initial"
                </button>
                <button type="button" class="button button-danger" on:click=clear>
                    "Clear all keys"
                </button>
                <Toggle name="Read-only for MFEs" is_danger=true label="" on=locked on_toggle=lock/>
            </div>
            <ul class="controls-places">
                {places.map(|place| view! { <PlaceControls place/> })}
            </ul>
        </section>
    }
}

#[component]
fn PlaceControls(place: Place) -> impl IntoView {
    view! {
        <li>
            <span>{place.title}</span>
            <Toggle
                name="Mounted"
                label=place.title
                on=place.mounted
                on_toggle=move |_| place.mounted.update(|mounted| *mounted = !*mounted)
            />
            <Toggle
                name="Fail"
                is_danger=true
                label=place.title
                on=place.failing
                on_toggle=move |_| place.failing.update(|failing| *failing = !*failing)
            />
        </li>
    }
}

/// A button that stays pressed.
#[component]
pub fn Toggle(
    name: &'static str,
    /// Whom it concerns, for a screen reader.
    label: &'static str,
    /// Whether it does harm.
    #[prop(optional)]
    is_danger: bool,
    #[prop(into)] on: Signal<bool>,
    #[prop(into)] on_toggle: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="toggle"
            class:toggle-danger=is_danger
            aria-pressed=move || on.get().to_string()
            on:click=move |_| on_toggle.run(())
        >
            <span class="visually-hidden">{(!label.is_empty()).then(|| format!("{label}: "))}</span>
            {name}
        </button>
    }
}

fn operate(store: StoredValue<Store>, act: impl FnOnce(&Store) -> Result<(), StateError>) {
    let store = store.get_value();
    if let Err(error) = act(&store) {
        store.report(&error);
    }
}
