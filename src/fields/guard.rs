//! The guards through which a root is read and written.

use super::{arc::ArcFields, calls::Fresh, diff::Diff, held::Held};
use crate::value::Value;
use reactive_graph::traits::UntrackableGuard;
use std::{
    fmt,
    ops::{Deref, DerefMut},
};

/// Reads a value through [`ArcFields`]. It holds no lock: the value is immutable.
pub struct FieldReader<V>(pub(super) Held<V>);

impl<V> Deref for FieldReader<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.0
    }
}

impl<V: fmt::Debug> fmt::Debug for FieldReader<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Writes a value through [`ArcFields`]: a copy, made when it is first written to, which goes
/// through the pipe when the guard is dropped. An error goes to the store's reporter.
pub struct FieldWriter<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    pub(super) fields: ArcFields<V>,
    pub(super) base: Option<Value>,
    pub(super) held: Held<V>,
    pub(super) copy: Option<V>,
    pub(super) fresh: Fresh,
}

impl<V> Deref for FieldWriter<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    type Target = V;

    fn deref(&self) -> &V {
        self.fresh.end();
        self.copy.as_ref().unwrap_or(&self.held)
    }
}

impl<V> DerefMut for FieldWriter<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    fn deref_mut(&mut self) -> &mut V {
        self.fresh.end();
        self.copy.get_or_insert_with(|| V::clone(&self.held))
    }
}

impl<V> UntrackableGuard for FieldWriter<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    /// Does nothing: readers are told by the commit.
    fn untrack(&mut self) {}
}

impl<V> Drop for FieldWriter<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    fn drop(&mut self) {
        self.fresh.end();
        if let Some(copy) = self.copy.take() {
            self.fields.commit_or_report(self.base.as_ref(), copy);
        }
    }
}

impl<V> fmt::Debug for FieldWriter<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FieldWriter").field(&self.fields).finish()
    }
}
