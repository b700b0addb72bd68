//! Cart, checkout and thanks, for the container of the shop. The team ships it as a wasm of its own
//! that joins the page's store: it shares keys and types with the others, and no code.
//!
//! `checkout.js` is the ES module that the page loads; it calls [`mount`].

mod app;
mod cart;
mod cart_page;
mod catalogue;
mod checkout_page;
mod contract;
mod form;
mod page;
mod thanks_page;

pub use page::Context;

use std::any::Any;

use leptos::{mount::mount_to, prelude::*};
use universal_state::Store;
use wasm_bindgen::{JsError, prelude::wasm_bindgen};

/// The name of the store that the whole shop shares.
const STORE: &str = "shop";

/// A mounted checkout. It goes with [`Mounted::unmount`].
#[wasm_bindgen]
pub struct Mounted {
    view: Box<dyn Any>,
    store: Store,
}

/// Shows the page that the address asks for in `element`, and follows it.
///
/// # Errors
/// What the page has under the name of the shop's store cannot be joined.
#[wasm_bindgen]
pub fn mount(element: web_sys::HtmlElement, context: Context) -> Result<Mounted, JsError> {
    let store = Store::connect_to(STORE).map_err(|error| JsError::new(&error.to_string()))?;
    let view = mount_to(element, {
        let store = store.clone();
        move || view! { <app::App context store/> }
    });
    Ok(Mounted {
        view: Box::new(view),
        store,
    })
}

#[wasm_bindgen]
impl Mounted {
    /// Takes it out of the page, and its store off the shop's.
    pub fn unmount(self) {
        let Self { view, store } = self;
        // What it shows reads the store until it is gone.
        drop(view);
        store.dispose();
    }
}
