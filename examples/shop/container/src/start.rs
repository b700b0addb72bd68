//! How the page begins: its store, what keeps it, and who is hosted.

use crate::place::{self, ROOT};
use leptos::{logging, prelude::*, task::spawn_local};
use universal_state::{
    Label, Pattern, StateError, Store,
    edge::{
        Edge, Storage, Tabs,
        browser::{LocalStorage, PageTransport},
        host::Host,
    },
};

/// The name of the store: on the page, in storage and among tabs.
const SHOP: &str = "shop";

/// Keys that are about this tab alone.
const OF_THIS_TAB: [&str; 2] = ["shop:place", "shop:product"];

/// Whether it is known which micro-frontends there are.
#[derive(Debug, Clone, PartialEq)]
pub enum Manifest {
    Coming,
    Here,
    Failed(String),
}

/// The manifest, and the way to ask for it.
#[derive(Clone)]
pub struct Hosting {
    pub host: Host,
    pub manifest: RwSignal<Manifest>,
}

/// The page's store: made here, unless a script or another wasm was earlier and has made it.
pub fn store() -> Store {
    let builder = || Store::builder().on_error(|error| logging::warn!("{error}"));
    let store = builder().connect_to(SHOP).unwrap_or_else(|error| {
        // The lists can be looked at; no micro-frontend can be mounted.
        let store = builder().build();
        store.report(&error);
        store
    });
    for key in OF_THIS_TAB {
        if let Err(error) = keep_here(&store, key) {
            store.report(&error);
        }
    }
    store
}

fn keep_here(store: &Store, key: &str) -> Result<(), StateError> {
    let keys = Pattern::glob(key)?;
    store.label_matching(keys.clone(), Label::Local)?;
    store.label_matching(keys, Label::Volatile)
}

/// Ties the store to storage and to the other tabs. Without them the shop works, and forgets.
pub fn edge(store: &Store) -> Option<Edge> {
    let edge = Edge::builder(SHOP)
        .storage(Storage::new(LocalStorage))
        .tabs(Tabs::new(PageTransport::new(SHOP)))
        .attach(store);
    edge.map_err(|error| store.report(&error)).ok()
}

/// Makes the host and asks for its manifest.
pub fn host(store: &Store) -> Hosting {
    let host = Host::new(store, SHOP);
    let going = store.clone();
    host.on_navigate(move |address, replace| place::go(&going, address, replace));
    let hosting = Hosting {
        host,
        manifest: RwSignal::new(Manifest::Coming),
    };
    hosting.ask();
    hosting
}

impl Hosting {
    pub fn ask(&self) {
        let Self { host, manifest } = self.clone();
        manifest.set(Manifest::Coming);
        spawn_local(async move {
            manifest.set(match host.load_manifest(&address()).await {
                Ok(()) => Manifest::Here,
                Err(error) => Manifest::Failed(error.to_string()),
            });
        });
    }
}

pub fn address() -> String {
    format!("{ROOT}manifest.json")
}
