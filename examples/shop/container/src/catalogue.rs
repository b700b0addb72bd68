//! What the shop sells, as far as Explore shows it. It is no shared state: each team fetches it for
//! itself, and the browser's cache makes that one download.

use crate::place::ROOT;
use js_sys::{Array, Object};
use leptos::{prelude::*, task::spawn_local};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Catalogue {
    pub shop: Shop,
    pub currency: String,
    pub families: Vec<Family>,
    pub categories: Vec<Category>,
    pub products: Vec<Product>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Shop {
    pub name: String,
    pub claim: String,
}

/// A family of colours.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Family {
    pub id: String,
    pub name: String,
    pub colour: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Category {
    pub id: String,
    pub name: String,
    pub text: String,
    pub picture: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Product {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub category: String,
    pub materials: Vec<String>,
    pub variants: Vec<Variant>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Variant {
    pub sku: String,
    pub name: String,
    pub colour: String,
    pub family: String,
    /// In cents.
    pub price: u32,
    pub picture: String,
}

/// Whether it is here.
#[derive(Debug, Clone, PartialEq)]
pub enum Fetched {
    Coming,
    Here(Catalogue),
    Failed(String),
}

/// The catalogue, and the way to ask for it again.
#[derive(Clone, Copy)]
pub struct Goods(RwSignal<Fetched>);

/// The address of a file of the catalogue.
pub fn file(name: &str) -> String {
    format!("{ROOT}data/{name}")
}

pub fn provide_catalogue() -> Goods {
    let catalogue = Goods(RwSignal::new(Fetched::Coming));
    catalogue.ask();
    provide_context(catalogue);
    catalogue
}

impl Goods {
    pub fn get(&self) -> Fetched {
        self.0.get()
    }

    /// Asks for it, again if it was asked for before.
    pub fn ask(&self) {
        let catalogue = self.0;
        catalogue.set(Fetched::Coming);
        spawn_local(async move {
            catalogue.set(match fetch().await {
                Ok(here) => Fetched::Here(here),
                Err(reason) => Fetched::Failed(reason),
            });
        });
    }
}

async fn fetch() -> Result<Catalogue, String> {
    let words = |thrown: JsValue| {
        js_sys::Reflect::get(&thrown, &"message".into())
            .ok()
            .and_then(|message| message.as_string())
            .unwrap_or_else(|| "the browser did not say why".to_owned())
    };
    let answer = JsFuture::from(window().fetch_with_str(&file("products.json"))).await;
    let answer: Response = answer.map_err(words)?.unchecked_into();
    if !answer.ok() {
        return Err(format!("the server answered {}", answer.status()));
    }
    let text = JsFuture::from(answer.text().map_err(words)?).await;
    let text = text.map_err(words)?.as_string().unwrap_or_default();
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Intl)]
    type NumberFormat;

    #[wasm_bindgen(constructor, js_namespace = Intl, catch)]
    fn new(locales: &JsValue, options: &Object) -> Result<NumberFormat, JsValue>;

    #[wasm_bindgen(method)]
    fn format(this: &NumberFormat, number: f64) -> String;
}

/// Cents of a currency (ISO 4217), in the words of the browser's language.
pub fn price(cents: u32, currency: &str) -> String {
    let amount = f64::from(cents) / 100.0;
    let entries = [("style", "currency"), ("currency", currency)]
        .map(|(name, value)| Array::of2(&name.into(), &value.into()));
    let options = Object::from_entries(&Array::from_iter(entries));
    match options.and_then(|options| NumberFormat::new(&JsValue::UNDEFINED, &options)) {
        Ok(format) => format.format(amount),
        // A currency that the browser refuses.
        Err(_) => format!("{amount:.2} {currency}"),
    }
}
