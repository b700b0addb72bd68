//! The browser's side of a host: `load.js`, bound. Nothing here is borrowed while a script runs.

use super::{
    Shared,
    life::Input,
    manifest::MfeEntry,
    status::{Failure, FailureKind},
};
use js_sys::{Function, Object, Promise, Reflect};
use send_wrapper::SendWrapper;
use std::{cell::RefCell, collections::HashMap, sync::Weak};
use wasm_bindgen::{JsCast, JsValue, closure::Closure, prelude::wasm_bindgen};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Element;

#[wasm_bindgen(module = "/src/edge/host/load.js")]
extern "C" {
    #[wasm_bindgen(js_name = Object)]
    type Load;
    #[wasm_bindgen(js_name = load)]
    fn load(
        url: &str,
        integrity: Option<&str>,
        again: u32,
        limit: f64,
        progress: &Closure<dyn FnMut(f64, f64)>,
    ) -> Load;
    #[wasm_bindgen(method, getter)]
    fn done(this: &Load) -> Promise;
    #[wasm_bindgen(method, structural)]
    fn abort(this: &Load);

    #[wasm_bindgen(js_name = text)]
    fn text(url: &str, limit: f64) -> Promise;
    #[wasm_bindgen(js_name = resolve)]
    pub(super) fn resolve(url: &str, base: Option<&str>) -> Option<String>;

    #[wasm_bindgen(js_name = Object)]
    type Mount;
    #[wasm_bindgen(method, getter, js_name = done)]
    fn mounted(this: &Mount) -> Promise;
    #[wasm_bindgen(method, structural)]
    fn stop(this: &Mount);

    #[wasm_bindgen(js_name = Page)]
    type JsPage;
    #[wasm_bindgen(constructor, js_class = "Page")]
    fn new(store: &str, report: &Function, navigate: &Function, moved: &Function) -> JsPage;
    #[wasm_bindgen(method, catch, js_class = "Page")]
    fn scope(
        this: &JsPage,
        store: &str,
        id: &str,
        framework: &str,
        version: &str,
    ) -> Result<Object, JsValue>;
    #[wasm_bindgen(method, catch, js_class = "Page")]
    fn mount(
        this: &JsPage,
        module: &JsValue,
        parent: &Element,
        registered: &Object,
        version: &str,
        url: &str,
        limit: f64,
    ) -> Result<Mount, JsValue>;
    #[wasm_bindgen(method, js_class = "Page")]
    fn end(this: &JsPage);
}

/// What a host has on the page.
pub(super) struct Page(SendWrapper<Held>);

type Report = Closure<dyn Fn(Option<String>, String, String, String)>;

struct Held {
    page: JsPage,
    parts: RefCell<Parts>,
    _report: Report,
    _navigate: Closure<dyn Fn(String, bool)>,
    _moved: Closure<dyn Fn()>,
}

#[derive(Default)]
struct Parts {
    elements: HashMap<String, Element>,
    /// By micro-frontend and number, as the following.
    loads: HashMap<(String, u64), Load>,
    modules: HashMap<(String, u64), JsValue>,
    mounts: HashMap<(String, u64), Mount>,
}

impl Page {
    pub(super) fn new(host: Weak<Shared>, store: &str) -> Self {
        let told = Weak::clone(&host);
        let report: Report = Closure::new(
            move |id: Option<String>, reason: String, file: String, stack: String| {
                if let Some(host) = told.upgrade() {
                    host.threw(id, reason, &file, &stack);
                }
            },
        );
        let told = Weak::clone(&host);
        let navigate: Closure<dyn Fn(String, bool)> =
            Closure::new(move |path: String, replace: bool| {
                if let Some(host) = told.upgrade() {
                    host.navigate(&path, replace);
                }
            });
        let moved: Closure<dyn Fn()> = Closure::new(move || {
            if let Some(host) = host.upgrade() {
                host.moved();
            }
        });
        let page = JsPage::new(
            store,
            report.as_ref().unchecked_ref(),
            navigate.as_ref().unchecked_ref(),
            moved.as_ref().unchecked_ref(),
        );
        Self(SendWrapper::new(Held {
            page,
            parts: RefCell::default(),
            _report: report,
            _navigate: navigate,
            _moved: moved,
        }))
    }

    /// Says where a micro-frontend is to be, or that it is to be nowhere.
    pub(super) fn place(&self, id: &str, element: Option<Element>) {
        let elements = &mut self.0.parts.borrow_mut().elements;
        match element {
            Some(element) => elements.insert(id.to_owned(), element),
            None => elements.remove(id),
        };
    }

