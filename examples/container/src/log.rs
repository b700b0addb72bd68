//! What changed: the last changes of every key, newest first.

use crate::clock::TimeOfDay;
use leptos::prelude::*;
use serde_json::{Map, Value as Json};
use std::collections::VecDeque;
use universal_state::{Change, SubscribeOptions, Value, hooks::use_store};
use workbench_ui::{RenderCount, Renders, text};

/// How many changes are kept.
const KEPT: usize = 50;

/// What a cell shows of a value, and what its title does, in characters.
const SHOWN: usize = 72;
const IN_TITLE: usize = 2_000;

/// What a cell shows of the places of a change: how many, and how much of each, in characters.
const PLACES: usize = 3;
const PLACE: usize = 48;

/// The last changes, newest first.
#[derive(Default)]
struct Ring {
    entries: VecDeque<Entry>,
    /// How many came in all.
    total: u64,
}

impl Ring {
    fn push(&mut self, change: &Change) {
        self.entries.truncate(KEPT - 1);
        self.entries.push_front(Entry::new(self.total, change));
        self.total += 1;
    }
}

/// One change, as text.
#[derive(Clone)]
struct Entry {
    id: u64,
    time: u64,
    key: String,
    places: Places,
    old: Side,
    new: Side,
    source: String,
    origin: String,
}

impl Entry {
    fn new(id: u64, change: &Change) -> Self {
        let (old, new) = sides(change.old_value(), change.new_value());
        Self {
            id,
            time: change.time(),
            key: change.key().to_owned(),
            places: Places::of(change),
            old,
            new,
            source: change.source().to_owned(),
            origin: change.origin().to_string(),
        }
    }
}

/// Where inside of the value something changed, as JSON Pointers.
#[derive(Clone)]
struct Places {
    /// The first of them, cut. None if the value changed as a whole.
    shown: Vec<String>,
    /// How many are not shown.
    more: usize,
    all: String,
}

impl Places {
    fn of(change: &Change) -> Self {
        let paths: Vec<String> = change.paths().iter().map(ToString::to_string).collect();
        let inner: Vec<&String> = paths.iter().filter(|path| !path.is_empty()).collect();
        Self {
            shown: inner
                .iter()
                .take(PLACES)
                .map(|path| text::cut(path, PLACE))
                .collect(),
            more: inner.len().saturating_sub(PLACES),
            all: text::cut(&paths.join("\n"), IN_TITLE),
        }
    }
}

/// A value before or after a change: what differs, and all of it. `None` if the key was missing.
#[derive(Clone)]
struct Side(Option<(String, String)>);

/// Both sides of a change. Of two objects only the fields that differ are shown.
fn sides(old: Option<&Value>, new: Option<&Value>) -> (Side, Side) {
    let json = |value: Option<&Value>| value.and_then(|value| value.to_json().ok());
    let (old_json, new_json) = (json(old), json(new));
    let side = |value: Option<&Value>, mine: Option<&Json>, other: Option<&Json>| {
        Side(value.map(|value| {
            let all = text::json(value);
            let shown = match (mine, other) {
                (Some(Json::Object(mine)), Some(Json::Object(other))) => differing(mine, other),
                _ => all.clone(),
            };
            (text::cut(&shown, SHOWN), text::cut(&all, IN_TITLE))
        }))
    };
    (
        side(old, old_json.as_deref(), new_json.as_deref()),
        side(new, new_json.as_deref(), old_json.as_deref()),
    )
}

fn differing(mine: &Map<String, Json>, other: &Map<String, Json>) -> String {
    let fields: Vec<String> = mine
        .iter()
        .filter(|(name, value)| other.get(*name) != Some(value))
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    fields.join(", ")
}

/// The state change log.
#[component]
pub fn ChangeLog() -> impl IntoView {
    let store = use_store();
    let ring = RwSignal::new(Ring::default());
    let subscription = store.subscribe_all(SubscribeOptions::new(), move |changes| {
        ring.update(|ring| changes.iter().for_each(|change| ring.push(change)));
    });
    match subscription {
        Ok(subscription) => on_cleanup(move || drop(subscription)),
        Err(error) => store.report(&error),
    }
    let renders = Renders::of("State changes");
    let entries = move || ring.with(|ring| ring.entries.iter().cloned().collect::<Vec<_>>());
    let is_empty = move || ring.with(|ring| ring.entries.is_empty());
    let count = move || {
        ring.with(|ring| match ring.total {
            0 => "nothing yet".to_owned(),
            total if total > KEPT as u64 => {
                format!("the last {KEPT} of {}", text::grouped(total))
            }
            total => text::grouped(total),
        })
    };
    view! {
        <section class="panel log" aria-labelledby="log-heading">
            <div class="panel-header">
                <h2 id="log-heading">"State changes"</h2>
                <span class="panel-note">{count}</span>
                <RenderCount renders/>
            </div>
            <div class="log-scroll" role="group" aria-label="State changes, to scroll" tabindex="0">
                <table class="table log-table">
                    <caption class="visually-hidden">"State changes, newest first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Time"</th>
                            <th scope="col">"Key"</th>
                            <th scope="col">"Path"</th>
                            <th scope="col">"Change"</th>
                            <th scope="col">"Source"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=renders.counting(entries) key=|entry| entry.id let:entry>
                            <Row entry/>
                        </For>
                    </tbody>
                </table>
                <Show when=is_empty>
                    <p class="empty">
                        "Nothing has changed since the page was opened. Type a name, switch the theme, count."
                    </p>
                </Show>
            </div>
        </section>
    }
}

#[component]
fn Row(entry: Entry) -> impl IntoView {
    // "mfe:profile" came through the door "mfe".
    let door = entry
        .origin
        .split(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    view! {
        <tr>
            <td class="log-time">
                <TimeOfDay ms=entry.time/>
            </td>
            <th class="log-key" scope="row">
                <code>{entry.key}</code>
            </th>
            <td class="log-places" title=entry.places.all>
                {places(entry.places.shown, entry.places.more)}
            </td>
            <td class="log-change">
                {shown(entry.old, "log-old")}
                <span class="log-arrow">
                    <span aria-hidden="true">" → "</span>
                    <span class="visually-hidden">" became "</span>
                </span> {shown(entry.new, "log-new")}
            </td>
            <td class="log-source">
                {entry.source} <small title=entry.origin>{door}</small>
            </td>
        </tr>
    }
}

fn places(shown: Vec<String>, more: usize) -> impl IntoView {
    if shown.is_empty() {
        return view! { <span class="log-whole">"whole value"</span> }.into_any();
    }
    let shown = shown.into_iter().map(|path| view! { <code>{path}</code> });
    let more = (more > 0).then(|| format!("and {} more", text::grouped(more as u64)));
    view! {
        {shown.collect_view()}
        {more}
    }
    .into_any()
}

fn shown(side: Side, class: &'static str) -> impl IntoView {
    match side.0 {
        Some((shown, all)) => view! {
            <code class=class title=all>
                {shown}
            </code>
        }
        .into_any(),
        None => view! { <span class=format!("{class} log-unset")>"unset"</span> }.into_any(),
    }
}
