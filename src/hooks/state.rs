//! `use_global_state`: the value of a key as a signal, and its setter.

use super::{
    key_source::{KeySource, ReactiveKey},
    provider::use_view,
};
#[cfg(feature = "json")]
use crate::value::Value;
use crate::{
    error::StateError,
    key::Key,
    store::{Following, Handle, View},
    value::StateValue,
};
use leptos::{prelude::*, reactive::owner::ArenaItem};
use std::{fmt, sync::Arc};

/// The value of a shared key as a signal, and its setter. The signal holds `None` while the key is
/// missing; a component that reads it repaints when this value changes, and for nothing else.
///
/// The key is text, a [`Key<T>`], or a closure that reads signals and returns a [`Key<T>`].
/// A value that does not read as a `T` is reported and comes as `None`.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Key, hooks::use_global_state};
///
/// #[component]
/// fn Row(#[prop(into)] id: Signal<u32>) -> impl IntoView {
///     let key = move || Key::dynamic(format!("row:{}", id.get())).unwrap_or(Key::new("row"));
///     let (label, set_label) = use_global_state::<String>(key);
///     view! {
///         <input prop:value=label on:input=move |event| set_label.set(event_target_value(&event))/>
///     }
/// }
/// ```
#[track_caller]
pub fn use_global_state<T: StateValue>(
    key: impl ReactiveKey<T>,
) -> (Signal<Option<T>>, SetState<T>) {
    use_state(
        use_view(),
        key.into_source(),
        UseGlobalStateOptions::default(),
    )
}

/// As [`use_global_state`], with a value that the signal holds while the key is missing. The store
/// is not written.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Key, hooks::use_global_state_or};
///
/// const COUNT: Key<i32> = Key::new("count");
///
/// #[component]
/// fn Counter() -> impl IntoView {
///     let (count, set_count) = use_global_state_or(COUNT, 0);
///     view! { <button on:click=move |_| set_count.set(count.get() + 1)>{count}</button> }
/// }
/// ```
#[track_caller]
pub fn use_global_state_or<T: StateValue>(
    key: impl ReactiveKey<T>,
    default: T,
) -> (Signal<T>, SetState<T>) {
    let target = Arc::new(Target::new(use_view(), key.into_source()));
    let (source, following) = (Arc::clone(&target), Following::default());
    let value = ArcMemo::new(move |_| {
        let followed = source.follow(&following, T::clone);
        followed.unwrap_or_else(|| default.clone())
    });
    (ArcSignal::from(value).into(), SetState::new(target))
}

/// As [`use_global_state`], with options.
///
/// # Panics
/// If no component above provides a store.
#[track_caller]
pub fn use_global_state_with_options<T: StateValue>(
    key: impl ReactiveKey<T>,
    options: UseGlobalStateOptions<T>,
) -> (Signal<Option<T>>, SetState<T>) {
    use_state(use_view(), key.into_source(), options)
}

/// As [`use_global_state`], for a key of the micro-frontend that the component belongs to.
///
/// # Panics
/// If the component is not inside of an [`Mfe`](super::Mfe).
#[track_caller]
pub fn use_mfe_state<T: StateValue>(key: impl ReactiveKey<T>) -> (Signal<Option<T>>, SetState<T>) {
    let view = super::use_scope().view().clone();
    use_state(view, key.into_source(), UseGlobalStateOptions::default())
}

/// Options of [`use_global_state_with_options`].
///
/// ```
/// use universal_state::hooks::UseGlobalStateOptions;
///
/// let options = UseGlobalStateOptions::new().initial(0).source("counter");
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UseGlobalStateOptions<T> {
    default: Option<T>,
    initial: Option<T>,
    source: Option<String>,
}

impl<T> Default for UseGlobalStateOptions<T> {
    fn default() -> Self {
        Self {
            default: None,
            initial: None,
            source: None,
        }
    }
}

impl<T> UseGlobalStateOptions<T> {
    /// No default, nothing written, no source.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the signal holds while the key is missing. The store is not written.
    pub fn default_value(mut self, value: T) -> Self {
        self.default = Some(value);
        self
    }

