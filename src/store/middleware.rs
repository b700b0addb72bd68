//! Middleware: what every transaction passes before it is committed.

mod chain;
mod log;
mod monitor;
mod validate;

pub(crate) use chain::Chain;
pub use log::Log;
pub use monitor::{Monitor, Warning};
pub use validate::Validate;

use super::transaction::Transaction;
use crate::change::ChangeSet;
use std::time::Duration;

/// Sees every transaction, from every door, before it is committed, in the order in which
/// middleware was added; may let it pass, rewrite its values or refuse it as a whole.
///
/// Another thread may commit between `before` and the commit. The transaction is then put
/// together anew and `before` called again, so it should have no effect but on the transaction.
/// No method may write to the store: a write from inside is
/// [`StateError::Reentrant`](crate::StateError::Reentrant).
///
/// ```
/// use universal_state::{Middleware, StateError, Store, Transaction, Veto};
///
/// struct Positive;
///
/// impl Middleware for Positive {
///     fn name(&self) -> &str {
///         "positive"
///     }
///
///     fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
///         for write in transaction.writes_mut() {
///             match write.new::<i64>() {
///                 Some(n) if n < -10 => return Err(Veto::new("far too small")),
///                 Some(n) if n < 0 => write.replace(0i64),
///                 _ => {}
///             }
///         }
///         Ok(())
///     }
/// }
///
/// let store = Store::builder().middleware(Positive).build();
/// store.set("n", -3i64)?;
/// assert_eq!(store.get::<i64>("n"), Some(0));
/// assert!(matches!(store.set("n", -30i64), Err(StateError::Vetoed { .. })));
/// assert_eq!(store.get::<i64>("n"), Some(0));
/// # Ok::<(), StateError>(())
/// ```
pub trait Middleware: Send + Sync {
    /// The name that errors and logs give.
    fn name(&self) -> &str;

    /// Called before a transaction is committed.
    ///
    /// # Errors
    /// A [`Veto`] refuses the whole transaction; the writer gets it as
    /// [`StateError::Vetoed`](crate::StateError::Vetoed).
    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        let _ = transaction;
        Ok(())
    }

    /// Called after a transaction was committed and before listeners hear of it. `took` is the time
    /// from its start, middleware included.
    fn committed(&self, changes: &ChangeSet, took: Duration) {
        let _ = (changes, took);
    }

    /// Called after listeners were told of changes. `took` is the time that their calls took.
    fn delivered(&self, changes: &ChangeSet, took: Duration) {
        let _ = (changes, took);
    }
}

/// Why a middleware refuses a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Veto {
    pub(crate) key: Option<String>,
    pub(crate) reason: String,
}

impl Veto {
    /// A refusal with a reason that the writer can act upon.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            key: None,
            reason: reason.into(),
        }
    }

    /// Names the key that is refused.
    pub fn of_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The key that is refused, if it was named.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The reason.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Names a middleware, for [`Store::remove_middleware`](crate::Store::remove_middleware).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MiddlewareId(pub(crate) u64);
