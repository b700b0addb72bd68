//! How the page begins: which engine, which rules, which values.

use crate::{
    breakage::{Breakable, Switch},
    notices::Notices,
};
use leptos::prelude::*;
use std::time::Duration;
use universal_state::{
    EngineKind, Label, Log, Monitor, Pattern, Snapshot, StateError, Store,
    edge::{
        Backend, Edge, Memory, Storage, Tabs,
        browser::{IndexedDb, LocalStorage, PageTransport, SessionStorage},
    },
};
use web_sys::UrlSearchParams;
use workbench_contract::{COUNTER, THEME, USER, User, rules};
use workbench_ui::preferred_theme;

/// The engine that the build asks for, if it asks for one.
const BUILT_WITH: Option<&str> = option_env!("UNIVERSAL_STATE_ENGINE");

/// An update that takes this long is worth a warning.
const SLOW: Duration = Duration::from_millis(50);

/// A value with this many bytes of JSON is worth a warning.
const LARGE: usize = 64 * 1024;

/// What the state is called in storage and among tabs.
const APPLICATION: &str = "workbench";

/// The store of the page, what keeps it beyond the page, and the state that it begins with.
pub struct Start {
    pub store: Store,
    pub initial: Snapshot,
    pub edge: Option<Edge>,
    /// Breaks storage.
    pub switch: Switch,
}

/// Makes the store. Whatever goes wrong becomes a notice.
pub fn start(notices: Notices) -> Start {
    let query = query();
    let (engine, unknown) = engine(query.as_ref().and_then(|query| query.get("engine")));
    let mut builder = Store::builder()
        .engine(engine)
        .on_error(move |error| match error {
            // The panel of storage and tabs says so.
            StateError::Storage { .. } => leptos::logging::warn!("{error}"),
            error => notices.report(error),
        })
        .middleware(rules())
        .middleware(
            Monitor::new(|warning| leptos::logging::warn!("{warning}"))
                .slow(SLOW)
                .large(LARGE),
        );
    let storage = query.as_ref().and_then(|query| query.get("storage"));
    if query.is_some_and(|query| query.has("debug")) {
        builder = builder.middleware(Log::new(|line| leptos::logging::log!("{line}")));
    }
    let store = builder.build();
    if let Some(error) = unknown {
        notices.tell(format!("{error}. The page runs on {engine}."));
    }
    if let Err(error) = fill(&store) {
        store.report(&error);
    }
    let initial = store.snapshot();
    let switch = Switch::default();
    let (backend, unknown) = backend(storage.as_deref());
    if let Some(unknown) = unknown {
        notices.tell(unknown);
    }
    let edge = attach(&store, backend, &switch);
    if let Err(error) = &edge {
        store.report(error);
    }
    Start {
        store,
        initial,
        edge: edge.ok(),
        switch,
    }
}

/// The storage that the page's address asks for, or else that of all tabs.
fn backend(asked: Option<&str>) -> (Box<dyn Backend>, Option<String>) {
    let backend: Box<dyn Backend> = match asked {
        None | Some("local") => Box::new(LocalStorage),
        Some("session") => Box::new(SessionStorage),
        Some("indexeddb") => Box::new(IndexedDb::new(APPLICATION)),
        Some("memory") => Box::new(Memory::new()),
        Some(unknown) => {
            let known = "local, session, indexeddb, memory";
            let text = format!("There is no storage {unknown:?}; known are {known}.");
            return (Box::new(LocalStorage), Some(text));
        }
    };
    (backend, None)
}

fn attach(store: &Store, backend: Box<dyn Backend>, switch: &Switch) -> Result<Edge, StateError> {
    // How often a micro-frontend was edited is a matter of this page.
    let edits = Pattern::glob("@*/edits")?;
    store.label_matching(edits.clone(), Label::Local)?;
    store.label_matching(edits, Label::Volatile)?;
    let storage = Storage::new(Breakable {
        backend,
        switch: switch.clone(),
    });
    Edge::builder(APPLICATION)
        .storage(storage)
        .tabs(Tabs::new(PageTransport::new(APPLICATION)))
        .attach(store)
}

/// The engine that the page's address asks for, or else the one of the build.
fn engine(asked: Option<String>) -> (EngineKind, Option<StateError>) {
    let default = BUILT_WITH
        .and_then(|name| name.parse().ok())
        .unwrap_or_default();
    match asked.map(|name| name.parse()) {
        None => (default, None),
        Some(Ok(engine)) => (engine, None),
        Some(Err(error)) => (default, Some(error)),
    }
}

fn fill(store: &Store) -> Result<(), StateError> {
    store.with_source("workbench").batch(|state| {
        state.set(
            USER,
            User {
                name: "Ada Lovelace".to_owned(),
                email: "ada@example.org".to_owned(),
            },
        )?;
        state.set(THEME, preferred_theme())?;
        state.set(COUNTER, 42)
    })
}

/// What stands behind the `?` of the page's address.
fn query() -> Option<UrlSearchParams> {
    let search = window().location().search().ok()?;
    UrlSearchParams::new_with_str(&search).ok()
}
