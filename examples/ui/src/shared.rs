//! A shared value with everything that a widget needs to show and change it.

use crate::{
    edits::{Edits, use_edits},
    theme::preferred_theme,
};
use leptos::prelude::*;
use universal_state::{
    Key, StateValue,
    hooks::{SetState, use_global_state_or},
};
use workbench_contract::{COUNTER, THEME, Theme};

/// A shared value, and the way to change it.
pub struct Shared<T: StateValue> {
    /// What it is now, whoever wrote it.
    pub value: Signal<T>,
    set: SetState<T>,
    default: StoredValue<T>,
    edits: Edits,
}

impl<T: StateValue> Copy for Shared<T> {}

impl<T: StateValue> Clone for Shared<T> {
    fn clone(&self) -> Self {
        *self
    }
}

/// The value of a shared key, `default` while the key is missing. Changes are counted as edits of
/// this micro-frontend.
pub fn use_shared<T: StateValue>(key: Key<T>, default: T) -> Shared<T> {
    let (value, set) = use_global_state_or(key, default.clone());
    Shared {
        value,
        set,
        default: StoredValue::new(default),
        edits: use_edits(),
    }
}

/// How the page looks.
pub fn use_theme() -> Shared<Theme> {
    use_shared(THEME, preferred_theme())
}

/// The number that everybody counts.
pub fn use_counter() -> Shared<i64> {
    use_shared(COUNTER, 0)
}

impl<T: StateValue> Shared<T> {
    /// Changes the value in place. A change that changes nothing is no edit.
    ///
    /// # Errors
    /// Why it was refused, in words for a person.
    pub fn change(&self, mut change: impl FnMut(&mut T)) -> Result<(), String> {
        let before = self.value.get_untracked();
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            return Ok(());
        }
        let default = self.default.get_value();
        self.edits
            .record(|| self.set.try_update_or(default, |value| change(value)))
    }

    /// Replaces the value.
    ///
    /// # Errors
    /// As [`Shared::change`].
    pub fn replace(&self, new: T) -> Result<(), String> {
        self.change(|value| value.clone_from(&new))
    }
}
