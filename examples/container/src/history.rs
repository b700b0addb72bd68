//! Undo and redo of what the micro-frontends share.

use crate::{clock::TimeOfDay, notices::Notices};
use leptos::{ev, prelude::*};
use universal_state::{
    HistoryMove, HistoryOptions, HistoryStep, StateError, Store,
    hooks::{UseHistory, use_history, use_store},
};
use web_sys::{KeyboardEvent, wasm_bindgen::JsCast};
use workbench_contract::{COUNTER, THEME, USER};
use workbench_ui::{RenderCount, Renders};

/// How many steps are kept.
const KEPT: usize = 30;

/// Edits of one key that follow each other in less than this are one step, in ms.
const TYPING: u64 = 800;

/// The history of the keys that all share, and what its last move did.
#[derive(Clone, Copy)]
pub struct SharedHistory {
    history: UseHistory,
    store: StoredValue<Store>,
    notices: Notices,
    /// What the last move did, for a screen reader.
    told: RwSignal<String>,
}

/// The history of the keys that all share, for as long as the component lives.
pub fn use_shared_history(notices: Notices) -> SharedHistory {
    let options = HistoryOptions::new()
        .keys([USER.name(), THEME.name(), COUNTER.name()])
        .limit(KEPT)
        .merge_window(TYPING);
    SharedHistory {
        history: use_history(options),
        store: StoredValue::new(use_store()),
        notices,
        told: RwSignal::new(String::new()),
    }
}

impl SharedHistory {
    fn undo(&self) {
        self.tell("Undone", self.history.try_undo());
    }

    fn redo(&self) {
        self.tell("Redone", self.history.try_redo());
    }

    fn go_to(&self, position: usize) {
        let what = match position {
            0 => "Back at the beginning".to_owned(),
            position => format!("At step {position}"),
        };
        self.tell(&what, self.history.try_go_to(position));
    }

    fn tell(&self, what: &str, result: Result<HistoryMove, StateError>) {
        match result {
            Ok(done) if done.from == done.to => self.told.set("There is no such step.".to_owned()),
            Ok(done) => {
                self.told.set(format!("{what}: {}.", done.keys.join(", ")));
                if !done.skipped.is_empty() {
                    let skipped = done.skipped.join(", ");
                    let left = format!("Left as it is, being written since: {skipped}.");
                    self.notices.tell(left);
                }
            }
            Err(error) => self.store.get_value().report(&error),
        }
    }
}

/// The buttons, and the keys Ctrl+Z and Ctrl+Shift+Z (⌘Z and ⇧⌘Z). In a field for text these belong
/// to the field.
#[component]
pub fn Moves(shared: SharedHistory) -> impl IntoView {
    let UseHistory {
        can_undo, can_redo, ..
    } = shared.history;
    let keys = window_event_listener(ev::keydown, move |event| {
        if let Some(is_redo) = asks_for_redo(&event) {
            event.prevent_default();
            if is_redo {
                shared.redo();
            } else {
                shared.undo();
            }
        }
    });
    on_cleanup(move || keys.remove());
    view! {
        <div class="moves" role="group" aria-label="History">
            <Move
                name="Undo"
                title="Undo (Ctrl+Z, ⌘Z)"
                keys="Control+Z Meta+Z"
                is_possible=can_undo
                on_click=move |()| shared.undo()
            />
            <Move
                name="Redo"
                title="Redo (Ctrl+Shift+Z, ⇧⌘Z)"
                keys="Control+Shift+Z Meta+Shift+Z"
                is_possible=can_redo
                on_click=move |()| shared.redo()
            />
        </div>
        <p class="visually-hidden" role="status" data-testid="history-report">
            {shared.told}
        </p>
    }
}

/// A button that cannot be used keeps the focus, so that the keyboard is not thrown back to the top
/// of the page by the last undo: it is disabled for people, not for the browser.
#[component]
fn Move(
    name: &'static str,
    title: &'static str,
    /// In the notation of `aria-keyshortcuts`.
    keys: &'static str,
    is_possible: Signal<bool>,
    #[prop(into)] on_click: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button"
            title=title
            aria-keyshortcuts=keys
            aria-disabled=move || (!is_possible.get()).to_string()
            on:click=move |_| {
                if is_possible.get_untracked() {
                    on_click.run(());
                }
            }
        >
            {name}
        </button>
    }
}

/// Whether a key press asks for a redo (true) or an undo (false), if for either.
fn asks_for_redo(event: &KeyboardEvent) -> Option<bool> {
    let is_command = event.ctrl_key() != event.meta_key() && !event.alt_key();
    let is_free = !event.default_prevented() && !event.is_composing() && !is_in_text(event);
    (is_command && is_free && event.key().eq_ignore_ascii_case("z")).then(|| event.shift_key())
}

/// Whether a key was pressed where text is edited.
fn is_in_text(event: &KeyboardEvent) -> bool {
    let target = event.target();
    let element = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| {
        let editable = "input, textarea, select, [contenteditable]:not([contenteditable=false])";
        // The selector is a constant that parses.
        element.closest(editable).ok().flatten().is_some()
    })
}

/// The steps, newest first, each a way to go there.
#[component]
pub fn Steps(shared: SharedHistory) -> impl IntoView {
    let UseHistory {
        steps, position, ..
    } = shared.history;
    let renders = Renders::of("History");
    let newest_first = move || steps.get().into_iter().rev().collect::<Vec<_>>();
    let count = move || match steps.with(Vec::len) {
        0 => "nothing yet".to_owned(),
        1 => format!("{} of 1 step", position.get()),
        len => format!("{} of {len} steps", position.get()),
    };
    let stop = move |index: usize| {
        let is_here = move || (position.get() == index).then_some("step");
        let is_undone = move || position.get() < index;
        (is_here, is_undone, move |_| shared.go_to(index))
    };
    let row = move |step: HistoryStep| {
        let (is_here, is_undone, go) = stop(step.index);
        view! {
            <li>
                <button
                    type="button"
                    class="step-button"
                    class:is-undone=is_undone
                    aria-current=is_here
                    on:click=go
                >
                    <span class="visually-hidden">{format!("Step {}: ", step.index)}</span>
                    <span class="step-keys">{step.keys.join(", ")}</span>
                    <span class="step-source">{step.source}</span>
                    <TimeOfDay ms=step.time/>
                </button>
            </li>
        }
    };
    let (is_here, _, go) = stop(0);
    view! {
        <section class="panel" aria-labelledby="history-heading">
            <div class="panel-header">
                <h2 id="history-heading">"History"</h2>
                <span class="panel-note">{count}</span>
                <RenderCount renders/>
            </div>
            <ol class="steps" aria-label="Steps, newest first">
                <For
                    each=renders.counting(newest_first)
                    key=|step| (step.index, step.time, step.keys.clone(), step.source.clone())
                    let:step
                >
                    {row(step)}
                </For>
                <li>
                    <button type="button" class="step-button" aria-current=is_here on:click=go>
                        "Beginning"
                    </button>
                </li>
            </ol>
        </section>
    }
}
