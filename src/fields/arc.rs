//! [`ArcFields`]: the root of the fields of a key.

use super::{
    calls::{self, Taken},
    course::{self, Outcome, Path},
    cursor::asked,
    diff::Diff,
    edit::{Edit, EditAt},
    guard::{FieldReader, FieldWriter},
    held::{Held, Shape},
    root::Root,
};
use crate::{
    error::{Access, StateError},
    key::AsKey,
    store::View,
    value::{StateValue, Value, is_content},
};
use reactive_graph::{
    graph::untrack,
    traits::{DefinedAt, IsDisposed, Notify, ReadUntracked, Track, UntrackableGuard, Write},
};
use reactive_stores::{KeyMap, StoreField, StoreFieldTrigger, StorePath, StorePathSegment};
use std::{
    fmt,
    ops::DerefMut,
    panic::Location,
    sync::{Arc, OnceLock},
};

/// The fields of the value of a key: a root whose fields are read and written like those of any
/// `reactive_stores` store, while the value stays in this one.
///
/// Reading a field inside of an effect or a component tracks that field alone. Writing one goes
/// through the pipe when the write guard is dropped: middleware may refuse it (the field then shows
/// the old value, and the error is reported), listeners get one change. Whatever changes the value,
/// by whatever door, only the readers of what differs are told: a struct that is set with one field
/// changed tells the readers of that field, and of what it is part of. Items of a collection with
/// `#[store(key: …)]` keep their readers when they move.
///
/// Made by [`View::fields`] (an `Option`, `None` while the key is missing) and [`View::fields_or`]
/// (with a default). The type derives `Store` of `reactive_stores`, and [`Diff`].
///
/// The first write of a place clones the value. What it replaced is then kept, equal to what is
/// stored, and the next write is made in that: it costs its own way into the value, however big that
/// is, and the value takes its memory twice for as long as somebody holds its fields. Whatever else
/// changes the key ends that. The value is also cloned, and compared as a whole, where somebody has
/// the previous one (a snapshot, a history, a listener yet to be told), where there is middleware,
/// and where the way goes by a key of a collection; there a part that seldom changes is cheap behind
/// a [`Shared`](crate::Shared). Two guards that overlap are merged by path, see
/// [`StateError::Conflict`] for what cannot be.
///
/// Where one place is read or written often, a [`Cursor`](crate::Cursor) goes there without the
/// accessors.
///
/// As with any field of `reactive_stores`: what is inside of an `Option` that is `None`, at an index
/// that is not there, or in another variant of an enum, panics when it is read. Use `map` of
/// `OptionStoreExt`, keys, or a pointer ([`View::get_at`]).
///
/// ```
/// use reactive_graph::traits::{GetUntracked, Set};
/// use reactive_stores::Store as Fields;
/// use serde::{Deserialize, Serialize};
/// use universal_state::{Diff, Key, Store};
///
/// #[derive(Clone, PartialEq, Default, Serialize, Deserialize, Fields, Diff)]
/// struct User {
///     name: String,
///     email: String,
/// }
///
/// const USER: Key<User> = Key::new("user");
///
/// let store = Store::new();
/// let user = store.fields_or(USER, User::default())?;
/// user.clone().name().set("Ada".to_owned());
/// assert_eq!(store.get(USER).unwrap().name, "Ada");
/// store.update(USER, |user| user.email = "ada@example.org".to_owned())?;
/// assert_eq!(user.email().get_untracked(), "ada@example.org");
/// # Ok::<(), universal_state::StateError>(())
/// ```
pub struct ArcFields<V: 'static>(Arc<Reach<V>>);

struct Reach<V: 'static> {
    view: View,
    key: Box<str>,
    missing: Held<V>,
    shape: fn(&V) -> Shape<V>,
    /// Whether the fields are there also while the key is missing.
    has_default: bool,
    /// Found when it is first allowed.
    root: OnceLock<Arc<Root<V>>>,
}

impl<V> Clone for ArcFields<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl View {
    /// The fields of the value of a key, as an `Option` that is `None` while the key is missing.
    /// Writing `None` removes the key.
    ///
    /// # Errors
    /// [`StateError::Key`], [`StateError::Denied`], [`StateError::UnknownMfe`].
    pub fn fields<T: StateValue + Diff>(
        &self,
        key: impl AsKey<T>,
    ) -> Result<ArcFields<Option<T>>, StateError> {
        let fields = ArcFields::optional(self, key.as_name());
        fields.root()?;
        Ok(fields)
    }

