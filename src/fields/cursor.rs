//! [`Cursor`]: a place inside of a value that was looked up once.

mod at;
mod listening;
mod making;
mod spot;
mod writing;

pub use making::ToCursor;
pub(super) use making::asked;

use crate::{
    change::Change,
    error::StateError,
    store::{Outcome, SubscribeOptions, Subscription, ended},
};
use at::Reach;
use reactive_graph::traits::{DefinedAt, Get, GetUntracked, Set, Track, Update};
use std::{fmt, panic::Location, sync::Arc};

/// A place inside of the value of a key, looked up once: what [`Handle`](crate::Handle) is to a key.
/// It is made of a field, by [`ToCursor::cursor`], and then reads and writes without the accessors,
/// which build paths, triggers and guards at each use.
///
/// A write of an equal part changes nothing. Any other goes through the pipe like every write:
/// middleware may refuse it, listeners and other tabs get one change of the key, and of the fields
/// only the readers of this place are told, of what it is part of, and of what differs inside of it.
/// In a batch it is part of the batch. Two writers in two threads do not undo each other's writes of
/// other places.
///
/// The place is where names and indices lead, whatever item is there. While nothing is there (the key
/// or an `Option` on the way is empty, an item is missing, an enum is in another variant than the one
/// in which the cursor first found it) it reads as `None` and cannot be written, and readers are told
/// when something comes. Of the fields of a default (`fields_or`) it shows those while the key is
/// missing, and a write stores the default with the place changed. A value of another type is read
/// through JSON, and stored as the type of the fields by a write.
///
/// Who reads it in an effect, a memo or a component is told for as long as a clone of the cursor, or
/// the owner in which it was dropped, lives.
///
/// As a signal ([`Get`], [`Set`], [`Update`], [`Track`] of `reactive_graph`) it never panics: it reads
/// as an `Option`, and what goes wrong with a write is reported.
///
/// ```
/// use reactive_stores::{Store as Fields, StoreFieldIterator};
/// use serde::{Deserialize, Serialize};
/// use universal_state::{Diff, Key, Store, ToCursor};
///
/// #[derive(Clone, PartialEq, Default, Serialize, Deserialize, Fields, Diff)]
/// struct Board {
///     cells: Vec<i32>,
/// }
///
/// const BOARD: Key<Board> = Key::new("board");
///
/// let store = Store::new();
/// store.set(BOARD, Board { cells: vec![0; 100] })?;
/// let cell = store.fields_or(BOARD, Board::default())?.cells().at_unkeyed(42).cursor()?;
/// cell.set(7)?;
/// cell.update(|n| *n += 1)?;
/// assert_eq!(cell.get(), Some(8));
/// assert_eq!(store.get(BOARD).unwrap().cells[42], 8);
///
/// store.set(BOARD, Board::default())?;
/// assert_eq!(cell.get(), None);
/// assert!(cell.set(1).is_err());
/// # Ok::<(), universal_state::StateError>(())
/// ```
pub struct Cursor<L: 'static>(Arc<dyn Reach<L>>);

