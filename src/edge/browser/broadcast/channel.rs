//! An open channel of the page.

use crate::edge::{Fault, Receive, browser::exception};
use js_sys::Reflect;
use send_wrapper::SendWrapper;
use std::fmt;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

/// Is closed when it is dropped.
pub(super) struct Channel(SendWrapper<Open>);

struct Open {
    channel: BroadcastChannel,
    _receive: Closure<dyn Fn(MessageEvent)>,
}

impl Channel {
    pub(super) fn is_supported() -> bool {
        let name = JsValue::from_str("BroadcastChannel");
        Reflect::get(&js_sys::global(), &name).is_ok_and(|found| found.is_function())
    }

    pub(super) fn open(name: &str, receive: Receive) -> Result<Self, Fault> {
        if !Self::is_supported() {
            return Err(Fault::Unavailable("this page has none".to_owned()));
        }
        let channel = BroadcastChannel::new(name).map_err(|thrown| exception::fault(&thrown))?;
        let receive = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            receive(&event.data().as_string().unwrap_or_default());
        });
        let handler = receive.as_ref().unchecked_ref();
        channel.set_onmessage(Some(handler));
        // What does not decode here, such as memory that is shared elsewhere.
        channel.set_onmessageerror(Some(handler));
        Ok(Self(SendWrapper::new(Open {
            channel,
            _receive: receive,
        })))
    }

    pub(super) fn send(&self, message: &str) -> Result<(), Fault> {
        self.0
            .channel
            .post_message(&JsValue::from_str(message))
            .map_err(|thrown| exception::fault(&thrown))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.set_onmessageerror(None);
        self.channel.close();
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Channel")
            .field(&self.0.channel.name())
            .finish()
    }
}
