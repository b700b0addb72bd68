//! [`ToCursor`]: from a field to the cursor of its place.

use super::{Cursor, at::At};
use crate::{
    error::StateError,
    fields::{ArcFields, Diff, Fields, course::Path, node::Node},
};
use reactive_stores::{AtIndex, DerefedField, KeyedSubfield, StoreField, Subfield};
use std::{
    any::Any,
    cell::RefCell,
    fmt::Debug,
    hash::Hash,
    ops::{Deref, DerefMut, IndexMut},
    sync::Arc,
};

/// A field that is reached by names and indices from the root of a key's value, and so has a
/// [`Cursor`]. An item that is reached by its key (`at_key`) has none, as its place changes: keep its
/// accessor. Neither has a field whose type was erased (`Field`, `ArcField`).
///
/// ```
/// # use reactive_stores::{Store as Fields, StoreFieldIterator};
/// # use serde::{Deserialize, Serialize};
/// # use universal_state::{Diff, Key, Store, ToCursor};
/// # #[derive(Clone, PartialEq, Default, Serialize, Deserialize, Fields, Diff)]
/// # struct Cart {
/// #     #[store(key: u32 = |row| row.id)]
/// #     rows: Vec<Row>,
/// # }
/// # #[derive(Clone, PartialEq, Default, Serialize, Deserialize, Fields, Diff)]
/// # struct Row {
/// #     id: u32,
/// # }
/// # let store = Store::new();
/// # let cart = store.fields_or(Key::new("cart"), Cart::default())?;
/// let first = cart.rows().at_unkeyed(0).id().cursor()?;
/// # Ok::<(), universal_state::StateError>(())
/// ```
///
/// ```compile_fail,E0599
/// # use reactive_stores::{Store as Fields, StoreFieldIterator};
/// # use serde::{Deserialize, Serialize};
/// # use universal_state::{Diff, Key, Store, ToCursor};
/// # #[derive(Clone, PartialEq, Default, Serialize, Deserialize, Fields, Diff)]
/// # struct Cart {
/// #     #[store(key: u32 = |row| row.id)]
/// #     rows: Vec<Row>,
/// # }
/// # #[derive(Clone, PartialEq, Default, Serialize, Deserialize, Fields, Diff)]
/// # struct Row {
/// #     id: u32,
/// # }
/// # let store = Store::new();
/// # let cart = store.fields_or(Key::new("cart"), Cart::default())?;
/// let wanted = cart.rows().at_key(7).id().cursor()?;
/// # Ok::<(), universal_state::StateError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no cursor",
    label = "no place that stays",
    note = "a place is found by names and indices, from `fields`, `fields_or` or a hook; an item \
            that is found by its key moves, and an erased field does not know where it is: use the \
            accessor itself"
)]
pub trait ToCursor: StoreField {
    /// The type of the value that the field is a part of.
    type Whole;

    /// A cursor for the place of this field.
    ///
    /// # Errors
    /// [`StateError::Denied`] and [`StateError::UnknownMfe`] if the view of the fields may not read
    /// the key, [`StateError::Unmounted`] if their component is gone, [`StateError::Place`] if the way
    /// leads through a type that does not know its parts, as those without [`Diff`], tuples and maps.
    fn cursor(&self) -> Result<Cursor<Self::Value>, StateError>
    where
        Self::Whole: Diff + Clone + Send + Sync + 'static,
        Self::Value: Clone + PartialEq + Send + Sync + 'static,
    {
        let steps = || self.path_unkeyed().into_iter();
        let (path, root) = asking(|| steps().map(|step| Node::index(&step)).collect::<Path>());
        let root = root.and_then(|root| root.downcast::<ArcFields<Self::Whole>>().ok());
        let at = At::new(*root.ok_or(StateError::Unmounted)?, path)?;
        Ok(Cursor(Arc::new(at)))
    }
}

thread_local! {
    /// The root of the field that is asked for its path; `None` while nobody wants to know.
    static ASKED: RefCell<Option<Option<Box<dyn Any>>>> = const { RefCell::new(None) };
}

/// Asks a field for its path, and for the root that was asked for its own then.
fn asking<R>(ask: impl FnOnce() -> R) -> (R, Option<Box<dyn Any>>) {
    /// Nobody wants to know any more, also if the code of a field panics.
    struct Asking;

    impl Drop for Asking {
        fn drop(&mut self) {
            ASKED.take();
        }
    }

    ASKED.replace(Some(None));
    let _asking = Asking;
    let result = ask();
    (result, ASKED.take().flatten())
}

/// A root is asked for its path.
pub(in crate::fields) fn asked<V: Send + Sync + 'static>(root: &ArcFields<V>) {
    ASKED.with_borrow_mut(|asked| {
        if let Some(asked) = asked {
            *asked = Some(Box::new(root.clone()));
        }
    });
}

impl<V: Diff + Clone + Send + Sync + 'static> ToCursor for ArcFields<V> {
    type Whole = V;
}

impl<V: Diff + Clone + Send + Sync + 'static> ToCursor for Fields<V> {
    type Whole = V;
}

impl<Inner, Prev, T> ToCursor for Subfield<Inner, Prev, T>
where
    Inner: ToCursor<Value = Prev>,
    Prev: 'static,
{
    type Whole = Inner::Whole;
}

impl<Inner, Prev> ToCursor for AtIndex<Inner, Prev>
where
    Inner: ToCursor<Value = Prev>,
    Prev: IndexMut<usize> + 'static,
    Prev::Output: Sized,
{
    type Whole = Inner::Whole;
}

impl<Inner> ToCursor for DerefedField<Inner>
where
    Inner: ToCursor,
    Inner::Value: Deref + DerefMut,
    <Inner::Value as Deref>::Target: Sized + 'static,
{
    type Whole = Inner::Whole;
}

impl<Inner, Prev, K, T> ToCursor for KeyedSubfield<Inner, Prev, K, T>
where
    Self: Clone,
    for<'a> &'a T: IntoIterator,
    Inner: ToCursor<Value = Prev>,
    Prev: 'static,
    K: Debug + Send + Sync + PartialEq + Eq + Hash + 'static,
{
    type Whole = Inner::Whole;
}
