//! What this micro-frontend needs of the page: its container, the network, and words for money.

use std::fmt;

use js_sys::{Object, Reflect};
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, Response};

#[wasm_bindgen]
extern "C" {
    /// What the container hands over when it mounts (`../contract.md`).
    #[derive(Clone)]
    pub type Context;

    #[wasm_bindgen(method, catch)]
    fn navigate(this: &Context, path: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = reportError)]
    fn report_error(this: &Context, error: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(js_namespace = Intl)]
    type NumberFormat;

    #[wasm_bindgen(constructor, js_namespace = Intl, catch)]
    fn new(locales: &JsValue, options: &Object) -> Result<NumberFormat, JsValue>;

    #[wasm_bindgen(method)]
    fn format(this: &NumberFormat, number: f64) -> String;
}

/// The container, for the components below.
#[derive(Clone, Copy)]
pub struct Container(StoredValue<Context, LocalStorage>);

impl Container {
    /// Provides it to the running component and all below.
    pub fn provide(context: Context) -> Self {
        let container = Self(StoredValue::new_local(context));
        provide_context(container);
        container
    }

    /// Goes to an address of the shop. A container that throws has said so itself.
    pub fn navigate(self, path: &str) {
        let _ = self.0.try_with_value(|context| context.navigate(path));
    }

    /// Tells what went wrong to whoever runs the page.
    pub fn report(self, error: &impl fmt::Display) {
        let error = js_sys::Error::new(&error.to_string());
        let _ = self
            .0
            .try_with_value(|context| context.report_error(&error));
    }
}

/// What the running component fetches. It is given up when the component goes.
#[derive(Clone)]
pub struct Requests(Option<AbortController>);

impl Requests {
    /// For the running component.
    pub fn of_component() -> Self {
        let control = AbortController::new().ok();
        let held = StoredValue::new_local(control.clone());
        on_cleanup(move || {
            held.try_with_value(|control| control.as_ref().map(AbortController::abort));
        });
        Self(control)
    }

    /// Fetches a JSON file.
    ///
    /// # Errors
    /// Why there is none, or none that reads as a `T`.
    pub async fn fetch<T: DeserializeOwned>(&self, address: &str) -> Result<T, String> {
        let describe = |error: JsValue| format!("{address}: {error:?}");
        let init = RequestInit::new();
        init.set_signal(self.0.as_ref().map(AbortController::signal).as_ref());
        let response = JsFuture::from(window().fetch_with_str_and_init(address, &init))
            .await
            .map_err(describe)?
            .dyn_into::<Response>()
            .map_err(describe)?;
        if !response.ok() {
            return Err(format!("{address}: {}", response.status()));
        }
        let text = JsFuture::from(response.text().map_err(describe)?)
            .await
            .map_err(describe)?
            .as_string()
            .unwrap_or_default();
        serde_json::from_str(&text).map_err(|error| format!("{address}: {error}"))
    }
}

/// A price in the words of the browser's language.
#[expect(clippy::cast_precision_loss, reason = "cents stay far below 2^53")]
pub fn money(cents: i64, currency: &str) -> String {
    let amount = cents as f64 / 100.0;
    let options = Object::new();
    let members = [("style", "currency"), ("currency", currency)];
    let is_set = members
        .iter()
        .all(|(name, value)| Reflect::set(&options, &(*name).into(), &(*value).into()).is_ok());
    match NumberFormat::new(&JsValue::UNDEFINED, &options) {
        Ok(format) if is_set => format.format(amount),
        // A currency that the browser refuses.
        _ => format!("{amount:.2} {currency}"),
    }
}

/// Moves the focus to an element by its id, after what is being rendered now.
pub fn focus_later(id: String) {
    request_animation_frame(move || {
        let element = document().get_element_by_id(&id);
        if let Some(element) =
            element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok())
        {
            let _ = element.focus();
        }
    });
}