    /// What is written to the store, once, if the key is missing when the component is made.
    pub fn initial(mut self, value: T) -> Self {
        self.initial = Some(value);
        self
    }

    /// What the setter gives as its source; a micro-frontend's id if it is inside of one.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }
}

fn use_state<T: StateValue>(
    view: View,
    key: KeySource<T>,
    options: UseGlobalStateOptions<T>,
) -> (Signal<Option<T>>, SetState<T>) {
    let view = match &options.source {
        Some(source) => view.with_source(source),
        None => view,
    };
    let target = Arc::new(Target::new(view, key));
    if let Some(initial) = options.initial
        && untrack(|| target.get()).is_none()
    {
        let inner = &target.view().inner;
        inner.holding_signals(|| target.report(target.write(|handle| handle.set(initial))));
    }
    let (source, following) = (Arc::clone(&target), Following::default());
    let default = options.default;
    let value = ArcMemo::new(move |_| {
        let followed = source.follow(&following, T::clone);
        followed.or_else(|| default.clone())
    });
    (ArcSignal::from(value).into(), SetState::new(target))
}

/// What a hook reads and writes.
pub(super) struct Target<T>(Reach<T>);

impl<T> Clone for Target<T> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Reach::Handle(handle) => Reach::Handle(handle.clone()),
            Reach::Reactive(view, key) => Reach::Reactive(view.clone(), Arc::clone(key)),
        })
    }
}

/// How a hook comes to the handle of its key.
pub(super) enum Reach<T, H = Handle<T>> {
    /// Found once and for all.
    Handle(H),
    /// Looked for at each use.
    Reactive(View, Arc<dyn Fn() -> Key<T> + Send + Sync>),
}

impl<T: 'static, H> Reach<T, H> {
    pub(super) fn new(
        view: &View,
        key: KeySource<T>,
        find: impl FnOnce(&View, &Key<T>) -> Result<H, StateError>,
    ) -> Self {
        match key {
            KeySource::Reactive(key) => Self::Reactive(view.clone(), key),
            KeySource::Fixed(key) => match find(view, &key) {
                Ok(handle) => Self::Handle(handle),
                // A grant may come yet, and each use says what else is wrong.
                Err(_) => Self::Reactive(view.clone(), Arc::new(move || key.clone())),
            },
        }
    }
}

impl<T: StateValue> Target<T> {
    pub(super) fn new(view: View, key: KeySource<T>) -> Self {
        Self(Reach::new(&view, key, |view, key| view.handle(key)))
    }

    /// Through which it reads and writes.
    pub(super) fn view(&self) -> &View {
        match &self.0 {
            Reach::Handle(handle) => handle.view(),
            Reach::Reactive(view, _) => view,
        }
    }

    fn get(&self) -> Option<T> {
        self.report_or(match &self.0 {
            Reach::Handle(handle) => handle.try_get(),
            Reach::Reactive(view, key) => view.try_get(key()),
        })
    }

    /// What `f` makes of the value, without cloning it, for a memo that asks for it whenever it runs.
    pub(super) fn follow<R>(&self, following: &Following, f: impl FnOnce(&T) -> R) -> Option<R> {
        let named;
        let (name, value) = match &self.0 {
            Reach::Handle(handle) => (handle.name(), handle.follow(following)),
            Reach::Reactive(view, key) => {
                named = key();
                (named.name(), view.try_get_value(named.name()))
            }
        };
        let value = self.view().or_report(value).flatten()?;
        let read = value.with(f);
        read.map_err(|mismatch| self.view().report_type(name, mismatch))
            .ok()
    }

    /// The name of the key and its value as stored, for a memo that asks for it whenever it runs.
    #[cfg(feature = "json")]
    pub(super) fn stored(
        &self,
        following: &Following,
    ) -> Result<Option<(String, Value)>, StateError> {
        let named = |name: &str, value: Option<Value>| value.map(|value| (name.to_owned(), value));
        match &self.0 {
            Reach::Handle(handle) => Ok(named(handle.name(), handle.follow(following)?)),
            Reach::Reactive(view, key) => {
                let key = key();
                Ok(named(key.name(), view.try_get_value(key.name())?))
            }
        }
    }

