//! What the operator should know: errors that no caller was there to receive.

use leptos::prelude::*;
use universal_state::StateError;

/// How many notices are shown; the oldest gives way.
const SHOWN: usize = 3;

/// A notice.
#[derive(Clone)]
struct Notice {
    id: u64,
    text: String,
    /// How many times it came.
    times: RwSignal<u32>,
}

/// What the operator should know.
#[derive(Clone, Copy)]
pub struct Notices {
    shown: RwSignal<Vec<Notice>>,
    errors: RwSignal<u64>,
    next: StoredValue<u64>,
}

impl Notices {
    /// None yet.
    pub fn new() -> Self {
        Self {
            shown: RwSignal::new(Vec::new()),
            errors: RwSignal::new(0),
            next: StoredValue::new(0),
        }
    }

    /// How many errors were reported. Tracked.
    pub fn errors(&self) -> u64 {
        self.errors.get()
    }

    /// Takes in an error: shown here, and written to the console.
    pub fn report(&self, error: &StateError) {
        leptos::logging::error!("{error}");
        self.errors.update(|errors| *errors += 1);
        self.tell(error.to_string());
    }

    /// Shows a text. One that is shown already is counted.
    pub fn tell(&self, text: String) {
        let same = self
            .shown
            .with_untracked(|shown| shown.iter().find(|notice| notice.text == text).cloned());
        if let Some(notice) = same {
            notice.times.update(|times| *times += 1);
            return;
        }
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        let times = RwSignal::new(1);
        self.shown.update(|shown| {
            if shown.len() == SHOWN {
                shown.remove(0);
            }
            shown.push(Notice { id, text, times });
        });
    }

    fn dismiss(&self, id: u64) {
        self.shown
            .update(|shown| shown.retain(|notice| notice.id != id));
    }
}

/// Where notices are shown. It is there from the start, so that a screen reader says what comes in.
#[component]
pub fn NoticeArea(notices: Notices) -> impl IntoView {
    view! {
        <div class="notices" role="status" aria-live="polite" aria-label="Notices">
            <For each=move || notices.shown.get() key=|notice| notice.id let:notice>
                <div class="notice">
                    <p>
                        {notice.text}
                        {move || {
                            let times = notice.times.get();
                            (times > 1).then(|| format!(" (×{times})"))
                        }}
                    </p>
                    <button
                        type="button"
                        class="notice-dismiss"
                        aria-label="Dismiss this notice"
                        on:click=move |_| notices.dismiss(notice.id)
                    >
                        "×"
                    </button>
                </div>
            </For>
        </div>
    }
}
