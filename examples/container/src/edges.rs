//! Where the state is kept beyond this page: in storage, and in other tabs.

use crate::{
    breakage::{Broken, Switch},
    clock::TimeOfDay,
};
use leptos::prelude::*;
use universal_state::{
    edge::{Edge, EdgeStatus, Quarantined, ReplicaId, SaveStatus},
    hooks::{use_edge, use_edge_status, use_store},
};
use workbench_ui::{RenderCount, Renders, Segmented, text};

/// What a row shows of a reason, in characters.
const SHOWN: usize = 160;

/// How storage and tabs are doing, a switch that breaks storage, and the way to a second tab.
#[component]
pub fn Edges(switch: Switch) -> impl IntoView {
    let edge = StoredValue::new(use_edge());
    let status = use_edge_status();
    let renders = Renders::of("Storage and tabs");
    let switch_renders = Renders::of("Break storage");
    let broken = RwSignal::new(Broken::No);
    let break_it = move |how: Broken| {
        switch.set(how);
        broken.set(how);
        // Whoever has mended storage does not want to wait for the next try.
        edge.with_value(|edge| edge.as_ref().map(Edge::resync));
    };
    let here = edge.with_value(|edge| edge.as_ref().map(Edge::id));
    let storage = Memo::new(move |_| status.with(stored_in));
    let saved = Memo::new(move |_| status.with(saved));
    let channel = Memo::new(move |_| status.with(channel));
    let tabs = Memo::new(move |_| status.with(|status| status.tabs.clone()));
    let last_sync = Memo::new(move |_| status.with(|status| status.last_sync));
    let refused = Memo::new(move |_| status.with(refused));
    let repaired = Memo::new(move |_| status.with(|status| status.disagreements));
    view! {
        <section class="panel edges" aria-labelledby="edges-heading">
            <div class="panel-header">
                <h2 id="edges-heading">"Storage and tabs"</h2>
                <RenderCount renders/>
            </div>
            <dl class="facts">
                <Fact name="Stored in" figure=move || storage.get()/>
                <Fact name="Keys" figure=renders.counting(move || saved.get())/>
                <Fact name="Channel" figure=move || channel.get()/>
                <Fact name="This tab" figure=move || here.map(tab)/>
                <Fact
                    name="Other tabs"
                    figure=move || {
                        let tabs = tabs.get();
                        view! {
                            <span class="facts-count">{tabs.len()}</span>
                            {tabs.into_iter().map(|id| view! { " " {tab(id)} }).collect_view()}
                        }
                    }
                />
                <Fact
                    name="Last sync"
                    figure=move || match last_sync.get() {
                        Some(ms) => view! { <TimeOfDay ms/> }.into_any(),
                        None => "never".into_any(),
                    }
                />
                <Fact name="Refused" figure=move || refused.get()/>
                <Fact name="Repaired" figure=move || text::grouped(repaired.get())/>
            </dl>
            <Unsaved edge/>
            <Quarantine edge/>
            <div class="edges-do">
                <div class="edges-break">
                    <div class="field-head">
                        <span class="field-label" aria-hidden="true">
                            "Break storage"
                        </span>
                        <RenderCount renders=switch_renders/>
                    </div>
                    <Segmented
                        label="Break storage"
                        options=Broken::ALL.to_vec()
                        selected=broken
                        renders=switch_renders
                        on_select=break_it
                    />
                </div>
                // The same page, so that the other tab keeps its state in the same place.
                <a class="button" href="" target="_blank" rel="noopener">
                    "Open a second tab"
                </a>
            </div>
        </section>
    }
}

#[component]
fn Fact<V: IntoView + 'static>(
    name: &'static str,
    figure: impl Fn() -> V + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{figure}</dd>
        </div>
    }
}

/// A tab, by the beginning of its id.
fn tab(id: ReplicaId) -> impl IntoView {
    let id = id.to_string();
    let start: String = id.chars().take(6).collect();
    view! { <code title=id>{start}</code> }
}

