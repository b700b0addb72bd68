//! Engines: how values are kept and how readers are told.
//!
//! An engine knows keys and values, and nothing of subscriptions, handles or signals: those belong
//! to the store, which is why the engine of a running page can be exchanged. A new engine is one
//! file that implements [`Engine`], its `mod` line, and its line in the table below.

mod map;
mod signal;

use crate::{
    error::StateError,
    value::{StateValue, Value},
};
use smol_str::SmolStr;
use std::{fmt, str::FromStr};

/// When listeners that did not ask for anything else are told of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// Before the write returns, whatever the listener asked for.
    AtOnce,
    /// All changes of a turn in one call.
    Batched,
}

/// Under which a value is kept: the key, and the hash of its name.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) key: &'a SmolStr,
    pub(crate) hash: u32,
}

/// What became of a value that was put.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    /// It was exchanged for the one that was there.
    Exchanged,
    /// It was stored where none was.
    Added,
    /// An equal one is there.
    Equal,
    /// Nothing has happened: code of a user would have to compare the two.
    Unknown,
}

/// The place of values. Called under the lock of the slot whose `place` is passed, so an
/// implementation must not call user code: it moves values, and compares those alone that the
/// language itself compares.
pub(crate) trait Engine: Send + Sync {
    /// When listeners are told.
    fn telling(&self) -> Telling;

    /// The value of a key.
    fn load(&self, site: Site<'_>, place: &Option<Value>) -> Option<Value>;

    /// Whether it finds values by name, and not in the slots of their keys.
    fn finds(&self) -> bool {
        false
    }

    /// The value under a name, if it is a small one of this type and the engine finds it by name.
    fn pick<T: StateValue>(&self, _hash: u32, _name: &str) -> Option<T> {
        None
    }

    /// Whether this very value, or nothing, is under a key.
    fn holds(&self, site: Site<'_>, place: &Option<Value>, value: Option<&Value>) -> bool;

    /// Puts a value, or nothing, under a key and hands back what was there.
    fn store(
        &self,
        site: Site<'_>,
        place: &mut Option<Value>,
        value: Option<Value>,
    ) -> Option<Value>;

    /// Whether an equal value is under a key, if [`Engine::put`] can tell.
    fn same_plain(&self, site: Site<'_>, place: &Option<Value>, value: &Value) -> Option<bool>;

    /// Puts a plain value under a key, unless an equal one is there, and takes out what was there.
    fn put(&self, site: Site<'_>, place: &mut Option<Value>, value: &mut Value) -> Put;
}

/// Whether a plain value is equal to what is there, if it can be compared with it.
#[inline]
fn same_plain(place: Option<&Value>, value: &Value) -> Option<bool> {
    place.map_or(Some(false), |place| place.same_plain(value))
}

/// Puts a plain value where another is.
#[inline]
fn put(place: &mut Value, value: &mut Value) -> Put {
    match place.same_plain(value) {
        Some(true) => Put::Equal,
        Some(false) => {
            std::mem::swap(place, value);
            Put::Exchanged
        }
        None => Put::Unknown,
    }
}

macro_rules! engines {
    ($($(#[$doc:meta])* $kind:ident = $name:literal => $engine:ty),+ $(,)?) => {
        /// The engines that a store can run on.
        ///
        /// ```
        /// use universal_state::EngineKind;
        ///
        /// assert_eq!("map".parse(), Ok(EngineKind::Map));
        /// assert!("maps".parse::<EngineKind>().is_err());
        /// ```
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        #[non_exhaustive]
        pub enum EngineKind {
            $($(#[$doc])* $kind),+
        }

        impl EngineKind {
            /// Every engine there is.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The name by which a flag or a query parameter asks for it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name),+
                }
            }

            pub(crate) fn start(self) -> Running {
                match self {
                    $(Self::$kind => Running::$kind(Default::default())),+
                }
            }
        }

        /// An engine at work.
        pub(crate) enum Running {
            $($kind($engine)),+
        }

        impl Running {
            pub(crate) fn kind(&self) -> EngineKind {
                match self {
                    $(Self::$kind(_) => EngineKind::$kind),+
                }
            }
        }

        impl Running {
            #[inline]
            pub(crate) fn telling(&self) -> Telling {
                match self {
                    $(Self::$kind(engine) => engine.telling()),+
                }
            }

            #[inline]
            pub(crate) fn load(&self, site: Site<'_>, place: &Option<Value>) -> Option<Value> {
                match self {
                    $(Self::$kind(engine) => engine.load(site, place)),+
                }
            }

            pub(crate) fn finds(&self) -> bool {
                match self {
                    $(Self::$kind(engine) => engine.finds()),+
                }
            }

            #[inline]
            pub(crate) fn pick<T: StateValue>(&self, hash: u32, name: &str) -> Option<T> {
                match self {
                    $(Self::$kind(engine) => engine.pick(hash, name)),+
                }
            }

            #[inline]
            pub(crate) fn holds(&self, site: Site<'_>, place: &Option<Value>, value: Option<&Value>) -> bool {
                match self {
                    $(Self::$kind(engine) => engine.holds(site, place, value)),+
                }
            }

            #[inline]
            pub(crate) fn store(
                &self,
                site: Site<'_>,
                place: &mut Option<Value>,
                value: Option<Value>,
            ) -> Option<Value> {
                match self {
                    $(Self::$kind(engine) => engine.store(site, place, value)),+
                }
            }

            #[inline]
            pub(crate) fn same_plain(
                &self,
                site: Site<'_>,
                place: &Option<Value>,
                value: &Value,
            ) -> Option<bool> {
                match self {
                    $(Self::$kind(engine) => engine.same_plain(site, place, value)),+
                }
            }

            #[inline]
            pub(crate) fn put(&self, site: Site<'_>, place: &mut Option<Value>, value: &mut Value) -> Put {
                match self {
                    $(Self::$kind(engine) => engine.put(site, place, value)),+
                }
            }
        }
    };
}

engines! {
    /// A hash map and listeners that are called synchronously, one call per transaction: the way
    /// of a `Map`-based manager.
    Map = "map" => map::MapEngine,
    /// A slot per key that handles resolve once, and one call per turn: the way of signals.
    #[default]
    Signal = "signal" => signal::SignalEngine,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for EngineKind {
    type Err = StateError;

    fn from_str(name: &str) -> Result<Self, StateError> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| StateError::UnknownEngine {
                name: crate::error::excerpt(name),
                known: Self::ALL
                    .iter()
                    .map(|kind| kind.name())
                    .collect::<Vec<_>>()
                    .join(", "),
            })
    }
}
