//! [`Fields`]: a root that can be copied, for components.

use super::{
    arc::ArcFields,
    calls,
    cursor::asked,
    diff::Diff,
    guard::{FieldReader, FieldWriter},
};
use crate::error::StateError;
use reactive_graph::{
    owner::StoredValue,
    traits::{
        DefinedAt, Dispose, GetValue, IsDisposed, Notify, ReadUntracked, Track, UntrackableGuard,
        Write,
    },
};
use reactive_stores::{KeyMap, StoreField, StoreFieldTrigger, StorePath, StorePathSegment};
use std::{fmt, ops::DerefMut, panic::Location};

/// [`ArcFields`] that can be copied, and end with the owner in which they were made: with the
/// component.
pub struct Fields<V: Diff + Clone + Send + Sync + 'static> {
    inner: StoredValue<ArcFields<V>>,
    defined_at: &'static Location<'static>,
}

impl<V: Diff + Clone + Send + Sync + 'static> Copy for Fields<V> {}

impl<V: Diff + Clone + Send + Sync + 'static> Clone for Fields<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> From<ArcFields<V>> for Fields<V> {
    #[track_caller]
    fn from(fields: ArcFields<V>) -> Self {
        Self {
            inner: StoredValue::new(fields),
            defined_at: Location::caller(),
        }
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> Fields<V> {
    fn arc(&self) -> Option<ArcFields<V>> {
        self.inner.try_get_value()
    }

    /// As [`ArcFields::try_update`].
    ///
    /// # Errors
    /// As [`ArcFields::try_update`], and [`StateError::Unmounted`] if the component is gone.
    pub fn try_update(&self, f: impl FnOnce(&mut V)) -> Result<(), StateError> {
        self.arc().ok_or(StateError::Unmounted)?.try_update(f)
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> StoreField for Fields<V> {
    type Value = V;
    type Reader = FieldReader<V>;
    type Writer = FieldWriter<V>;

    fn get_trigger(&self, path: StorePath) -> StoreFieldTrigger {
        match self.arc() {
            Some(fields) => fields.get_trigger(path),
            None => calls::lost(),
        }
    }

    fn get_trigger_unkeyed(&self, _path: StorePath) -> StoreFieldTrigger {
        StoreFieldTrigger::new()
    }

    fn path(&self) -> impl IntoIterator<Item = StorePathSegment> {
        calls::path();
        std::iter::empty()
    }

    fn path_unkeyed(&self) -> impl IntoIterator<Item = StorePathSegment> {
        if let Some(fields) = self.arc() {
            asked(&fields);
        }
        std::iter::empty()
    }

    fn track_field(&self) {
        self.track();
    }

    fn reader(&self) -> Option<FieldReader<V>> {
        self.arc()?.reader()
    }

    fn writer(&self) -> Option<FieldWriter<V>> {
        self.arc()?.writer()
    }

    fn keys(&self) -> Option<KeyMap> {
        Some(
            self.arc()
                .and_then(|fields| fields.keys())
                .unwrap_or_default(),
        )
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> ReadUntracked for Fields<V> {
    type Value = FieldReader<V>;

    fn try_read_untracked(&self) -> Option<FieldReader<V>> {
        self.reader()
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> Write for Fields<V> {
    type Value = V;

    fn try_write(&self) -> Option<impl UntrackableGuard<Target = V>> {
        self.writer().map(FieldWriter::of_all)
    }

    fn try_write_untracked(&self) -> Option<impl DerefMut<Target = V>> {
        self.writer().map(FieldWriter::of_all)
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> Track for Fields<V> {
    fn track(&self) {
        if let Some(fields) = self.arc() {
            fields.track();
        }
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> Notify for Fields<V> {
    /// Does nothing: readers are told when the value changes, and then only.
    fn notify(&self) {}
}

impl<V: Diff + Clone + Send + Sync + 'static> DefinedAt for Fields<V> {
    fn defined_at(&self) -> Option<&'static Location<'static>> {
        Some(self.defined_at)
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> IsDisposed for Fields<V> {
    fn is_disposed(&self) -> bool {
        self.inner.is_disposed()
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> Dispose for Fields<V> {
    fn dispose(self) {
        self.inner.dispose();
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> fmt::Debug for Fields<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.arc() {
            Some(fields) => fields.fmt(f),
            None => f.write_str("ArcFields(<gone>)"),
        }
    }
}
