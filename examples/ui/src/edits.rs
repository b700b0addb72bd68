//! How many edits were made in one micro-frontend, kept under a key of its own.

use crate::{RenderCount, Renders, text};
use leptos::prelude::*;
use universal_state::{
    Key, StateError, Store,
    hooks::{SetState, use_mfe_state, use_scope, use_store},
};

/// Private to each micro-frontend: `@profile/edits` is not `@activity/edits`.
const EDITS: Key<u64> = Key::new("edits");

/// The edits of the micro-frontend that the component belongs to.
#[derive(Clone, Copy)]
pub struct Edits {
    /// How many there were.
    pub count: Signal<Option<u64>>,
    set: SetState<u64>,
    store: StoredValue<Store>,
}

/// The edits of the micro-frontend that the component belongs to.
pub fn use_edits() -> Edits {
    let (count, set) = use_mfe_state(EDITS);
    Edits {
        count,
        set,
        store: StoredValue::new(use_store()),
    }
}

impl Edits {
    /// Runs an edit and counts it, both in one transaction: what is refused is not counted.
    ///
    /// # Errors
    /// Why it was refused, in words for a person.
    pub fn record(&self, edit: impl FnOnce() -> Result<(), StateError>) -> Result<(), String> {
        self.store
            .with_value(|store| {
                store.batch(|_| {
                    edit()?;
                    self.set.try_update_or(0, |count| *count += 1)
                })
            })
            .map_err(|error| text::refusal(&error))
    }
}

/// Tells how many edits were made here, and where that number is kept.
#[component]
pub fn EditCount() -> impl IntoView {
    let id = use_scope().id().to_owned();
    let count = use_edits().count;
    let renders = Renders::of("Edits");
    let sentence = renders.counting(move || match count.get().unwrap_or(0) {
        0 => "No edits made here yet".to_owned(),
        1 => "1 edit made here".to_owned(),
        n => format!("{} edits made here", text::grouped(n)),
    });
    view! {
        <p class="edit-count">
            <span data-testid="edits">{sentence}</span>
            <span class="edit-key">
                <code title="A key of this micro-frontend alone">
                    {format!("@{id}/{}", EDITS.name())}
                </code>
                <RenderCount renders/>
            </span>
        </p>
    }
}
