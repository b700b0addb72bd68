//! [`Pattern`]: a set of keys, by glob or by regular expression.

use crate::error::StateError;
use std::{fmt, sync::Arc};

/// Which keys a subscription or a grant covers.
///
/// A glob knows `?` (any character but `/`), `*` (any run of characters but `/`), `**` (as a part
/// between slashes of its own: any parts), `[a-z]` and `[!a-z]`. As the keys of micro-frontends
/// are `@id/key`, `*` matches the shared keys that hold no slash, `@shop/*` those of `shop`, and
/// `**` every key.
///
/// ```
/// use universal_state::Pattern;
///
/// let rows = Pattern::glob("row:*")?;
/// assert!(rows.matches("row:7"));
/// assert!(!rows.matches("@shop/row:7"));
/// # Ok::<(), universal_state::StateError>(())
/// ```
#[derive(Clone)]
pub struct Pattern(Arc<dyn Matching>);

#[cfg(test)]
thread_local! {
    /// How many names this thread has matched.
    pub(crate) static MATCHES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// What decides which names match. An app links only the kinds that it makes.
trait Matching: Send + Sync {
    fn matches(&self, name: &str) -> bool;

    fn text(&self) -> &str;

    /// What it is, of a text that may mean something else as another.
    fn kind(&self) -> Kind;
}

#[derive(PartialEq)]
enum Kind {
    Glob,
    #[cfg(feature = "regex")]
    Regex,
}

impl Matching for glob::Pattern {
    fn matches(&self, name: &str) -> bool {
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: false,
        };
        self.matches_with(name, options)
    }

    fn text(&self) -> &str {
        self.as_str()
    }

    fn kind(&self) -> Kind {
        Kind::Glob
    }
}

#[cfg(feature = "regex")]
impl Matching for regex_lite::Regex {
    fn matches(&self, name: &str) -> bool {
        self.is_match(name)
    }

    fn text(&self) -> &str {
        self.as_str()
    }

    fn kind(&self) -> Kind {
        Kind::Regex
    }
}

impl Pattern {
    /// A glob that is matched against whole names.
    ///
    /// # Errors
    /// [`StateError::Pattern`] if it does not parse.
    pub fn glob(pattern: &str) -> Result<Self, StateError> {
        glob::Pattern::new(pattern)
            .map(|glob| Self(Arc::new(glob)))
            .map_err(|error| invalid(pattern, &error))
    }

    /// A regular expression that is searched for in names; anchor it with `^` and `$` to match
    /// whole names.
    ///
    /// # Errors
    /// [`StateError::Pattern`] if it does not parse.
    ///
    /// ```
    /// use universal_state::Pattern;
    ///
    /// assert!(Pattern::regex(r"^row:\d+$")?.matches("row:7"));
    /// assert!(Pattern::regex("row:(").is_err());
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    #[cfg(feature = "regex")]
    pub fn regex(pattern: &str) -> Result<Self, StateError> {
        regex_lite::Regex::new(pattern)
            .map(|regex| Self(Arc::new(regex)))
            .map_err(|error| invalid(pattern, &error))
    }

    /// Whether the pattern covers the full name of a key.
    pub fn matches(&self, name: &str) -> bool {
        #[cfg(test)]
        MATCHES.set(MATCHES.get() + 1);
        self.0.matches(name)
    }

    /// Whether both were made from the same text, as the same kind.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0.kind() == other.0.kind() && self.as_str() == other.as_str()
    }

    /// Whether it is a regular expression.
    #[cfg(feature = "js")]
    pub(crate) fn is_regex(&self) -> bool {
        self.0.kind() != Kind::Glob
    }

    /// The text it was made from.
    pub fn as_str(&self) -> &str {
        self.0.text()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.as_str())
    }
}

fn invalid(pattern: &str, error: &dyn fmt::Display) -> StateError {
    StateError::Pattern {
        pattern: crate::error::excerpt(pattern),
        reason: error.to_string(),
    }
}
