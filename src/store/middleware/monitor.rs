//! [`Monitor`]: warns of slow updates and large values.

use super::Middleware;
use crate::change::ChangeSet;
use std::{fmt, time::Duration};

/// What a [`Monitor`] warns of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// From the start of a transaction to its commit, middleware included, it took long.
    SlowUpdate {
        /// The keys that changed.
        keys: Vec<String>,
        /// How long it took.
        took: Duration,
    },
    /// The listeners of a set of changes took long.
    SlowDelivery {
        /// The keys that changed.
        keys: Vec<String>,
        /// How long it took.
        took: Duration,
    },
    /// A value is large.
    LargeValue {
        /// The key.
        key: String,
        /// The size of its JSON in bytes.
        bytes: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SlowUpdate { keys, took } => {
                write!(f, "slow update of {}: {took:?}", keys.join(", "))
            }
            Self::SlowDelivery { keys, took } => {
                write!(f, "slow listeners of {}: {took:?}", keys.join(", "))
            }
            Self::LargeValue { key, bytes } => write!(f, "large value of {key}: {bytes} bytes"),
        }
    }
}

/// Watches the time that updates take and, with the feature `json`, the size of values.
///
/// Sizes are those of a value's JSON, which is made for the purpose if no edge has made it yet:
/// leave the limit away where that is too dear.
///
/// ```
/// use std::time::Duration;
/// use universal_state::{Monitor, Store};
///
/// let monitor = Monitor::new(|warning| eprintln!("{warning}"))
///     .slow(Duration::from_millis(16))
///     .large(64 * 1024);
/// let store = Store::builder().middleware(monitor).build();
/// # let _ = store;
/// ```
pub struct Monitor {
    slow: Option<Duration>,
    #[cfg_attr(not(feature = "json"), allow(dead_code))]
    large: Option<usize>,
    warn: Box<dyn Fn(&Warning) + Send + Sync>,
}

impl Monitor {
    /// Hands warnings to a function. Without limits there are none.
    pub fn new(warn: impl Fn(&Warning) + Send + Sync + 'static) -> Self {
        Self {
            slow: None,
            large: None,
            warn: Box::new(warn),
        }
    }

    /// Warns of updates, and of the listeners of a set of changes, that take this long or longer.
    pub fn slow(mut self, limit: Duration) -> Self {
        self.slow = Some(limit);
        self
    }

    /// Warns of values whose JSON has this many bytes or more.
    #[cfg(feature = "json")]
    pub fn large(mut self, bytes: usize) -> Self {
        self.large = Some(bytes);
        self
    }

    fn is_slow(&self, took: Duration) -> bool {
        self.slow.is_some_and(|limit| took >= limit)
    }
}

fn keys(changes: &ChangeSet) -> Vec<String> {
    changes
        .iter()
        .map(|change| change.key().to_owned())
        .collect()
}

impl Middleware for Monitor {
    fn name(&self) -> &str {
        "monitor"
    }

    fn committed(&self, changes: &ChangeSet, took: Duration) {
        if self.is_slow(took) {
            (self.warn)(&Warning::SlowUpdate {
                keys: keys(changes),
                took,
            });
        }
        #[cfg(feature = "json")]
        if let Some(limit) = self.large {
            for change in changes {
                match change.new_value().map(crate::value::Value::json_bytes) {
                    Some(Ok(bytes)) if bytes >= limit => (self.warn)(&Warning::LargeValue {
                        key: change.key().to_owned(),
                        bytes,
                    }),
                    _ => {}
                }
            }
        }
    }

    fn delivered(&self, changes: &ChangeSet, took: Duration) {
        if self.is_slow(took) {
            (self.warn)(&Warning::SlowDelivery {
                keys: keys(changes),
                took,
            });
        }
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("slow", &self.slow)
            .field("large", &self.large)
            .finish_non_exhaustive()
    }
}
