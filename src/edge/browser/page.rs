//! What ties an edge to its page: a timer, and the events of the page's life.
//!
//! The end of a turn is the store's own affair. A page that is hidden may be killed without another
//! word, and one that is left may be kept as it is and shown again (Page Lifecycle, HTML, section
//! 7.4.6.1): so what is pending is written whenever a page goes, and whatever may have been missed is
//! looked for whenever it comes.

use super::{listener::Listener, timer::Timer};
use crate::edge::link::{Door, Driver, Edge, Link};
use js_sys::Reflect;
use send_wrapper::SendWrapper;
use std::{
    cell::RefCell,
    rc::Rc,
    sync::{Arc, Weak},
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, EventTarget, StorageEvent};

/// So long after it was written by somebody else is an item looked at, in ms.
const LOOK: u64 = 250;

/// Ties `edge` to the page, until it is detached or gone.
pub(in crate::edge) fn follow(edge: &Edge) {
    let link = Arc::downgrade(&edge.0);
    let tie = Rc::new(RefCell::new(Tie {
        listeners: listeners(&link),
        armed: None,
    }));
    edge.drive(Box::new(Page(SendWrapper::new((link, tie)))));
}

struct Page(SendWrapper<(Weak<Link>, Rc<RefCell<Tie>>)>);

struct Tie {
    listeners: Vec<Listener>,
    /// The timer, and for when it is set, in ms since the Unix epoch.
    armed: Option<(u64, Timer)>,
}

impl Driver for Page {
    fn arm(&self, deadline: Option<u64>) {
        let (link, tie) = &*self.0;
        let edge = link.upgrade().map(Edge);
        let mut tie_now = tie.borrow_mut();
        let Some(edge) = edge.filter(Edge::is_attached) else {
            tie_now.listeners.clear();
            tie_now.armed = None;
            return;
        };
        match (deadline, &tie_now.armed) {
            (None, _) => tie_now.armed = None,
            // It rings too early, finds nothing due, and is set anew: cheaper than to do so each turn.
            (Some(deadline), Some((armed, _))) if *armed <= deadline => (),
            (Some(deadline), _) => {
                let wait = deadline.saturating_sub(edge.now());
                let (link, tie) = (Weak::clone(link), Rc::downgrade(tie));
                let timer = Timer::after(wait, move || {
                    let rung = tie.upgrade().and_then(|tie| tie.borrow_mut().armed.take());
                    if let Some(link) = link.upgrade() {
                        Edge(link).arm();
                    }
                    drop(rung);
                });
                tie_now.armed = Some((deadline, timer));
            }
        }
    }
}

/// What happens to the page that an edge has to know. In a worker there is a window's part of it only,
/// or nothing.
fn listeners(link: &Weak<Link>) -> Vec<Listener> {
    let window: EventTarget = js_sys::global().unchecked_into();
    let document = Reflect::get(&window, &JsValue::from_str("document"))
        .ok()
        .filter(JsValue::is_object)
        .map(JsValue::unchecked_into::<EventTarget>);
    let on = |target: &EventTarget, kind: &str, react: fn(&Edge, Event)| {
        let link = Weak::clone(link);
        Listener::new(target, kind, move |event| {
            if let Some(link) = link.upgrade() {
                react(&Edge(link), event);
            }
        })
    };
    let mut listeners = vec![
        on(&window, "pagehide", |edge, _| edge.save_now()),
        on(&window, "pageshow", |edge, event| {
            // Otherwise the page is new, and so is the edge.
            if flag(&event, "persisted") {
                edge.resync();
            }
        }),
        Listener::new(&window, "storage", {
            let (link, suspects) = (Weak::clone(link), Rc::default());
            move |event| touched(&link, &suspects, event)
        }),
    ];
    if let Some(document) = document {
        listeners.push(on(&document, "visibilitychange", |edge, event| match event
            .target()
            .is_some_and(|page| flag(&page, "hidden"))
        {
            true => save(edge),
            false => edge.resync(),
        }));
        listeners.push(on(&document, "freeze", |edge, _| save(edge)));
        listeners.push(on(&document, "resume", |edge, _| edge.resync()));
    }
    listeners.into_iter().flatten().collect()
}

fn flag(object: &JsValue, name: &str) -> bool {
    Reflect::get(object, &JsValue::from_str(name)).is_ok_and(|flag| flag.is_truthy())
}

/// Stores what is pending. The other tabs go on to be heard.
fn save(edge: &Edge) {
    edge.flush();
    for port in edge.ports() {
        if port.door() == Door::Storage {
            port.close(edge);
        }
    }
}

/// Items that somebody else has written, until they are looked at.
#[derive(Default)]
struct Suspects {
    names: Vec<String>,
    timer: Option<Timer>,
}

/// Somebody else has written to the page's storage, or, without a name, cleared it (HTML, section
/// 12.2.4). What was written is looked at a little later: if it was another tab of this state, its
/// message, which says more, is on its way.
fn touched(link: &Weak<Link>, suspects: &Rc<RefCell<Suspects>>, event: Event) {
    let Some(edge) = link.upgrade().map(Edge) else {
        return;
    };
    let event: StorageEvent = event.unchecked_into();
    let Some(name) = event.key() else {
        return edge.storage_changed(None);
    };
    let of_prefix = name.strip_prefix(edge.place().prefix.as_str());
    if !of_prefix.is_some_and(|rest| rest.starts_with(':')) {
        return;
    }
    let Suspects { names, timer } = &mut *suspects.borrow_mut();
    names.push(name);
    timer.get_or_insert_with(|| {
        let (link, suspects) = (Weak::clone(link), Rc::downgrade(suspects));
        Timer::after(LOOK, move || {
            let Some((link, suspects)) = link.upgrade().zip(suspects.upgrade()) else {
                return;
            };
            let looked = std::mem::take(&mut *suspects.borrow_mut());
            Edge(link).storage_changed(Some(&looked.names));
        })
    });
}
