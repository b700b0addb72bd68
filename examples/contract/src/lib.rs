//! The keys and types that the micro-frontends of the workbench share.
//!
//! Teams agree on this crate and on nothing else: who owns a key, what its value looks like, and
//! which values are refused.

use reactive_stores::Store;
use serde::{Deserialize, Serialize};
use universal_state::{Diff, Key, Validate};

/// Who is signed in.
pub const USER: Key<User> = Key::new("user");
/// How the page looks.
pub const THEME: Key<Theme> = Key::new("theme");
/// A number that everybody counts up and down.
pub const COUNTER: Key<i64> = Key::new("counter");

/// The counter stays between minus this and this.
pub const COUNTER_LIMIT: i64 = 1_000_000;

/// Who is signed in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, Store, Diff)]
#[serde(default)]
pub struct User {
    /// The name to be shown.
    pub name: String,
    /// The e-mail address; empty if there is none.
    pub email: String,
}

/// How the page looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Dark text on light ground.
    #[default]
    Light,
    /// Light text on dark ground.
    Dark,
}

impl Theme {
    /// Every theme there is.
    pub const ALL: [Self; 2] = [Self::Light, Self::Dark];

    /// Its name in `<html data-theme=…>`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What people call it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }
}

/// The rules that every write of a shared key has to keep, whoever writes.
pub fn rules() -> Validate {
    Validate::new()
        .rule(USER, |user: &User| {
            let usable = user.email.is_empty() || user.email.contains('@');
            usable
                .then_some(())
                .ok_or("an e-mail address needs an “@”, or nothing at all")
        })
        .rule(COUNTER, |count: &i64| {
            (-COUNTER_LIMIT..=COUNTER_LIMIT)
                .contains(count)
                .then_some(())
                .ok_or("the counter stays within ±1,000,000")
        })
}
