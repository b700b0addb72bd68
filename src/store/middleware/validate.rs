//! [`Validate`]: rules by key.

use super::{Middleware, Transaction, Veto};
use crate::store::transaction::Write;
use crate::{key::AsKey, pattern::Pattern, value::StateValue};
use std::fmt;

type Rule = Box<dyn Fn(&Write) -> Result<(), String> + Send + Sync>;

enum Keys {
    One(String),
    Matching(Pattern),
}

/// Refuses values that break a rule. Removals pass.
///
/// ```
/// use universal_state::{StateError, Store, Validate};
///
/// let store = Store::builder()
///     .middleware(Validate::new().rule("age", |age: &u32| {
///         (*age < 150).then_some(()).ok_or("nobody is that old")
///     }))
///     .build();
/// assert!(store.set("age", 30u32).is_ok());
/// assert!(matches!(store.set("age", 300u32), Err(StateError::Vetoed { .. })));
/// assert_eq!(store.get::<u32>("age"), Some(30));
/// ```
#[derive(Default)]
pub struct Validate {
    rules: Vec<(Keys, Rule)>,
}

impl Validate {
    /// No rules: everything passes.
    pub fn new() -> Self {
        Self::default()
    }

    /// A rule for one key, by its full name. A value that does not read as a `T` is refused.
    pub fn rule<T: StateValue, E: fmt::Display>(
        self,
        key: impl AsKey<T>,
        rule: impl Fn(&T) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        let key = Keys::One(key.as_name().to_owned());
        self.with(key, rule)
    }

    /// A rule for all keys whose full names a pattern matches.
    pub fn rule_for_pattern<T: StateValue, E: fmt::Display>(
        self,
        pattern: Pattern,
        rule: impl Fn(&T) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        self.with(Keys::Matching(pattern), rule)
    }

    fn with<T: StateValue, E: fmt::Display>(
        mut self,
        keys: Keys,
        rule: impl Fn(&T) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        let rule = move |write: &Write| match write.new_value().map(|value| value.with(&rule)) {
            None => Ok(()),
            Some(Ok(verdict)) => verdict.map_err(|error| error.to_string()),
            Some(Err(mut mismatch)) => {
                mismatch.reason = write.labels().redact(mismatch.reason);
                Err(mismatch.to_string())
            }
        };
        self.rules.push((keys, Box::new(rule)));
        self
    }
}

impl Middleware for Validate {
    fn name(&self) -> &str {
        "validate"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        for write in transaction.writes() {
            for (keys, rule) in &self.rules {
                let applies = match keys {
                    Keys::One(key) => key == write.key(),
                    Keys::Matching(pattern) => pattern.matches(write.key()),
                };
                if applies {
                    rule(write).map_err(|reason| Veto::new(reason).of_key(write.key()))?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Validate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Validate({} rules)", self.rules.len())
    }
}
