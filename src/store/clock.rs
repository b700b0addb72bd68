//! Time, and the turn of the event loop.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod turn;

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use std::time::Instant;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use web_time::Instant;

use super::inner::Inner;
use std::{
    fmt,
    sync::{Arc, Weak},
};

/// Ms since the Unix epoch.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) fn now() -> u64 {
    use std::time::SystemTime;

    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// Ms since the Unix epoch.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) fn now() -> u64 {
    js_sys::Date::now() as u64
}

/// What a store does at the end of the turn.
pub(crate) type Ending = fn(&Inner);

/// What the scheduler of a store is given to run at the end of the turn.
pub type Task = Box<dyn FnOnce() + Send>;

/// How a store gets to run at the end of the current turn.
#[derive(Clone, Default)]
pub(crate) enum Scheduler {
    /// A microtask (ECMAScript, section 27.2.2.1).
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    #[default]
    Microtask,
    /// There is no event loop: whoever owns the store calls `flush`.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    #[default]
    Manual,
    Custom(Arc<dyn Fn(Task) + Send + Sync>),
}

impl Scheduler {
    /// Whether turns end by themselves.
    pub(crate) fn is_automatic(&self) -> bool {
        match self {
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            Self::Manual => false,
            _ => true,
        }
    }

    /// Has `ending` called at the end of the turn, if the store still is there then. Whether effects
    /// have just been told to run makes it faster, and no other.
    #[cfg_attr(
        not(all(target_family = "wasm", target_os = "unknown")),
        expect(unused_variables)
    )]
    pub(crate) fn schedule(&self, store: &Weak<Inner>, ending: Ending, has_effects: bool) {
        match self {
            #[cfg(all(target_family = "wasm", target_os = "unknown"))]
            Self::Microtask => turn::at_end(store, ending, has_effects),
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            Self::Manual => (),
            Self::Custom(schedule) => {
                let store = Weak::clone(store);
                schedule(Box::new(move || {
                    if let Some(store) = store.upgrade() {
                        ending(&store);
                    }
                }));
            }
        }
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_automatic() {
            "automatic"
        } else {
            "manual"
        })
    }
}
