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
mod store;
mod thanks_page;

pub use page::Context;

use std::any::Any;

use leptos::{mount::mount_to, prelude::*};
use wasm_bindgen::prelude::wasm_bindgen;

/// A mounted checkout. It goes with [`Mounted::unmount`].
#[wasm_bindgen]
pub struct Mounted {
    _view: Box<dyn Any>,
}

/// Shows the page that the address asks for in `element`, and follows it.
#[wasm_bindgen]
pub fn mount(element: web_sys::HtmlElement, context: Context) -> Mounted {
    let view = mount_to(element, move || view! { <app::App context/> });
    Mounted {
        _view: Box::new(view),
    }
}

#[wasm_bindgen]
impl Mounted {
    /// Takes it out of the page.
    pub fn unmount(self) {}
}
