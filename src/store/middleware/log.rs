//! [`Log`]: a line for each change.

use super::Middleware;
use crate::change::{Change, ChangeSet};
use std::{fmt, time::Duration};

/// Hands every committed change to a function, one line each:
/// `cart: 1 → 2 (checkout, local, v7)`.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use universal_state::{Log, Store};
///
/// let lines = Arc::new(Mutex::new(Vec::new()));
/// let sink = Arc::clone(&lines);
/// let store = Store::builder()
///     .middleware(Log::new(move |line| sink.lock().unwrap().push(line.to_owned())))
///     .build();
/// store.set_with_source("cart", 1, "checkout")?;
/// # #[cfg(feature = "json")]
/// assert_eq!(*lines.lock().unwrap(), ["cart: ∅ → 1 (checkout, local, v1)"]);
/// # Ok::<(), universal_state::StateError>(())
/// ```
pub struct Log {
    sink: Box<dyn Fn(&str) + Send + Sync>,
}

impl Log {
    /// Logs to a function, such as one that writes to the console.
    pub fn new(sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            sink: Box::new(sink),
        }
    }
}

impl Middleware for Log {
    fn name(&self) -> &str {
        "log"
    }

    fn committed(&self, changes: &ChangeSet, _took: Duration) {
        for change in changes {
            (self.sink)(&Line(change).to_string());
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

struct Line<'a>(&'a Change);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(change) = self;
        let labels = change.labels();
        write!(f, "{}: ", change.key())?;
        match change.old_value() {
            Some(value) => write!(f, "{:?} → ", labels.show(value))?,
            None => f.write_str("∅ → ")?,
        }
        match change.new_value() {
            Some(value) => write!(f, "{:?}", labels.show(value))?,
            None => f.write_str("∅")?,
        }
        write!(
            f,
            " ({}, {}, v{})",
            change.source(),
            change.origin(),
            change.version()
        )
    }
}
