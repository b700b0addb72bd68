//! A store for a page that has no container in Rust: what `createStore` of the npm package's
//! `universal-state/store` calls.

#![forbid(unsafe_code)]
#![deny(missing_docs, missing_debug_implementations)]
#![cfg(all(target_family = "wasm", target_os = "unknown"))]

use js_sys::{Error, Function};
use send_wrapper::SendWrapper;
use std::cell::RefCell;
use std::collections::BTreeMap;
use universal_state::{
    EngineKind, StateError, Store,
    edge::{
        Edge, Storage, Tabs,
        browser::{IndexedDb, LocalStorage, PageTransport, SessionStorage},
        page::Page,
    },
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// A store of this module, with what keeps it going.
struct Kept {
    store: Store,
    edge: Option<Edge>,
    page: Page,
}

thread_local! {
    static STORES: RefCell<BTreeMap<String, Kept>> = const { RefCell::new(BTreeMap::new()) };
}

fn thrown(message: &str) -> JsValue {
    Error::new(message).into()
}

/// Puts a new store on the page; its handle. `backend` is one of `local`, `session` and
/// `indexed-db`, or empty if nothing is to be stored. `report` gets what goes wrong, as text, with
/// the code and the key.
///
/// # Errors
/// An `Error` that says what is wrong with the arguments, or that the name is taken.
#[wasm_bindgen]
pub fn open(
    name: &str,
    engine: &str,
    backend: &str,
    prefix: &str,
    tabs: bool,
    report: Function,
) -> Result<JsValue, JsValue> {
    let refused = |error: StateError| thrown(&error.to_string());
    let store = Store::builder()
        .engine(engine.parse::<EngineKind>().map_err(refused)?)
        .on_error(reporter(report))
        .build();
    let mut edge = Edge::builder(prefix);
    match backend {
        "" => {}
        "local" => edge = edge.storage(Storage::new(LocalStorage)),
        "session" => edge = edge.storage(Storage::new(SessionStorage)),
        "indexed-db" => edge = edge.storage(Storage::new(IndexedDb::new(prefix))),
        unknown => {
            return Err(thrown(&format!(
                "no storage {unknown:?}: there are \"local\", \"session\" and \"indexed-db\""
            )));
        }
    }
    if tabs {
        edge = edge.tabs(Tabs::new(PageTransport::new(prefix)));
    }
    let edge = (tabs || !backend.is_empty())
        .then(|| edge.attach(&store))
        .transpose()
        .map_err(refused)?;
    let page = Page::install(&store, name).map_err(refused)?;
    let handle = page.handle();
    let kept = Kept { store, edge, page };
    STORES.with_borrow_mut(|stores| stores.insert(name.to_owned(), kept));
    Ok(handle)
}

/// Hands errors to JavaScript; what that throws is lost, as there is nobody left to tell.
fn reporter(report: Function) -> impl Fn(&StateError) + Send + Sync + 'static {
    // Never called from elsewhere: this wasm has one thread.
    let report = SendWrapper::new(report);
    move |error| {
        let key = error.key().map_or(JsValue::UNDEFINED, JsValue::from);
        let _ = report.call3(
            &JsValue::UNDEFINED,
            &JsValue::from(error.to_string()),
            &JsValue::from(error.code()),
            &key,
        );
    }
}

/// Whether what was stored before is still on its way.
#[wasm_bindgen(js_name = isLoading)]
pub fn is_loading(name: &str) -> bool {
    STORES.with_borrow(|stores| {
        let edge = stores.get(name).and_then(|kept| kept.edge.as_ref());
        edge.is_some_and(|edge| edge.status().is_loading)
    })
}

/// Writes what is to be stored, takes the store off the page and disposes of it. Whether there was
/// one of this module.
#[wasm_bindgen]
pub fn close(name: &str) -> bool {
    let kept = STORES.with_borrow_mut(|stores| stores.remove(name));
    let was_there = kept.is_some();
    if let Some(kept) = kept {
        if let Some(edge) = &kept.edge {
            edge.detach();
        }
        drop(kept.page);
        kept.store.dispose();
    }
    was_there
}