impl<L: Clone + PartialEq + Send + Sync + 'static> Cursor<L> {
    /// What is at the place, tracked; `None` if nothing is, or, with a report, if the value cannot be
    /// read.
    pub fn get(&self) -> Option<L> {
        self.or_report(self.try_get()).flatten()
    }

    /// As [`Cursor::get`], with the reason if the value cannot be read.
    ///
    /// # Errors
    /// [`StateError::Type`] if the value does not read as that of the fields, [`StateError::Denied`]
    /// if a grant was revoked, [`StateError::UnknownMfe`] if the micro-frontend has gone, and what a
    /// computed key fails with.
    pub fn try_get(&self) -> Result<Option<L>, StateError> {
        self.0.get(true)
    }

    /// Calls `f` with what is at the place, without cloning it.
    ///
    /// # Errors
    /// As [`Cursor::try_get`].
    pub fn try_with<R>(&self, f: impl FnOnce(&L) -> R) -> Result<Option<R>, StateError> {
        let (mut f, mut result) = (Some(f), None);
        self.0.with(true, &mut |part| {
            result = f.take().map(|f| f(part));
        })?;
        Ok(result)
    }

    /// Writes the place.
    ///
    /// # Errors
    /// [`StateError::Place`] if nothing is there, [`StateError::Type`] if the value does not read as
    /// that of the fields, and as [`View::set`](crate::View::set), among them
    /// [`StateError::Vetoed`] and [`StateError::Denied`]. Nothing is changed then.
    pub fn set(&self, part: L) -> Result<(), StateError> {
        self.0.set(part)
    }

    /// Changes what is at the place. `f` may be called again if another thread was faster.
    ///
    /// # Errors
    /// As [`Cursor::set`].
    pub fn update(&self, mut f: impl FnMut(&mut L)) -> Result<(), StateError> {
        self.0.update(&mut f)
    }

    /// Calls a listener when what is at the place has changed, with what is there now, `None` if nothing
    /// is, and with the change of the key. It is told when and in the order in which listeners of the
    /// key are. Each of them compares its place at each change of the key; readers in effects are found
    /// by the place, which costs less where one value has many of them.
    ///
    /// A value that does not read as that of the fields is reported and comes as `None`. The listener
    /// lives as long as its [`Subscription`], not as the cursor.
    ///
    /// # Errors
    /// [`StateError::Denied`] and [`StateError::UnknownMfe`] if the view of the fields may not read the
    /// key any more, [`StateError::Disposed`].
    ///
    /// ```
    /// # use reactive_stores::Store as Fields;
    /// # use serde::{Deserialize, Serialize};
    /// # use universal_state::{Diff, Key, Store, SubscribeOptions, ToCursor};
    /// #[derive(Clone, PartialEq, Default, Serialize, Deserialize, Fields, Diff)]
    /// struct User {
    ///     name: String,
    ///     city: String,
    /// }
    ///
    /// const USER: Key<User> = Key::new("user");
    ///
    /// let store = Store::new();
    /// let city = store.fields_or(USER, User::default())?.city().cursor()?;
    /// let _subscription = city.subscribe(SubscribeOptions::new(), |city, change| {
    ///     println!("{city:?} by {}", change.source());
    /// })?;
    /// city.set("Bergen".to_owned())?;
    /// store.flush(); // in a browser this happens by itself at the end of the turn
    /// # Ok::<(), universal_state::StateError>(())
    /// ```
    pub fn subscribe<O: Outcome>(
        &self,
        options: SubscribeOptions,
        listener: impl Fn(Option<&L>, &Change) -> O + Send + Sync + 'static,
    ) -> Result<Subscription, StateError> {
        let listener = move |part: Option<&L>, change: &Change| ended(listener(part, change));
        self.0.subscribe(options, Box::new(listener))
    }

    fn or_report<R>(&self, result: Result<R, StateError>) -> Option<R> {
        result.inspect_err(|error| self.0.report(error)).ok()
    }
}

impl<L> Clone for Cursor<L> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<L> Track for Cursor<L> {
    fn track(&self) {
        self.0.track();
    }
}

impl<L: Clone + PartialEq + Send + Sync + 'static> Get for Cursor<L> {
    type Value = Option<L>;

    /// Always `Some`: of what [`Cursor::get`] returns.
    fn try_get(&self) -> Option<Option<L>> {
        Some(Self::get(self))
    }
}

impl<L: Clone + PartialEq + Send + Sync + 'static> GetUntracked for Cursor<L> {
    type Value = Option<L>;

    /// Always `Some`: of what [`Cursor::get`] returns.
    fn try_get_untracked(&self) -> Option<Option<L>> {
        Some(self.or_report(self.0.get(false)).flatten())
    }
}

impl<L: Clone + PartialEq + Send + Sync + 'static> Set for Cursor<L> {
    type Value = L;

    /// As [`Cursor::set`]. What goes wrong is reported.
    fn set(&self, part: L) {
        self.or_report(Self::set(self, part));
    }

    /// As [`Cursor::set`]. What goes wrong is reported. Always `None`.
    fn try_set(&self, part: L) -> Option<L> {
        self.or_report(Self::set(self, part));
        None
    }
}

impl<L: Clone + PartialEq + Send + Sync + 'static> Update for Cursor<L> {
    type Value = L;

    /// Writes what `f` makes of the place, if it says so. `None` if nothing is there.
    /// What another thread writes there meanwhile is lost; [`Cursor::update`] asks again.
    fn try_maybe_update<U>(&self, f: impl FnOnce(&mut L) -> (bool, U)) -> Option<U> {
        let mut part = self.or_report(self.0.get(false)).flatten()?;
        let (is_changed, result) = f(&mut part);
        if is_changed {
            self.or_report(Self::set(self, part))?;
        }
        Some(result)
    }
}

impl<L> DefinedAt for Cursor<L> {
    fn defined_at(&self) -> Option<&'static Location<'static>> {
        None
    }
}

impl<L> fmt::Debug for Cursor<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
