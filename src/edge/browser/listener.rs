//! A listener of an event.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventTarget};

/// Ends when it is dropped.
pub(super) struct Listener {
    target: EventTarget,
    kind: String,
    callback: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// `None` if `target` has no events.
    pub(super) fn new(
        target: &EventTarget,
        kind: &str,
        callback: impl FnMut(Event) + 'static,
    ) -> Option<Self> {
        let callback = Closure::<dyn FnMut(Event)>::new(callback);
        target
            .add_event_listener_with_callback(kind, callback.as_ref().unchecked_ref())
            .ok()?;
        Some(Self {
            target: target.clone(),
            kind: kind.to_owned(),
            callback,
        })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let callback = self.callback.as_ref().unchecked_ref();
        let _ = self
            .target
            .remove_event_listener_with_callback(&self.kind, callback);
    }
}
