//! [`Handle`]: what stands in the directory.

use super::{
    join::{Call, Guests},
    port::Port,
    script,
};
use crate::store::{Store, depth_address};
use js_sys::{Function, Reflect};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

/// What a script asks: of which view, what, and up to three arguments.
type Ask = dyn Fn(u32, u32, JsValue, JsValue, JsValue) -> Result<JsValue, JsValue>;

/// Takes itself away when it is dropped.
pub(super) struct Handle {
    handle: JsValue,
    close: Function,
    /// What the handle calls.
    _ask: Closure<Ask>,
    _call: Closure<Call>,
    port: Rc<Port>,
    guests: Rc<Guests>,
}

impl Handle {
    /// `None` if the name is taken, or the directory is not ours.
    pub(super) fn install(store: &Store, name: &str) -> Option<Self> {
        let port = Port::new(store);
        let asked = Rc::downgrade(&port);
        let ask =
            Closure::<Ask>::new(
                move |view, what, a: JsValue, b: JsValue, c: JsValue| match asked.upgrade() {
                    Some(port) => port.answer(view, what, &a, &b, &c),
                    None => Err(JsValue::UNDEFINED),
                },
            );
        let guests = Guests::new(store);
        let called = Rc::downgrade(&guests);
        let call = Closure::<Call>::new(move |what, id, given: JsValue| match called.upgrade() {
            Some(guests) => guests.answer(what, id, &given),
            None => Err(JsValue::UNDEFINED),
        });
        let made = script::make_handle(
            ask.as_ref().unchecked_ref(),
            name,
            env!("CARGO_PKG_VERSION"),
            call.as_ref().unchecked_ref(),
            &wasm_bindgen::memory(),
            // Both outlive the handle: the port holds the store.
            store.inner.clock.as_ptr().expose_provenance(),
            depth_address(),
        );
        let member = |name: &str| Reflect::get(&made, &JsValue::from_str(name)).ok();
        let this = Self {
            handle: member("handle")?,
            close: member("close")?.dyn_into().ok()?,
            _ask: ask,
            _call: call,
            port,
            guests,
        };
        // The event is told in here, by when all is ready.
        script::install(name, &this.handle).then_some(this)
    }

    pub(super) fn as_js(&self) -> JsValue {
        self.handle.clone()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // First: whoever is told of it finds the handle closed.
        let _ = self.close.call0(&JsValue::UNDEFINED);
        // The name is free: the first guest can take over.
        self.guests.close();
        self.port.close();
    }
}
