//! One field of the shared person: what it holds, and the way to change it.

use crate::edits::{Edits, use_edits};
use leptos::prelude::*;
use universal_state::{Fields, hooks::use_global_store_or};
use workbench_contract::{USER, User, UserStoreFields};

/// A text in the shared person. Whoever reads it hears of changes of this text alone.
#[derive(Clone, Copy)]
pub struct Field {
    /// What it is now, whoever wrote it.
    pub value: Signal<String>,
    user: Fields<User>,
    place: fn(&mut User) -> &mut String,
    edits: Edits,
}

/// The person's name.
pub fn use_name() -> Field {
    use_field(|user| user.name().get(), |user| &mut user.name)
}

/// The person's e-mail address.
pub fn use_email() -> Field {
    use_field(|user| user.email().get(), |user| &mut user.email)
}

fn use_field(read: fn(Fields<User>) -> String, place: fn(&mut User) -> &mut String) -> Field {
    let user = use_global_store_or(USER, User::default());
    Field {
        value: Signal::derive(move || read(user)),
        user,
        place,
        edits: use_edits(),
    }
}

impl Field {
    /// Replaces the text. Writing what is there already is no edit.
    ///
    /// # Errors
    /// Why it was refused, in words for a person.
    pub fn replace(&self, new: &str) -> Result<(), String> {
        if self.value.get_untracked() == new {
            return Ok(());
        }
        let write = |user: &mut User| new.clone_into((self.place)(user));
        self.edits.record(|| self.user.try_update(write))
    }
}
