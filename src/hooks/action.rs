//! `use_global_action`: a shared key that is loaded on demand.

use super::{
    flight::{Answering, Flight},
    key_source::ReactiveKey,
    load::{LoadSignals, Loader},
};
use crate::{error::StateError, value::StateValue};
use leptos::{prelude::*, task::spawn_local};
use std::{fmt, future::Future, ops::Deref, sync::Arc};

/// Something that is done on demand and whose answer is the new value of a shared key: to save a
/// form, to search, to check out. The answer is stored through the pipe, if nobody has asked for the
/// key since: the last request wins, whichever micro-frontend made it. The previous value stays
/// readable meanwhile, and after an error.
///
/// The future need not be `Send`. Unlike that of a
/// [`use_global_resource`](super::use_global_resource) it runs to its end, since it may be about to
/// change something elsewhere, even if it is superseded or the component is unmounted; its answer is
/// dropped then. So after its first `await` it must not rely on signals of the component: it reads
/// them before, or with their `try_` methods.
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Key, hooks::use_global_action};
///
/// const USER: Key<String> = Key::new("user");
///
/// # async fn save(name: String) -> Result<String, std::fmt::Error> { Ok(name) }
/// #[component]
/// fn Rename() -> impl IntoView {
///     let rename = use_global_action(USER, |name: String| async move { save(name).await });
///     view! {
///         <button
///             disabled=rename.pending
///             on:click=move |_| rename.dispatch("Ada".into())
///         >"Call me Ada"</button>
///         <p role="alert">{rename.error}</p>
///     }
/// }
/// ```
#[track_caller]
pub fn use_global_action<I, T, E, F>(
    key: impl ReactiveKey<T>,
    run: impl Fn(I) -> F + Send + Sync + 'static,
) -> GlobalAction<I, T>
where
    I: 'static,
    T: StateValue,
    E: fmt::Display,
    F: Future<Output = Result<T, E>> + 'static,
{
    let loader = Loader::new(key);
    // Weak: a future that runs on would keep the component's owner, and its clean-up would wait.
    let owner = Owner::current().map(|owner| owner.downgrade());
    let answerer = loader.clone();
    let start = move |flight: Arc<Flight<T>>, input: I| {
        let future = match owner.as_ref().and_then(|owner| owner.upgrade()) {
            Some(owner) => owner.with(|| untrack(|| run(input))),
            None => untrack(|| run(input)),
        };
        let answering = Answering::to_its_end(&flight, future, owner.clone());
        let answerer = answerer.clone();
        spawn_local(async move {
            if let Some(answer) = answering.await {
                answerer.deliver(&flight, answer);
            }
        });
    };
    GlobalAction {
        signals: loader.signals(),
        run: StoredValue::new(Run {
            loader,
            start: Arc::new(start),
        }),
    }
}

struct Run<I, T: 'static> {
    loader: Loader<T>,
    start: Arc<dyn Fn(Arc<Flight<T>>, I) + Send + Sync>,
}

impl<I, T> Clone for Run<I, T> {
    fn clone(&self) -> Self {
        Self {
            loader: self.loader.clone(),
            start: Arc::clone(&self.start),
        }
    }
}

/// The signals of [`use_global_action`], and the way to start it. It can be copied, and ends with the
/// component.
pub struct GlobalAction<I: 'static, T: Send + Sync + 'static> {
    signals: LoadSignals<T>,
    run: StoredValue<Run<I, T>>,
}

impl<I, T: StateValue> GlobalAction<I, T> {
    /// Starts it. If the key cannot be loaded, say for want of a grant, it is not started, and the
    /// error is reported.
    pub fn dispatch(&self, input: I) {
        match self.run.try_get_value() {
            Some(run) => {
                let _ = run.loader.view.or_report(run.start(input));
            }
            None => leptos::logging::error!("universal-state: {}", StateError::Unmounted),
        }
    }

    /// As [`GlobalAction::dispatch`].
    ///
    /// # Errors
    /// As [`View::load`](crate::View::load), and [`StateError::Unmounted`] if the component is gone.
    pub fn try_dispatch(&self, input: I) -> Result<(), StateError> {
        let run = self.run.try_get_value().ok_or(StateError::Unmounted)?;
        run.start(input)
    }
}

impl<I, T: StateValue> Run<I, T> {
    fn start(&self, input: I) -> Result<(), StateError> {
        (self.start)(self.loader.begin()?, input);
        Ok(())
    }
}

impl<I, T: Send + Sync> Deref for GlobalAction<I, T> {
    type Target = LoadSignals<T>;

    fn deref(&self) -> &LoadSignals<T> {
        &self.signals
    }
}

impl<I, T: Send + Sync> Copy for GlobalAction<I, T> {}

impl<I, T: Send + Sync> Clone for GlobalAction<I, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I, T: Send + Sync> fmt::Debug for GlobalAction<I, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (input, value) = (std::any::type_name::<I>(), std::any::type_name::<T>());
        write!(f, "GlobalAction<{input}, {value}>")
    }
}
