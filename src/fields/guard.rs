//! The guards through which a root is read and written.

use super::{arc::ArcFields, calls::Taken, course::Path, diff::Diff, held::Held, place::Sought};
use crate::{error::StateError, value::Value};
use reactive_graph::traits::UntrackableGuard;
use std::{
    fmt, mem,
    ops::{Deref, DerefMut},
    thread,
};

/// Reads a value through [`ArcFields`]. It holds no lock: the value is immutable.
pub struct FieldReader<V> {
    pub(super) held: Held<V>,
    /// Boxed, because a reader is moved a lot.
    pub(super) sought: Option<Box<Sought>>,
}

impl<V> Deref for FieldReader<V> {
    type Target = V;

    fn deref(&self) -> &V {
        if let Some(sought) = &self.sought {
            sought.seen();
        }
        &self.held
    }
}

impl<V: fmt::Debug> fmt::Debug for FieldReader<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// Writes a value through [`ArcFields`]: a copy, made when it is first written to or kept from the
/// last write, which goes through the pipe when the guard is dropped. An error goes to the store's
/// reporter.
pub struct FieldWriter<V>(Box<Writing<V>>)
where
    V: Diff + Clone + Send + Sync + 'static;

/// Boxed, because a guard is moved a lot.
struct Writing<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    fields: ArcFields<V>,
    /// What the write began with, or why it cannot.
    base: Result<Option<Value>, StateError>,
    held: Held<V>,
    copy: Option<V>,
    /// The place of the value that it writes, once it does; `None` if that is not certain.
    path: Option<Path>,
    /// Whether it was made while a panic unwound.
    unwinding: bool,
    taken: Taken,
}

impl<V> FieldWriter<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    pub(super) fn new(
        fields: ArcFields<V>,
        base: Result<Option<Value>, StateError>,
        held: Held<V>,
        taken: Taken,
    ) -> Self {
        Self(Box::new(Writing {
            fields,
            base,
            held,
            copy: None,
            path: None,
            unwinding: thread::panicking(),
            taken,
        }))
    }

    /// It writes the value as a whole, and no field asks on its behalf.
    pub(super) fn of_all(self) -> Self {
        self.0.taken.aim();
        self
    }
}

impl<V> Deref for FieldWriter<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    type Target = V;

    fn deref(&self) -> &V {
        self.0.taken.used();
        self.0.copy.as_ref().unwrap_or(&self.0.held)
    }
}

impl<V> DerefMut for FieldWriter<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    fn deref_mut(&mut self) -> &mut V {
        let this = &mut *self.0;
        this.taken.used();
        this.copy.get_or_insert_with(|| {
            this.path = this.taken.aim();
            let base = this.path.as_ref().and(this.base.as_ref().ok());
            let spare = base.and_then(|base| this.fields.spare(base.as_ref()));
            spare.unwrap_or_else(|| V::clone(&this.held))
        })
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
        let this = &mut *self.0;
        this.taken.used();
        // What was half done when its code panicked is not stored.
        let is_whole = this.unwinding || !thread::panicking();
        if let Some(copy) = this.copy.take().filter(|_| is_whole) {
            let base = mem::replace(&mut this.base, Ok(None));
            let path = this.path.take();
            let held = &mut this.held;
            this.fields.commit_or_report(base, held, copy, path);
        }
    }
}

impl<V> fmt::Debug for FieldWriter<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FieldWriter").field(&self.0.fields).finish()
    }
}
