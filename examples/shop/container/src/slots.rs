//! Where the micro-frontends of other teams are: slots, which the manifest fills.

use crate::start::{Hosting, Manifest};
use leptos::prelude::*;
use universal_state::{edge::host::MfeStatus, hooks::MicroFrontend};

/// A place for the micro-frontends that the manifest has for a slot.
#[component]
pub fn Slot(
    /// Its name in the manifest.
    name: &'static str,
    /// What the visitor would call what is there.
    label: &'static str,
) -> impl IntoView {
    let hosting: Hosting = expect_context();
    let manifest = hosting.manifest;
    let fill = move || match manifest.get() {
        Manifest::Coming => {
            view! { <Wait label status=Signal::stored(MfeStatus::Idle)/> }.into_any()
        }
        Manifest::Failed(reason) => {
            let hosting = hosting.clone();
            let retry = Callback::new(move |()| hosting.ask());
            view! { <Sorry label reason retry/> }.into_any()
        }
        Manifest::Here => hosting
            .host
            .entries()
            .into_iter()
            .filter(|entry| entry.slot() == Some(name))
            .map(|entry| {
                let fallback = move |status: Signal<MfeStatus>, retry: Callback<()>| {
                    view! { <Before label status retry/> }
                };
                view! { <MicroFrontend id=entry.id() fallback/> }
            })
            .collect_view()
            .into_any(),
    };
    view! { <div class="slot" data-name=name>{fill}</div> }
}

/// What stands there before the micro-frontend does.
#[component]
fn Before(label: &'static str, status: Signal<MfeStatus>, retry: Callback<()>) -> impl IntoView {
    let failure = Memo::new(move |_| match status.get() {
        MfeStatus::Failed { reason, .. } => Some(reason),
        _ => None,
    });
    move || match failure.get() {
        Some(reason) => view! { <Sorry label reason retry/> }.into_any(),
        None => view! { <Wait label status/> }.into_any(),
    }
}

#[component]
fn Wait(label: &'static str, status: Signal<MfeStatus>) -> impl IntoView {
    let share = move || match status.get() {
        MfeStatus::Loading {
            received,
            total: Some(total),
        } => Some((received * 100 / total.max(1)).to_string()),
        _ => None,
    };
    view! {
        <div class="slot-wait">
            <progress class="slot-progress" max="100" aria-label=format!("{label} is loading") value=share></progress>
        </div>
    }
}

#[component]
fn Sorry(label: &'static str, reason: String, retry: Callback<()>) -> impl IntoView {
    view! {
        <div class="slot-sorry" role="alert">
            <p>{label} " is not there just now."</p>
            <p class="slot-reason">{reason}</p>
            <button type="button" class="button" on:click=move |_| retry.run(())>
                "Try again"
            </button>
        </div>
    }
}
