//! [`HistoryOptions`]: what a history covers, and how it keeps its steps.

use crate::{change::Origin, pattern::Pattern};

/// How many steps a history keeps if it is not told otherwise.
const DEFAULT_LIMIT: usize = 100;

/// What a [`History`](crate::History) covers, and how it keeps its steps.
///
/// ```
/// use universal_state::{HistoryOptions, Origin};
///
/// let options = HistoryOptions::new()
///     .keys(["title", "text"])
///     .limit(500)
///     .merge_window(800)
///     .ignore(Origin::DevTools);
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HistoryOptions {
    pub(super) which: Which,
    pub(super) limit: usize,
    pub(super) merge_window: u64,
    pub(super) source: String,
    pub(super) ignored: Vec<Origin>,
}

#[derive(Debug, Clone)]
pub(super) enum Which {
    All,
    These(Vec<String>),
    Matching(Pattern),
}

impl Default for HistoryOptions {
    fn default() -> Self {
        Self {
            which: Which::All,
            limit: DEFAULT_LIMIT,
            merge_window: 0,
            source: "history".to_owned(),
            ignored: Vec::new(),
        }
    }
}

impl HistoryOptions {
    /// Every key of the view, the last 100 steps, none of them merged.
    pub fn new() -> Self {
        Self::default()
    }

    /// Covers these keys alone, in place of what was chosen before.
    pub fn keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.which = Which::These(keys.into_iter().map(Into::into).collect());
        self
    }

    /// Covers the keys alone whose full names a pattern matches, in place of what was chosen before.
    pub fn pattern(mut self, pattern: Pattern) -> Self {
        self.which = Which::Matching(pattern);
        self
    }

    /// How many steps are kept; beyond that the oldest are forgotten. 100 if it is not set.
    pub fn limit(mut self, steps: usize) -> Self {
        self.limit = steps;
        self
    }

    /// Steps that follow each other in less than so many ms are merged into one, like typing, if
    /// they change the same set of keys and come from the same source. With 0, the default, none
    /// are. After a move, and after a pause, a new step begins.
    ///
    /// In a browser all transactions of one turn carry the same time.
    pub fn merge_window(mut self, ms: u64) -> Self {
        self.merge_window = ms;
        self
    }

    /// The source that the history's own writes carry; `"history"` if it is not set.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// Treats writes of one more origin as somebody else's: they are no steps, and no undo takes
    /// them back. [`Origin::Storage`] and [`Origin::Tab`] always are.
    pub fn ignore(mut self, origin: Origin) -> Self {
        self.ignored.push(origin);
        self
    }
}
