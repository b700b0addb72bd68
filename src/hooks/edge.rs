//! The edge in Leptos' context.

use crate::edge::{Edge, EdgeStatus};
use leptos::prelude::*;

/// The edge, as context carries it.
#[derive(Clone)]
struct GlobalEdge(Edge);

/// Provides the edge of the store to the running component and all below it, and hands it back. When
/// the component goes, what is pending is written, and the edge is detached.
///
/// ```
/// use leptos::prelude::*;
/// use universal_state::{StateError, Store, edge::Edge, hooks::*};
///
/// #[component]
/// fn App() -> impl IntoView {
///     let store = provide_global_state(Store::new());
///     provide_edge(Edge::builder("shop").attach(&store)?);
///     Ok::<_, StateError>(view! { <Tabs/> })
/// }
///
/// #[component]
/// fn Tabs() -> impl IntoView {
///     let status = use_edge_status();
///     view! { <p>{move || status.get().tabs.len()} " other tabs"</p> }
/// }
/// ```
pub fn provide_edge(edge: Edge) -> Edge {
    provide_context(GlobalEdge(edge.clone()));
    let leaving = edge.clone();
    on_cleanup(move || leaving.leave());
    edge
}

/// The edge that a component above provides, if there is one.
pub fn use_edge() -> Option<Edge> {
    use_context::<GlobalEdge>().map(|GlobalEdge(edge)| edge)
}

/// How the edge above is doing, as a signal; what [`EdgeStatus`] holds by default if there is none,
/// as on a server.
pub fn use_edge_status() -> Signal<EdgeStatus> {
    match use_edge() {
        Some(edge) => Memo::new(move |_| edge.status()).into(),
        None => Signal::stored(EdgeStatus::default()),
    }
}