    /// The fields of the value of a key. They are those of `default` while the key is missing; a
    /// write then stores the default with the field changed.
    ///
    /// # Errors
    /// As [`View::fields`].
    pub fn fields_or<T: StateValue + Diff>(
        &self,
        key: impl AsKey<T>,
        default: T,
    ) -> Result<ArcFields<T>, StateError> {
        let fields = ArcFields::with_default(self, key.as_name(), default);
        fields.root()?;
        Ok(fields)
    }
}

impl<T: StateValue + Diff> ArcFields<Option<T>> {
    pub(crate) fn optional(view: &View, key: &str) -> Self {
        Self::new(view, key, |_| Shape::optional(), false, &None)
    }
}

impl<T: StateValue + Diff> ArcFields<T> {
    pub(crate) fn with_default(view: &View, key: &str, default: T) -> Self {
        Self::new(
            view,
            key,
            |default| Shape::with_default(default.clone()),
            true,
            &default,
        )
    }
}

impl<V: Diff + Clone + Send + Sync + 'static> ArcFields<V> {
    fn new(
        view: &View,
        key: &str,
        shape: fn(&V) -> Shape<V>,
        has_default: bool,
        missing: &V,
    ) -> Self {
        Self(Arc::new(Reach {
            view: view.clone(),
            key: key.into(),
            missing: shape(missing).missing(),
            shape,
            has_default,
            root: OnceLock::new(),
        }))
    }

    /// The root. A grant may come late, so it is asked for again.
    fn root(&self) -> Result<&Arc<Root<V>>, StateError> {
        let Reach { view, root, .. } = &*self.0;
        if let Some(root) = root.get() {
            return Ok(root);
        }
        let slot = view.slot(&self.0.key, Access::Read)?;
        let found = Root::find(view, slot, (self.0.shape)(&self.0.missing));
        Ok(root.get_or_init(|| found))
    }

    pub(super) fn view(&self) -> &View {
        &self.0.view
    }

    /// The root, if it may be read now. Who may not read does not hear of changes.
    pub(super) fn readable(&self) -> Result<&Arc<Root<V>>, StateError> {
        let root = self.root()?;
        self.0.view.may_read(&root.slot)?;
        Ok(root)
    }

    /// Changes the value as a whole. Of what differs afterwards the readers are told.
    ///
    /// # Errors
    /// As [`View::update`], among them [`StateError::Vetoed`], and [`StateError::Conflict`] if
    /// somebody else wrote meanwhile and the two cannot be merged.
    pub fn try_update(&self, f: impl FnOnce(&mut V)) -> Result<(), StateError> {
        let (base, held) = self.begin()?;
        let mut value = V::clone(&held);
        f(&mut value);
        self.commit(base.as_ref(), value)
    }

    /// What the key holds, as this thread sees it. Tracking is done field by field.
    fn content(&self) -> Result<Option<Value>, StateError> {
        let (inner, root) = (&self.0.view.inner, self.readable()?);
        untrack(|| inner.read(&root.slot))
    }

    fn held(&self, content: Option<&Value>) -> Result<Held<V>, StateError> {
        let root = self.root()?;
        let inner = &self.0.view.inner;
        Ok(root.shape.read_or_report(inner, &root.slot, content))
    }

    /// What a write begins with.
    fn begin(&self) -> Result<(Option<Value>, Held<V>), StateError> {
        let base = self.content()?;
        let root = self.root()?;
        let held = root.shape.read_to_write(&root.slot, base.as_ref())?;
        Ok((base, held))
    }

    /// What is equal to `base`, to be written to.
    pub(super) fn spare(&self, base: Option<&Value>) -> Option<V> {
        let root = self.root().ok()?;
        root.shape.take(root.take_spare(base)?)
    }

    /// Commits what was made of `base`. If somebody else wrote meanwhile, both are kept where they
    /// touch different fields.
    fn commit(&self, base: Option<&Value>, value: V) -> Result<(), StateError> {
        let root = self.root()?;
        self.commit_content(root, base, root.shape.store(value).as_ref())
    }

    fn commit_content(
        &self,
        root: &Arc<Root<V>>,
        base: Option<&Value>,
        new: Option<&Value>,
    ) -> Result<(), StateError> {
        self.0.view.change_slot(
            &root.slot,
            &mut |now| match is_content(now.as_ref(), base) {
                true => Ok(new.cloned()),
                false => root.merge(base, now.as_ref(), new),
            },
        )
    }

    /// As [`ArcFields::commit`], where nothing but the place at the end of `path` was written.
    fn commit_place(
        &self,
        base: Value,
        held: &mut Held<V>,
        value: V,
        path: Path,
    ) -> Result<(), StateError> {
        let root = self.root()?;
        let outcome = untrack(|| course::differ::<V>(held, &value, &path));
        held.let_go();
        let new = root.shape.store(value);
        let (Outcome::Differs, Some(made)) = (outcome, &new) else {
            let written = self.commit_content(root, Some(&base), new.as_ref());
            if let (Outcome::Same, Some(copy)) = (outcome, new) {
                root.keep_as(copy, &base, path);
            }
            return written;
        };
        root.announce(Edit {
            old: base.clone(),
            new: made.clone(),
            at: EditAt::Path(path),
        });
        let written = match self.0.view.replace_slot(&root.slot, &base, made) {
            Ok(false) => self.commit_content(root, Some(&base), new.as_ref()),
            written => written.map(drop),
        };
        drop((base, new));
        root.keep();
        written
    }

    pub(super) fn commit_or_report(
        &self,
        base: Result<Option<Value>, StateError>,
        held: &mut Held<V>,
        value: V,
        path: Option<Path>,
    ) {
        let result = base.and_then(|base| match (base, path) {
            (Some(base), Some(path)) => self.commit_place(base, held, value, path),
            (base, _) => self.commit(base.as_ref(), value),
        });
        self.0.view.or_report(result);
    }
}

