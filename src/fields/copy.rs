//! [`Ahead`]: a way into a value whose copy is brought up to date.

/// What is ahead of a way into a value: the indices of fields and items, as in the paths of
/// `reactive_stores`.
#[derive(Debug)]
pub struct Ahead<'p>(&'p [usize]);

impl<'p> Ahead<'p> {
    pub(super) fn new(path: &'p [usize]) -> Self {
        Self(path)
    }

    /// Goes on by a step: into the part of this index. `None` if the way has come to its end.
    pub fn step(&mut self) -> Option<usize> {
        let (next, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*next)
    }

    /// Whether the way has come to its end.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
