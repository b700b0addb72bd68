//! Guests in other wasm: what carries the texts of the protocol between two modules.

use super::{
    guest::{Guest, Receive},
    link::{Host, Link, Links},
    script::{self, describe, thrown},
    wire,
};
use crate::{error::StateError, store::Store};
use js_sys::{Function, Reflect};
use send_wrapper::SendWrapper;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    sync::Arc,
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

/// What a guest asks: what, of which link, and a text; or, of none yet, the function that is told.
pub(super) type Call = dyn Fn(u32, u32, JsValue) -> Result<JsValue, JsValue>;

/// The guests that have joined a store through its handle.
pub(super) struct Guests {
    links: Links,
    open: RefCell<BTreeMap<u32, Rc<Link>>>,
    next: Cell<u32>,
}

impl Guests {
    pub(super) fn new(store: &Store) -> Rc<Self> {
        Rc::new(Self {
            links: Links::new(store),
            open: RefCell::default(),
            next: Cell::new(0),
        })
    }

    /// Answers a guest, of the list in `page.js`.
    pub(super) fn answer(&self, what: u32, id: u32, given: &JsValue) -> Result<JsValue, JsValue> {
        if what == 0 {
            return self.open(given).map_err(|error| thrown(&error));
        }
        let link = self.open.borrow().get(&id).cloned();
        let Some(link) = link else {
            let gone = wire::reply::<()>(Err(StateError::Disposed));
            return Ok(JsValue::from_str(&gone));
        };
        let text = given.as_string().unwrap_or_default();
        let answer = match what {
            1 => link.state(),
            2 => link.commit(&text),
            3 => link.register(&text),
            4 => link.unregister(&text),
            5 => link.rule(&text),
            6 => link.computed(&text),
            7 => link.define(&text),
            8 => link.withdraw(&text),
            _ => {
                let link = self.open.borrow_mut().remove(&id);
                // Dropped when nothing is borrowed: what ends with it is told to listeners.
                drop(link);
                return Ok(JsValue::UNDEFINED);
            }
        };
        Ok(JsValue::from_str(&answer))
    }

    fn open(&self, receive: &JsValue) -> Result<JsValue, StateError> {
        let told = SendWrapper::new((Function::from(receive.clone()), self.links.reporter()));
        let link = self.links.link(move |text| {
            let (receive, report) = &*told;
            match receive.call1(&JsValue::UNDEFINED, &JsValue::from_str(text)) {
                Ok(answer) => answer.as_string().unwrap_or_default(),
                Err(error) => {
                    report(&StateError::Listener {
                        subject: "a store in another module".to_owned(),
                        reason: describe(&error),
                    });
                    String::new()
                }
            }
        })?;
        let id = self.next.get().wrapping_add(1);
        self.next.set(id);
        self.open.borrow_mut().insert(id, Rc::new(link));
        Ok(id.into())
    }

    /// Lets all guests go.
    pub(super) fn close(&self) {
        self.links.close();
        let open = self.open.take();
        drop(open);
    }
}

/// A host in another wasm, or in this one.
struct Elsewhere(SendWrapper<Functions>);

type Tell = dyn Fn(String) -> Option<String>;

struct Functions {
    state: Function,
    commit: Function,
    register: Function,
    unregister: Function,
    rule: Function,
    computed: Function,
    define: Function,
    withdraw: Function,
    leave: Function,
    /// What the host tells.
    receive: Option<Closure<Tell>>,
}

impl Elsewhere {
    /// A link to the store behind a handle.
    fn link(handle: &JsValue, receive: Receive) -> Result<Self, StateError> {
        let foreign = |thrown: &JsValue| wire::refused("the page's store", &describe(thrown));
        let link: Function = Reflect::get(handle, &JsValue::from_str("link"))
            .and_then(JsCast::dyn_into)
            .map_err(|_| wire::refused("the page's store", "it takes no guests"))?;
        let receive = Closure::<Tell>::new(move |text: String| {
            let answer = receive(&text);
            (!answer.is_empty()).then_some(answer)
        });
        let link = link
            .call1(&JsValue::UNDEFINED, receive.as_ref())
            .map_err(|thrown| foreign(&thrown))?;
        let function = |name: &str| -> Result<Function, StateError> {
            Reflect::get(&link, &JsValue::from_str(name))
                .and_then(JsCast::dyn_into)
                .map_err(|_| wire::refused("the page's store", &format!("it has no {name}")))
        };
        Ok(Self(SendWrapper::new(Functions {
            state: function("state")?,
            commit: function("commit")?,
            register: function("register")?,
            unregister: function("unregister")?,
            rule: function("rule")?,
            computed: function("computed")?,
            define: function("define")?,
            withdraw: function("withdraw")?,
            leave: function("leave")?,
            receive: Some(receive),
        })))
    }
}

fn ask(function: &Function, text: &str) -> String {
    match function.call1(&JsValue::UNDEFINED, &JsValue::from_str(text)) {
        Ok(answer) => answer.as_string().unwrap_or_default(),
        Err(thrown) => {
            wire::reply::<()>(Err(wire::refused("the page's store", &describe(&thrown))))
        }
    }
}

impl Host for Elsewhere {
    fn state(&self) -> String {
        ask(&self.0.state, "")
    }

    fn commit(&self, text: &str) -> String {
        ask(&self.0.commit, text)
    }

    fn register(&self, text: &str) -> String {
        ask(&self.0.register, text)
    }

    fn unregister(&self, text: &str) -> String {
        ask(&self.0.unregister, text)
    }

    fn rule(&self, text: &str) -> String {
        ask(&self.0.rule, text)
    }

    fn computed(&self, text: &str) -> String {
        ask(&self.0.computed, text)
    }

    fn define(&self, text: &str) -> String {
        ask(&self.0.define, text)
    }

    fn withdraw(&self, text: &str) -> String {
        ask(&self.0.withdraw, text)
    }

    fn leave(&self) {
        let _ = self.0.leave.call0(&JsValue::UNDEFINED);
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        // It may be what is running now: a host that closes tells so.
        let receive = self.0.receive.take();
        wasm_bindgen_futures::spawn_local(async move { drop(receive) });
    }
}

/// Joins a store to the one behind a handle.
pub(super) fn join(store: &Store, handle: &JsValue) -> Result<Guest, StateError> {
    Guest::join(store, |receive| link(handle, receive))
}

/// Joins a store whose host has closed to the one that has its name now.
pub(super) fn rejoin(guest: &Guest, name: &str) -> Result<(), StateError> {
    let handle = script::find(name);
    guest.rejoin(|receive| link(&handle, receive))
}

fn link(handle: &JsValue, receive: Receive) -> Result<Arc<dyn Host>, StateError> {
    Ok(Arc::new(Elsewhere::link(handle, receive)?))
}
