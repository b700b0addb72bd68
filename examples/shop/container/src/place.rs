//! Where the visitor is: the address of the page, as the shared key `shop:place`.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use universal_state::{Key, Store, hooks::use_global_state};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlAnchorElement, HtmlElement, MouseEvent, Url, UrlSearchParams};

/// Where the shop begins.
pub const ROOT: &str = "/shop/";

/// The address, for all. The container alone writes it.
pub const PLACE: Key<Place> = Key::new("shop:place");

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    pub path: String,
    /// What stands behind the `?`.
    pub query: String,
}

/// What is shown there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screen {
    Home,
    Products {
        category: String,
    },
    Product,
    /// Of the team Checkout: cart, form, thanks.
    Checkout,
    Nowhere,
}

impl Place {
    pub fn screen(&self) -> Screen {
        let Some(path) = self.path.strip_prefix(ROOT) else {
            // The server gives the page for the address without its last slash too.
            return match self.path == ROOT.trim_end_matches('/') {
                true => Screen::Home,
                false => Screen::Nowhere,
            };
        };
        let mut parts = path.trim_end_matches('/').split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("" | "index.html"), None, None) => Screen::Home,
            (Some("products"), Some(category), None) => Screen::Products {
                category: category.to_owned(),
            },
            (Some("product"), Some(_), None) => Screen::Product,
            (Some("cart" | "checkout" | "thanks"), None, None) => Screen::Checkout,
            _ => Screen::Nowhere,
        }
    }

    /// A parameter of the query; empty if it is missing.
    pub fn parameter(&self, name: &str) -> String {
        let parameters = UrlSearchParams::new_with_str(&self.query).ok();
        parameters
            .and_then(|parameters| parameters.get(name))
            .unwrap_or_default()
    }

    /// The same path with a parameter changed; an empty one is left out.
    pub fn with_parameter(&self, name: &str, value: &str) -> String {
        let Ok(parameters) = UrlSearchParams::new_with_str(&self.query) else {
            return self.path.clone();
        };
        match value.is_empty() {
            true => parameters.delete(name),
            false => parameters.set(name, value),
        }
        let query = String::from(parameters.to_string());
        match query.is_empty() {
            true => self.path.clone(),
            false => format!("{}?{query}", self.path),
        }
    }

    fn now() -> Self {
        let location = window().location();
        let query = location.search().unwrap_or_default();
        Self {
            path: location.pathname().unwrap_or_default(),
            query: query.trim_start_matches('?').to_owned(),
        }
    }
}

pub fn use_place() -> Signal<Place> {
    let (place, _) = use_global_state(PLACE);
    Signal::derive(move || place.get().unwrap_or_default())
}

/// Writes where the visitor is, and follows the browser's back and forward and links of the shop.
pub fn follow(store: &Store) {
    write(store);
    let on_back = store.clone();
    let back = window_event_listener(leptos::ev::popstate, move |_| write(&on_back));
    let on_link = store.clone();
    let link = window_event_listener(leptos::ev::click, move |event| {
        if let Some(target) = target(&event) {
            event.prevent_default();
            go(&on_link, &target, false);
        }
    });
    on_cleanup(move || {
        back.remove();
        link.remove();
    });
}

/// Goes to an address of the shop; `replace` leaves no step to go back to. Any other is left to the
/// browser.
pub fn go(store: &Store, address: &str, replace: bool) {
    let location = window().location();
    let Some(url) = own(address) else {
        let _ = location.assign(address);
        return;
    };
    let before = location.pathname().unwrap_or_default();
    let Ok(history) = window().history() else {
        return;
    };
    let href = url.href();
    let is_here = location.href().is_ok_and(|here| here == href);
    let changed = match replace || is_here {
        true => history.replace_state_with_url(&JsValue::NULL, "", Some(&href)),
        false => history.push_state_with_url(&JsValue::NULL, "", Some(&href)),
    };
    if changed.is_err() {
        let _ = location.assign(&href);
        return;
    }
    write(store);
    // Another page begins at its top, and whoever uses the keyboard goes on there.
    if url.pathname() != before {
        window().scroll_to_with_x_and_y(0.0, 0.0);
        let main = document().get_element_by_id("main");
        if let Some(main) = main.and_then(|main| main.dyn_into::<HtmlElement>().ok()) {
            let _ = main.focus();
        }
    }
}

fn write(store: &Store) {
    let written = store.with_source("address").set(PLACE, Place::now());
    if let Err(error) = written {
        store.report(&error);
    }
}

/// An address of the shop's pages, in full.
fn own(address: &str) -> Option<Url> {
    let location = window().location();
    let url = Url::new_with_base(address, &location.href().ok()?).ok()?;
    let path = url.pathname();
    let is_page = path == ROOT || path.strip_prefix(ROOT).is_some_and(is_route);
    (url.origin() == location.origin().ok()? && is_page).then_some(url)
}

/// Files have an extension.
fn is_route(path: &str) -> bool {
    !path.rsplit('/').next().unwrap_or_default().contains('.')
}

/// The address of the shop that a click asks for, if it asks for one here and now.
fn target(event: &MouseEvent) -> Option<String> {
    let is_plain = event.button() == 0
        && !(event.meta_key() || event.ctrl_key() || event.shift_key() || event.alt_key());
    if event.default_prevented() || !is_plain {
        return None;
    }
    // Also from inside of an open shadow root.
    let link = event
        .composed_path()
        .iter()
        .find_map(|target| target.dyn_into::<HtmlAnchorElement>().ok())?;
    let is_here = matches!(link.target().as_str(), "" | "_self");
    let is_link = link.has_attribute("href") && !link.has_attribute("download");
    let href = link.href();
    let url = own(&href)?;
    // A place on the same page is the browser's affair.
    let location = window().location();
    let is_jump = !url.hash().is_empty()
        && Some(url.pathname()) == location.pathname().ok()
        && Some(url.search()) == location.search().ok();
    (is_here && is_link && !is_jump).then_some(href)
}
