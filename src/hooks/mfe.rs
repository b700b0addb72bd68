//! A micro-frontend as a component.

use super::provider::use_store;
use crate::{
    error::StateError,
    mfe::{MfeInfo, Scope},
    store::{Store, View},
};
use leptos::{prelude::*, tachys::reactive_graph::OwnedView};
use std::{fmt, sync::Arc};

/// The scope, as context carries it.
#[derive(Clone)]
struct CurrentScope(Scope);

/// Its view of the keys that all share. It is context of its own, so that hooks that read those name
/// no scope, and an app without micro-frontends links none.
#[derive(Clone)]
struct SharedView(View);

/// The view of shared keys of the micro-frontend that the component belongs to, if it belongs to one.
pub(super) fn shared_view() -> Option<View> {
    use_context::<SharedView>().map(|SharedView(view)| view)
}

/// Registers a micro-frontend for as long as the running component lives, provides its scope to
/// what is below, and hands it back. [`Mfe`] does it for its children alone.
///
/// # Errors
/// As [`Store::register_mfe`].
///
/// # Panics
/// If no component above provides a store.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{MfeInfo, Store, hooks::{provide_global_state, use_mfe}};
///
/// # let owner = Owner::new(); owner.set();
/// let store = provide_global_state(Store::new());
/// let scope = use_mfe(MfeInfo::new("shop", "leptos", "1.0.0"))?;
/// scope.set("filter", "red".to_owned())?;
/// assert_eq!(store.mfes().len(), 1);
/// owner.cleanup();
/// assert!(store.mfes().is_empty() && store.is_empty());
/// # Ok::<(), universal_state::StateError>(())
/// ```
#[track_caller]
pub fn use_mfe(info: MfeInfo) -> Result<Scope, StateError> {
    let store = use_store();
    let scope = store.mount_mfe(info)?;
    provide_context(SharedView(scope.shared()));
    provide_context(CurrentScope(scope.clone()));
    let registered = scope.clone();
    on_cleanup(move || match registered.unmount() {
        Ok(()) | Err(StateError::UnknownMfe { .. } | StateError::Disposed) => {}
        Err(error) => store.report(&error),
    });
    Ok(scope)
}

/// The scope of the micro-frontend that the component belongs to.
///
/// # Panics
/// If the component is not inside of an [`Mfe`].
#[track_caller]
pub fn use_scope() -> Scope {
    match try_use_scope() {
        Some(scope) => scope,
        None => panic!("no micro-frontend here: mount this component inside of an Mfe"),
    }
}

/// The scope of the micro-frontend that the component belongs to, if it belongs to one.
pub fn try_use_scope() -> Option<Scope> {
    use_context::<CurrentScope>().map(|CurrentScope(scope)| scope)
}

/// What an [`Mfe`] shows in place of children that failed. Any function of a
/// `&StateError` serves.
#[derive(Clone)]
pub struct MfeFallback(Arc<dyn Fn(&StateError) -> AnyView + Send + Sync>);

impl<V: IntoAny, F: Fn(&StateError) -> V + Send + Sync + 'static> From<F> for MfeFallback {
    fn from(f: F) -> Self {
        Self(Arc::new(move |error| f(error).into_any()))
    }
}

impl Default for MfeFallback {
    fn default() -> Self {
        Self::from(|error: &StateError| {
            view! {
                <div role="alert" class="mfe-failure">
                    {error.to_string()}
                </div>
            }
        })
    }
}

impl fmt::Debug for MfeFallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MfeFallback")
    }
}

/// The boundary of a micro-frontend: registers it when it mounts, provides its scope to its
/// children, shows a message in place of children that return an error, and unregisters it when it
/// is unmounted. The rest of the page goes on.
///
/// A failure is shown by the `fallback` and reported. (On wasm a panic ends the whole module, and
/// no boundary can contain it: return a `Result` instead.)
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{MfeInfo, StateError, hooks::{GlobalStateProvider, Mfe}};
///
/// #[component]
/// fn App() -> impl IntoView {
///     view! {
///         <GlobalStateProvider>
///             <Mfe info=MfeInfo::new("shop", "leptos", "1.0.0")>
///                 <p>"Everything must go"</p>
///             </Mfe>
///             <Mfe
///                 info=MfeInfo::new("ads", "leptos", "2.1.0")
///                 fallback=|error: &StateError| view! { <small>{error.to_string()}</small> }
///             >
///                 {"seven".parse::<u32>()}
///             </Mfe>
///         </GlobalStateProvider>
///     }
/// }
/// ```
#[component]
pub fn Mfe(
    /// Who it is.
    info: MfeInfo,
    /// What is shown when it fails; the error's text in a `div` of class `mfe-failure` if it is
    /// not given.
    #[prop(optional, into)]
    fallback: MfeFallback,
    /// The micro-frontend itself.
    children: Children,
) -> impl IntoView {
    in_child_owner(move || {
        let store = use_store();
        let id = info.id.clone();
        match use_mfe(info) {
            Err(error) => {
                store.report(&error);
                (fallback.0)(&error)
            }
            Ok(_) => view! {
                <ErrorBoundary fallback=move |errors| {
                    let (store, id, fallback) = (store.clone(), id.clone(), fallback.clone());
                    move || failure(&store, &id, &errors.get()).map(|error| (fallback.0)(&error))
                }>{children()}</ErrorBoundary>
            }
            .into_any(),
        }
    })
}

/// Reports what the children of a micro-frontend failed with.
fn failure(store: &Store, id: &str, errors: &Errors) -> Option<StateError> {
    let reasons: Vec<String> = errors.iter().map(|(_, error)| error.to_string()).collect();
    if reasons.is_empty() {
        return None;
    }
    let error = StateError::MfeFailed {
        id: id.to_owned(),
        reason: reasons.join("; "),
    };
    store.report(&error);
    Some(error)
}

/// Builds a view under an owner of its own, so that what it provides as context stays below it and
/// what it registers for cleanup ends with it.
pub(super) fn in_child_owner<V: IntoView>(build: impl FnOnce() -> V) -> impl IntoView {
    let owner = Owner::current().map_or_else(Owner::new, |owner| owner.child());
    let view = owner.with(build);
    OwnedView::new_with_owner(view.into_view(), owner)
}