fn stored_in(status: &EdgeStatus) -> String {
    let storage = match &*status.storage {
        "" => "nothing: it is gone after a reload",
        storage => storage,
    };
    match &status.storage_fault {
        Some(fault) => format!(
            "{storage}, since storage {}",
            fault.trim_start_matches("it ")
        ),
        None if status.is_loading => format!("{storage}, loading"),
        None => storage.to_owned(),
    }
}

fn channel(status: &EdgeStatus) -> String {
    match &*status.transport {
        "" => "none: this tab is alone".to_owned(),
        transport => transport.to_owned(),
    }
}

fn saved(status: &EdgeStatus) -> String {
    match (status.pending, status.failed) {
        (0, 0) => "all saved".to_owned(),
        (pending, 0) => format!("{pending} pending"),
        (0, failed) => format!("{failed} not saved"),
        (pending, failed) => format!("{pending} pending, {failed} not saved"),
    }
}

fn refused(status: &EdgeStatus) -> String {
    if status.refused.total() == 0 {
        return "nothing".to_owned();
    }
    let reasons = status.refused.iter();
    let reasons = reasons.map(|(reason, count)| format!("{reason} ×{count}"));
    reasons.collect::<Vec<_>>().join(", ")
}

/// Keys that storage does not have, and why.
#[component]
fn Unsaved(edge: StoredValue<Option<Edge>>) -> impl IntoView {
    let store = use_store();
    let unsaved = Memo::new(move |_| {
        let edge = edge.get_value();
        let reason = |key: String| match edge.as_ref()?.save_status(&key) {
            SaveStatus::Failed(failure) => Some((key, failure.to_string())),
            _ => None,
        };
        store
            .keys()
            .into_iter()
            .filter_map(reason)
            .collect::<Vec<_>>()
    });
    view! {
        <Show when=move || !unsaved.with(Vec::is_empty)>
            <div class="edges-list">
                <h3>"Not saved"</h3>
                <ul aria-label="Not saved">
                    <For each=move || unsaved.get() key=Clone::clone let((key, reason))>
                        <li>
                            <code>{text::cut(&key, SHOWN)}</code>
                            <p>{text::cut(&reason, SHOWN)}</p>
                        </li>
                    </For>
                </ul>
            </div>
        </Show>
    }
}

/// Stored entries that could not be read.
#[component]
fn Quarantine(edge: StoredValue<Option<Edge>>) -> impl IntoView {
    let store = StoredValue::new(use_store());
    let entries = Memo::new(move |_| {
        let edge = edge.get_value();
        edge.map_or_else(Vec::new, |edge| edge.quarantined())
    });
    let row = move |entry: Quarantined| {
        let restored = entry.id.clone();
        let restore = move |_| {
            let edge = edge.get_value();
            if let Some(Err(error)) = edge.map(|edge| edge.restore_quarantined(&restored)) {
                store.with_value(|store| store.report(&error));
            }
        };
        let discarded = entry.id.clone();
        let discard = move |_| {
            let edge = edge.get_value();
            edge.map(|edge| edge.discard_quarantined(&discarded));
        };
        let of_key = format!("{}: ", entry.key);
        view! {
            <li>
                <code title=text::cut(&entry.text, 2_000)>{text::cut(&entry.key, SHOWN)}</code>
                <p>{text::cut(&entry.reason, SHOWN)}</p>
                <div class="edges-act">
                    <button type="button" class="button" on:click=restore>
                        <span class="visually-hidden">{of_key.clone()}</span>
                        "Restore"
                    </button>
                    <button type="button" class="button button-danger" on:click=discard>
                        <span class="visually-hidden">{of_key}</span>
                        "Discard"
                    </button>
                </div>
            </li>
        }
    };
    view! {
        <Show when=move || !entries.with(Vec::is_empty)>
            <div class="edges-list">
                <h3>"Quarantine"</h3>
                <ul aria-label="Quarantine">
                    <For each=move || entries.get() key=|entry| entry.id.clone() let:entry>
                        {row(entry)}
                    </For>
                </ul>
            </div>
        </Show>
    }
}
