//! `use_history`: undo and redo as signals and a handle.

use super::provider::use_view;
use crate::{
    error::StateError,
    store::{History, HistoryMove, HistoryOptions, HistoryStep, View},
};
use leptos::prelude::*;
use std::fmt;

/// Undo and redo of what is written to shared keys from now on, for as long as the running component
/// lives: a [`History`] as a handle that can be copied, and what it says of itself as signals.
///
/// Inside of a micro-frontend it acts as that: it covers the shared keys that the micro-frontend may
/// read, its moves are writes of the micro-frontend, and it ends when that is unregistered. For the
/// micro-frontend's own keys there is [`use_mfe_history`]. Outside it covers every key, those of
/// micro-frontends included, unless the options choose some.
///
/// If there can be no history, because a key of the options is invalid or denied, that is reported;
/// the handle then has no steps, and [`UseHistory::try_undo`] tells why.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{HistoryOptions, hooks::use_history};
///
/// #[component]
/// fn Timeline() -> impl IntoView {
///     let history = use_history(HistoryOptions::new().keys(["title", "text"]).merge_window(800));
///     view! {
///         <button disabled=move || !history.can_undo.get() on:click=move |_| history.undo()>
///             "Undo"
///         </button>
///         <button disabled=move || !history.can_redo.get() on:click=move |_| history.redo()>
///             "Redo"
///         </button>
///         <For each=move || history.steps.get() key=|step| (step.index, step.time) let:step>
///             <button
///                 aria-current=move || (history.position.get() == step.index).then_some("step")
///                 on:click=move |_| history.go_to(step.index)
///             >
///                 {step.keys.join(", ")}
///             </button>
///         </For>
///     }
/// }
/// ```
#[track_caller]
pub fn use_history(options: HistoryOptions) -> UseHistory {
    UseHistory::new(use_view(), options)
}

/// As [`use_history`], for the own keys of the micro-frontend that the component belongs to. The
/// options and the steps call them by their short names.
///
/// # Panics
/// If the component is not inside of an [`Mfe`](super::Mfe).
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{
///     HistoryOptions, MfeInfo, Store,
///     hooks::{provide_global_state, use_mfe, use_mfe_history},
/// };
///
/// # let owner = Owner::new(); owner.set();
/// let store = provide_global_state(Store::new());
/// let scope = use_mfe(MfeInfo::new("shop", "leptos", "1.0.0"))?;
/// let history = use_mfe_history(HistoryOptions::new());
/// scope.set("filter", "red".to_owned())?;
/// store.set("currency", "EUR".to_owned())?;
/// assert_eq!(history.steps.get_untracked()[0].keys, ["filter"]);
/// history.undo();
/// assert_eq!(store.keys(), ["currency"]);
/// # Ok::<(), universal_state::StateError>(())
/// ```
#[track_caller]
pub fn use_mfe_history(options: HistoryOptions) -> UseHistory {
    UseHistory::new(super::use_scope().view().clone(), options)
}

/// What [`use_history`] returns. It can be copied, and ends with the component that made it.
///
/// The plain moves report an error to the store's reporter, their `try_` twins return it.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct UseHistory {
    /// Whether there is a step to undo.
    pub can_undo: Signal<bool>,
    /// Whether there is a step to redo.
    pub can_redo: Signal<bool>,
    /// The number of steps that are applied.
    pub position: Signal<usize>,
    /// The steps, oldest first; those up to `position` are applied.
    pub steps: Signal<Vec<HistoryStep>>,
    /// Whether writes are recorded.
    pub is_recording: Signal<bool>,
    history: Kept,
}

/// The history, or why there is none, and who is told what goes wrong.
type Kept = StoredValue<(View, Result<History, StateError>)>;

impl UseHistory {
    fn new(view: View, options: HistoryOptions) -> Self {
        let made = view.history(options);
        let _ = view.or_report(made.as_ref().map_err(Clone::clone));
        let history = StoredValue::new((view, made));
        Self {
            can_undo: follow(history, History::can_undo),
            can_redo: follow(history, History::can_redo),
            position: follow(history, History::position),
            steps: follow(history, History::steps),
            is_recording: follow(history, History::is_recording),
            history,
        }
    }

    /// Takes back the last step that is applied, if there is one.
    pub fn undo(&self) {
        self.report(self.try_undo());
    }

    /// As [`UseHistory::undo`]. Returns what it did.
    ///
    /// # Errors
    /// As [`History::undo`]; [`StateError::Unmounted`] if the component is gone; why there is no
    /// history, if there is none.
    pub fn try_undo(&self) -> Result<HistoryMove, StateError> {
        self.history()?.undo()
    }

    /// Does again the step that was undone last, if there is one.
    pub fn redo(&self) {
        self.report(self.try_redo());
    }

    /// As [`UseHistory::redo`]. Returns what it did.
    ///
    /// # Errors
    /// As [`UseHistory::try_undo`].
    pub fn try_redo(&self) -> Result<HistoryMove, StateError> {
        self.history()?.redo()
    }

    /// Undoes or redoes as many steps as lie between here and a position, in one transaction; see
    /// [`History::go_to`].
    pub fn go_to(&self, position: usize) {
        self.report(self.try_go_to(position));
    }

    /// As [`UseHistory::go_to`]. Returns what it did.
    ///
    /// # Errors
    /// As [`UseHistory::try_undo`].
    pub fn try_go_to(&self, position: usize) -> Result<HistoryMove, StateError> {
        self.history()?.go_to(position)
    }

    /// Forgets all steps. Values stay as they are.
    pub fn clear(&self) {
        self.report(self.history().map(|history| history.clear()));
    }

    /// Stops recording; see [`History::pause`].
    pub fn pause(&self) {
        self.report(self.history().map(|history| history.pause()));
    }

    /// Records again.
    pub fn resume(&self) {
        self.report(self.history().map(|history| history.resume()));
    }

    /// The history, to be used outside of the stored value's lock: moves run user code.
    fn history(&self) -> Result<History, StateError> {
        match self.history.try_get_value() {
            Some((_, history)) => history,
            None => Err(StateError::Unmounted),
        }
    }

    fn report<R>(&self, result: Result<R, StateError>) {
        match (self.history.try_get_value(), result) {
            (Some((view, _)), result) => drop(view.or_report(result)),
            (None, Err(error)) => leptos::logging::error!("universal-state: {error}"),
            (None, Ok(_)) => {}
        }
    }
}

/// What a history says, as a signal. The signal does not keep the history.
fn follow<T: Clone + Default + PartialEq + Send + Sync + 'static>(
    history: Kept,
    look: fn(&History) -> T,
) -> Signal<T> {
    Memo::new(move |_| match history.try_get_value() {
        Some((_, Ok(history))) => look(&history),
        _ => T::default(),
    })
    .into()
}

impl fmt::Debug for UseHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_tuple("UseHistory");
        match self.history() {
            Ok(history) => debug.field(&history),
            Err(error) => debug.field(&error),
        };
        debug.finish()
    }
}