    /// Writes a place inside of the value.
    #[cfg(feature = "json")]
    pub(super) fn put_at(&self, pointer: &crate::Pointer, value: &Value) -> Result<(), StateError> {
        self.write(|handle| handle.put_at(pointer, value))
    }

    fn write<R>(
        &self,
        write: impl FnOnce(&Handle<T>) -> Result<R, StateError>,
    ) -> Result<R, StateError> {
        match &self.0 {
            Reach::Handle(handle) => write(handle),
            Reach::Reactive(view, key) => write(&view.handle(untrack(|| key()))?),
        }
    }

    fn report<R>(&self, result: Result<R, StateError>) {
        drop(self.view().or_report(result));
    }

    /// What was found, or nothing and a report.
    pub(super) fn report_or<R>(&self, result: Result<Option<R>, StateError>) -> Option<R> {
        self.view().or_report(result).flatten()
    }
}

/// Writes the key of a hook. It can be copied, and ends with the component that made it.
///
/// The plain methods report an error to the store's reporter, their `try_` twins return it.
pub struct SetState<T: 'static>(ArenaItem<Arc<Target<T>>>);

impl<T> Copy for SetState<T> {}

impl<T> Clone for SetState<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: StateValue> SetState<T> {
    fn new(target: Arc<Target<T>>) -> Self {
        Self(ArenaItem::new(target))
    }

    /// Gives the key a value.
    pub fn set(&self, value: T) {
        self.run(|handle| handle.set(value));
    }

    /// As [`SetState::set`].
    ///
    /// # Errors
    /// As [`View::set`], and [`StateError::Unmounted`] if the component is gone.
    pub fn try_set(&self, value: T) -> Result<(), StateError> {
        self.try_run(|handle| handle.set(value))
    }

    /// Changes the value in place; a missing key stays missing.
    pub fn update(&self, f: impl FnMut(&mut T)) {
        self.run(|handle| handle.update(f));
    }

    /// As [`SetState::update`]. Returns whether the key was there.
    ///
    /// # Errors
    /// As [`View::update`], and [`StateError::Unmounted`] if the component is gone.
    pub fn try_update(&self, f: impl FnMut(&mut T)) -> Result<bool, StateError> {
        self.try_run(|handle| handle.update(f))
    }

    /// Changes the value in place, beginning with `default` if the key is missing.
    pub fn update_or(&self, default: T, f: impl FnMut(&mut T)) {
        self.run(|handle| handle.update_or(default, f));
    }

    /// As [`SetState::update_or`].
    ///
    /// # Errors
    /// As [`View::update`], and [`StateError::Unmounted`] if the component is gone.
    pub fn try_update_or(&self, default: T, f: impl FnMut(&mut T)) -> Result<(), StateError> {
        self.try_run(|handle| handle.update_or(default, f))
    }

    /// Removes the key.
    pub fn delete(&self) {
        self.run(Handle::delete);
    }

    /// As [`SetState::delete`]. Returns whether the key was there.
    ///
    /// # Errors
    /// As [`View::delete`], and [`StateError::Unmounted`] if the component is gone.
    pub fn try_delete(&self) -> Result<bool, StateError> {
        self.try_run(Handle::delete)
    }

    fn run<R>(&self, write: impl FnOnce(&Handle<T>) -> Result<R, StateError>) {
        match self.0.try_get_value() {
            Some(target) => target.report(target.write(write)),
            None => leptos::logging::error!("universal-state: {}", StateError::Unmounted),
        }
    }

    fn try_run<R>(
        &self,
        write: impl FnOnce(&Handle<T>) -> Result<R, StateError>,
    ) -> Result<R, StateError> {
        let target = self.0.try_get_value().ok_or(StateError::Unmounted)?;
        target.write(write)
    }
}

impl<T> fmt::Debug for SetState<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SetState<{}>", std::any::type_name::<T>())
    }
}
