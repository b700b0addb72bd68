//! The message beside a field whose last edit was refused.

use leptos::prelude::*;

/// Why the last edit of a field was refused. It stands until the next edit of the field, or until
/// its value changes elsewhere.
pub struct Refusal<T: Send + Sync + 'static> {
    value: Signal<T>,
    /// The reason, and the value that stayed because of it.
    last: RwSignal<Option<(String, T)>>,
}

impl<T: Send + Sync> Copy for Refusal<T> {}

impl<T: Send + Sync> Clone for Refusal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Clone + PartialEq + Send + Sync + 'static> Refusal<T> {
    /// None yet, for the field that shows `value`.
    pub fn new(value: Signal<T>) -> Self {
        Self {
            value,
            last: RwSignal::new(None),
        }
    }

    /// Takes in how an edit went.
    pub fn note(&self, result: Result<(), String>) {
        self.last.set(
            result
                .err()
                .map(|reason| (reason, self.value.get_untracked())),
        );
    }

    /// The reason, if it still stands.
    pub fn reason(&self) -> Option<String> {
        let (reason, stayed) = self.last.get()?;
        (stayed == self.value.get()).then_some(reason)
    }
}

/// Shows a refusal, and has a screen reader say it.
#[component]
pub fn RefusalNote<T: Clone + PartialEq + Send + Sync + 'static>(
    /// By which the field refers to it (`aria-describedby`).
    id: String,
    refusal: Refusal<T>,
) -> impl IntoView {
    view! {
        <p class="refusal" id=id role="alert">
            {move || refusal.reason().map(|reason| format!("Not saved: {reason}"))}
        </p>
    }
}
