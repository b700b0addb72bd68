//! An open channel over `storage` events.

use crate::edge::{
    Fault, Receive,
    browser::{listener::Listener, web_storage::Area},
};
use send_wrapper::SendWrapper;
use std::{cell::Cell, fmt, rc::Rc};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{CustomEvent, CustomEventInit, EventTarget, StorageEvent};

/// Is closed when it is dropped.
pub(super) struct Wire(SendWrapper<Open>);

struct Open {
    /// That of the item, and of the event in this document.
    name: String,
    window: EventTarget,
    /// Whether the event of this document is our own.
    is_own: Rc<Cell<bool>>,
    _listeners: [Option<Listener>; 2],
}

impl Wire {
    pub(super) fn open(name: String, receive: Receive) -> Result<Self, Fault> {
        // Nobody hears anything where there is no storage.
        Area::of("localStorage")?;
        let window: EventTarget = js_sys::global().unchecked_into();
        let receive: Rc<dyn Fn(&str) + Send + Sync> = Rc::from(receive);
        let is_own = Rc::new(Cell::new(false));
        let elsewhere = {
            let (name, receive) = (name.clone(), Rc::clone(&receive));
            Listener::new(&window, "storage", move |event| {
                let event: StorageEvent = event.unchecked_into();
                // The removal of the item has no new value, and is no message.
                if event.key().as_deref() == Some(&*name)
                    && let Some(message) = event.new_value()
                {
                    receive(&message);
                }
            })
        };
        let here = {
            let is_own = Rc::clone(&is_own);
            Listener::new(&window, &name, move |event| {
                if !is_own.get() {
                    let event: CustomEvent = event.unchecked_into();
                    receive(&event.detail().as_string().unwrap_or_default());
                }
            })
        };
        Ok(Self(SendWrapper::new(Open {
            name,
            window,
            is_own,
            _listeners: [elsewhere, here],
        })))
    }

    pub(super) fn send(&self, message: &str) -> Result<(), Fault> {
        // Who is in the same document hears it also where storage takes nothing.
        self.tell_document(message);
        let area = Area::of("localStorage")?;
        area.put(&self.0.name, message)?;
        // Should it stay, the next message takes its place.
        let _ = area.remove(&self.0.name);
        Ok(())
    }

    /// Later, as the others hear of it.
    fn tell_document(&self, message: &str) {
        let init = CustomEventInit::new();
        init.set_detail(&JsValue::from_str(message));
        let event = CustomEvent::new_with_event_init_dict(&self.0.name, &init);
        let (window, is_own) = (self.0.window.clone(), Rc::clone(&self.0.is_own));
        spawn_local(async move {
            is_own.set(true);
            let _ = event.and_then(|event| window.dispatch_event(&event));
            is_own.set(false);
        });
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Wire").field(&self.0.name).finish()
    }
}