    pub(super) fn load(
        &self,
        host: &Weak<Shared>,
        number: u64,
        entry: &MfeEntry,
        again: u32,
        limit: u64,
    ) {
        let id = entry.id().to_owned();
        let (of, told) = (id.clone(), Weak::clone(host));
        let progress = Closure::new(move |received: f64, total: f64| {
            if let Some(host) = told.upgrade() {
                host.tell(
                    &of,
                    Input::Received {
                        load: number,
                        received: received as u64,
                        total: (total > 0.0).then_some(total as u64),
                    },
                );
            }
        });
        let load = load(
            entry.url(),
            entry.integrity(),
            again,
            limit as f64,
            &progress,
        );
        let done = JsFuture::from(load.done());
        let place = (id.clone(), number);
        self.0.parts.borrow_mut().loads.insert(place.clone(), load);
        let host = Weak::clone(host);
        spawn_local(async move {
            let result = done.await;
            drop(progress);
            let Some(host) = host.upgrade() else { return };
            let parts = &host.page.0.parts;
            parts.borrow_mut().loads.remove(&place);
            let input = match result {
                Ok(loaded) => {
                    let module = member(&loaded, "module");
                    parts.borrow_mut().modules.insert(place, module);
                    Input::Loaded {
                        load: number,
                        bytes: count(&loaded, "bytes"),
                        ms: count(&loaded, "ms"),
                    }
                }
                Err(thrown) => Input::LoadFailed {
                    load: number,
                    failure: failure(&thrown, FailureKind::Module),
                },
            };
            host.tell(&id, input);
        });
    }

    pub(super) fn abort(&self, id: &str, load: u64) {
        let load = self
            .0
            .parts
            .borrow_mut()
            .loads
            .remove(&(id.to_owned(), load));
        if let Some(load) = load {
            load.abort();
        }
    }

    pub(super) fn forget(&self, id: &str, load: u64) {
        let module = self
            .0
            .parts
            .borrow_mut()
            .modules
            .remove(&(id.to_owned(), load));
        drop(module);
    }

    /// Registers a micro-frontend with the page's handle of the store. What comes back is its scope
    /// and that handle, for [`Page::start`].
    pub(super) fn register(&self, store: &str, entry: &MfeEntry) -> Result<Object, Failure> {
        self.0
            .page
            .scope(store, entry.id(), entry.framework(), entry.version())
            .map_err(|thrown| failure(&thrown, FailureKind::Register))
    }

    pub(super) fn start(
        &self,
        host: &Weak<Shared>,
        number: u64,
        load: u64,
        entry: &MfeEntry,
        registered: &Object,
        limit: u64,
    ) -> Result<(), Failure> {
        let id = entry.id().to_owned();
        let (module, element) = {
            let parts = self.0.parts.borrow();
            let module = parts.modules.get(&(id.clone(), load)).cloned();
            (module, parts.elements.get(&id).cloned())
        };
        let gone = || Failure::new(FailureKind::Mount, "its element or its module is gone");
        let (module, element) = module.zip(element).ok_or_else(gone)?;
        let mount = self
            .0
            .page
            .mount(
                &module,
                &element,
                registered,
                entry.version(),
                entry.url(),
                limit as f64,
            )
            .map_err(|thrown| failure(&thrown, FailureKind::Mount))?;
        let done = JsFuture::from(mount.mounted());
        let place = (id.clone(), number);
        self.0.parts.borrow_mut().mounts.insert(place, mount);
        let host = Weak::clone(host);
        spawn_local(async move {
            let result = done.await;
            let Some(host) = host.upgrade() else { return };
            let input = match result {
                Ok(ms) => Input::Mounted {
                    mount: number,
                    ms: ms.as_f64().unwrap_or_default() as u64,
                },
                Err(thrown) => Input::MountFailed {
                    mount: number,
                    failure: failure(&thrown, FailureKind::Mount),
                },
            };
            host.tell(&id, input);
        });
        Ok(())
    }

    pub(super) fn stop(&self, id: &str, mount: u64) {
        let mount = self
            .0
            .parts
            .borrow_mut()
            .mounts
            .remove(&(id.to_owned(), mount));
        if let Some(mount) = mount {
            mount.stop();
        }
    }

    /// Ends everything that is under way or mounted.
    pub(super) fn end(&self) {
        let Parts { loads, mounts, .. } = std::mem::take(&mut *self.0.parts.borrow_mut());
        loads.values().for_each(Load::abort);
        mounts.values().for_each(Mount::stop);
        self.0.page.end();
    }
}

/// The text at an address.
pub(super) async fn fetch_text(url: &str, limit: u64) -> Result<String, Failure> {
    let answer = JsFuture::from(text(url, limit as f64)).await;
    let answer = answer.map_err(|thrown| failure(&thrown, FailureKind::Network))?;
    Ok(answer.as_string().unwrap_or_default())
}

/// Goes to an address as a link would.
pub(super) fn go(path: &str, replace: bool) {
    let location = member(&js_sys::global(), "location");
    let how = if replace { "replace" } else { "assign" };
    if let Ok(assign) = member(&location, how).dyn_into::<Function>() {
        let _ = assign.call1(&location, &JsValue::from_str(path));
    }
}

fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

fn count(object: &JsValue, name: &str) -> u64 {
    member(object, name).as_f64().unwrap_or_default() as u64
}

fn failure(thrown: &JsValue, otherwise: FailureKind) -> Failure {
    let kind = member(thrown, "kind").as_string();
    let kind = kind.and_then(|kind| FailureKind::named(&kind));
    let reason = member(thrown, "message").as_string();
    let reason = reason.or_else(|| thrown.as_string());
    Failure::new(
        kind.unwrap_or(otherwise),
        reason.unwrap_or_else(|| "it did not say why".to_owned()),
    )
}