impl<V> StoreField for ArcFields<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    type Value = V;
    type Reader = FieldReader<V>;
    type Writer = FieldWriter<V>;

    fn get_trigger(&self, path: StorePath) -> StoreFieldTrigger {
        match self.root() {
            Ok(root) => root.trigger(path, &self.0.view),
            Err(_) => calls::lost(),
        }
    }

    /// Only `Patch` of `reactive_stores` asks for these, to notify; the commit does.
    fn get_trigger_unkeyed(&self, _path: StorePath) -> StoreFieldTrigger {
        StoreFieldTrigger::new()
    }

    fn path(&self) -> impl IntoIterator<Item = StorePathSegment> {
        calls::path();
        std::iter::empty()
    }

    fn path_unkeyed(&self) -> impl IntoIterator<Item = StorePathSegment> {
        asked(self);
        std::iter::empty()
    }

    fn track_field(&self) {
        self.track();
    }

    fn reader(&self) -> Option<FieldReader<V>> {
        let sought = calls::reader();
        let held = self
            .content()
            .and_then(|content| self.held(content.as_ref()));
        let held = self.0.view.or_report(held);
        let held = held.unwrap_or_else(|| self.0.missing.clone());
        Some(FieldReader { held, sought })
    }

    fn writer(&self) -> Option<FieldWriter<V>> {
        let taken = Taken::begin();
        let (base, held) = match self.begin() {
            Ok((base, held)) => (Ok(base), held),
            // There is something to write into, and nothing of it is stored.
            Err(error) if self.0.has_default => (Err(error), self.0.missing.clone()),
            Err(error) => return self.0.view.or_report(Err(error)),
        };
        Some(FieldWriter::new(self.clone(), base, held, taken))
    }

    fn keys(&self) -> Option<KeyMap> {
        let keys = self
            .root()
            .and_then(|root| Ok(root.keys(self.content()?.as_ref())));
        // A field without a map of its keys panics.
        let (keys, age) = keys.unwrap_or_default();
        calls::keys(age);
        Some(keys)
    }
}

impl<V> ReadUntracked for ArcFields<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    type Value = FieldReader<V>;

    fn try_read_untracked(&self) -> Option<FieldReader<V>> {
        self.reader()
    }
}

impl<V> Write for ArcFields<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    type Value = V;

    fn try_write(&self) -> Option<impl UntrackableGuard<Target = V>> {
        self.writer().map(FieldWriter::of_all)
    }

    fn try_write_untracked(&self) -> Option<impl DerefMut<Target = V>> {
        self.writer().map(FieldWriter::of_all)
    }
}

impl<V> Track for ArcFields<V>
where
    V: Diff + Clone + Send + Sync + 'static,
{
    fn track(&self) {
        if let Ok(root) = self.readable() {
            root.track();
        }
    }
}

impl<V> Notify for ArcFields<V> {
    /// Does nothing: readers are told when the value changes, and then only.
    fn notify(&self) {}
}

impl<V> DefinedAt for ArcFields<V> {
    fn defined_at(&self) -> Option<&'static Location<'static>> {
        None
    }
}

impl<V> IsDisposed for ArcFields<V> {
    fn is_disposed(&self) -> bool {
        false
    }
}

impl<V> fmt::Debug for ArcFields<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ArcFields").field(&self.0.key).finish()
    }
}
