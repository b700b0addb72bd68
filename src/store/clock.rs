//! Time, and the turn of the event loop.

use std::{fmt, sync::Arc};

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) use std::time::{Instant, SystemTime};
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub(crate) use web_time::{Instant, SystemTime};

/// Ms since the Unix epoch.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// What the scheduler of a store is given to run at the end of the turn.
pub type Task = Box<dyn FnOnce() + Send>;

/// How a store gets to run at the end of the current turn.
#[derive(Clone, Default)]
pub(crate) enum Scheduler {
    /// A microtask (HTML Standard, section 8.1.7).
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

    pub(crate) fn schedule(&self, task: impl FnOnce() + Send + 'static) {
        match self {
            #[cfg(all(target_family = "wasm", target_os = "unknown"))]
            Self::Microtask => wasm_bindgen_futures::spawn_local(async move { task() }),
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            Self::Manual => drop(task),
            Self::Custom(schedule) => schedule(Box::new(task)),
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
