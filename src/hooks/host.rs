//! A host of micro-frontends in Leptos' context, and one of them as a component.

use crate::edge::host::{Host, MfeStatus};
use leptos::{html::Div, prelude::*};
use std::{fmt, sync::Arc};

/// The host, as context carries it.
#[derive(Clone)]
struct PageHost(Host);

/// Provides a host to the running component and all below it, and hands it back.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{Store, edge::host::Host, hooks::*};
///
/// #[component]
/// fn App() -> impl IntoView {
///     let store = provide_global_state(Store::new());
///     provide_host(Host::new(&store, "default"));
///     view! { <MicroFrontend id="ads"/> }
/// }
/// ```
pub fn provide_host(host: Host) -> Host {
    provide_context(PageHost(host.clone()));
    host
}

/// The host that a component above provides, if there is one.
pub fn use_host() -> Option<Host> {
    use_context::<PageHost>().map(|PageHost(host)| host)
}

/// What a [`MicroFrontend`] shows until it runs, and when it failed. Any function of the
/// [status](MfeStatus), as a signal, and of what tries again serves.
#[derive(Clone)]
pub struct HostedFallback(Arc<dyn Fn(Signal<MfeStatus>, Callback<()>) -> AnyView + Send + Sync>);

impl<V, F> From<F> for HostedFallback
where
    V: IntoAny,
    F: Fn(Signal<MfeStatus>, Callback<()>) -> V + Send + Sync + 'static,
{
    fn from(f: F) -> Self {
        Self(Arc::new(move |status, retry| f(status, retry).into_any()))
    }
}

impl Default for HostedFallback {
    fn default() -> Self {
        Self::from(|status: Signal<MfeStatus>, retry: Callback<()>| {
            move || match status.get() {
                MfeStatus::Failed { reason, .. } => view! {
                    <div role="alert" class="mfe-failure">
                        <p>"This part of the page did not load: " {reason}</p>
                        <button type="button" on:click=move |_| retry.run(())>
                            "Try again"
                        </button>
                    </div>
                }
                .into_any(),
                MfeStatus::Loading { received, total } => view! {
                    <progress
                        aria-label="Loading"
                        max=total.map(|total| total.to_string())
                        value=total.map(|_| received.to_string())
                    ></progress>
                }
                .into_any(),
                _ => ().into_any(),
            }
        })
    }
}

impl fmt::Debug for HostedFallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostedFallback")
    }
}

/// A micro-frontend of the host: mounted with the component, in a `div` of class `mfe-slot`, and taken
/// down with it. Until it runs, and when it failed, the `fallback` stands before it.
///
/// An id that the host does not have yet is mounted when its manifest has come: put the component below
/// what knows of that.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{edge::host::MfeStatus, hooks::MicroFrontend};
///
/// fn until_it_runs(status: Signal<MfeStatus>, retry: Callback<()>) -> impl IntoView {
///     view! {
///         <Show when=move || matches!(status.get(), MfeStatus::Failed { .. })>
///             <button on:click=move |_| retry.run(())>"Try again"</button>
///         </Show>
///     }
/// }
///
/// #[component]
/// fn Product() -> impl IntoView {
///     view! { <MicroFrontend id="decide" fallback=until_it_runs/> }
/// }
/// ```
///
/// # Panics
/// If no component above provides a host.
#[component]
pub fn MicroFrontend(
    /// Its id in the manifest.
    #[prop(into)]
    id: String,
    /// What is shown until it runs; a progress bar, or the reason of a failure with a button, if it is
    /// not given.
    #[prop(optional, into)]
    fallback: HostedFallback,
) -> impl IntoView {
    let Some(host) = use_host() else {
        panic!("no host here: call provide_host in a component above");
    };
    let element = NodeRef::<Div>::new();
    let status = Memo::new({
        let (host, id) = (host.clone(), id.clone());
        move |_| host.status(&id).unwrap_or_default()
    });
    let is_running = Memo::new(move |_| status.read() == MfeStatus::Running);
    let retry = Callback::new({
        let (host, id) = (host.clone(), id.clone());
        move |()| note(host.retry(&id))
    });
    mount(&host, &id, element);
    on_cleanup({
        let id = id.clone();
        move || note(host.unmount(&id))
    });
    let before = move || (!is_running.get()).then(|| (fallback.0)(status.into(), retry));
    view! {
        {before}
        <div class="mfe-slot" data-slot=id node_ref=element></div>
    }
}

fn note(result: Result<(), crate::edge::host::HostError>) {
    if let Err(error) = result {
        leptos::logging::error!("universal-state: {error}");
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn mount(host: &Host, id: &str, element: NodeRef<Div>) {
    let (host, id) = (host.clone(), id.to_owned());
    // The element of a component is given once.
    element.on_load(move |element| note(host.mount(&id, &element)));
}

#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn mount(_: &Host, _: &str, _: NodeRef<Div>) {}
