//! [`Port`]: what a handle asks, answered by the store.

mod reading;
mod telling;

use super::{
    fence::{Fence, number},
    gate::PageGate,
    script::{self, thrown},
};
use crate::{
    change::{Origin, Stamp},
    error::StateError,
    mfe::{MfeInfo, Scope},
    store::{Store, Subscription, View},
    value::Value,
};
use js_sys::Function;
use reactive_graph::graph::untrack;
use reading::{keys, shown};
use serde_json::Value as Json;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::{Rc, Weak},
    sync::Arc,
};
use wasm_bindgen::JsValue;

/// What is asked, by number: `ASK` of `page.js`.
mod ask {
    pub(super) const GET: u32 = 0;
    pub(super) const HAS: u32 = 1;
    pub(super) const KEYS: u32 = 2;
    pub(super) const SNAPSHOT: u32 = 3;
    pub(super) const METADATA: u32 = 4;
    pub(super) const SET: u32 = 5;
    pub(super) const DELETE: u32 = 6;
    pub(super) const CLEAR: u32 = 7;
    pub(super) const RESTORE: u32 = 8;
    pub(super) const BATCH: u32 = 9;
    pub(super) const SUBSCRIBE: u32 = 10;
    pub(super) const UNSUBSCRIBE: u32 = 11;
    pub(super) const FLUSH: u32 = 12;
    pub(super) const ENGINE: u32 = 13;
    pub(super) const MFES: u32 = 14;
    pub(super) const SUBSCRIBE_MFES: u32 = 15;
    pub(super) const SCOPE: u32 = 16;
    pub(super) const SHARED: u32 = 17;
    pub(super) const PEER: u32 = 18;
    pub(super) const IS_REGISTERED: u32 = 19;
    pub(super) const UNREGISTER: u32 = 20;
    pub(super) const REPORT: u32 = 21;
    pub(super) const COUNTS: u32 = 22;
}

/// The view of a script without a scope.
const ROOT: u32 = 0;

/// A view that scripts use.
struct Used {
    view: View,
    /// The micro-frontend it belongs to.
    scope: Option<Scope>,
    /// The snapshot that was given last, and what it was made of.
    snapshot: RefCell<(Option<Basis>, JsValue)>,
    metadata: RefCell<(Option<u64>, JsValue)>,
}

/// What decides what is in a snapshot: the version, the labels, the rules and the registry.
type Basis = (u64, u64, u64);

pub(super) struct Port {
    store: Store,
    fence: Fence,
    next: Cell<u32>,
    views: RefCell<BTreeMap<u32, Rc<Used>>>,
    /// With the view that each is of.
    subscriptions: RefCell<BTreeMap<u32, (u32, Subscription)>>,
    registry: RefCell<JsValue>,
    this: Weak<Self>,
}

impl Port {
    pub(super) fn new(store: &Store) -> Rc<Self> {
        let port = Rc::new_cyclic(|this| Self {
            store: store.clone(),
            fence: Fence::default(),
            next: Cell::new(ROOT + 1),
            views: RefCell::default(),
            subscriptions: RefCell::default(),
            registry: RefCell::new(JsValue::UNDEFINED),
            this: Weak::clone(this),
        });
        let stamp = Stamp {
            origin: Origin::Page,
            ..Stamp::LOCAL
        };
        port.use_view(ROOT, store.view(), stamp, None);
        port
    }

    /// Ends what scripts have begun here. What they stored in shared keys stays.
    pub(super) fn close(&self) {
        // Dropped when nothing is borrowed: the end of a scope is told to listeners.
        let subscriptions = self.subscriptions.take();
        let views = self.views.take();
        drop((subscriptions, views));
    }

    /// Answers a question, of the list in `page.js`.
    pub(super) fn answer(
        &self,
        view: u32,
        what: u32,
        a: &JsValue,
        b: &JsValue,
        c: &JsValue,
    ) -> Result<JsValue, JsValue> {
        let used = self.views.borrow().get(&view).cloned();
        let Some(used) = used else {
            // Its micro-frontend has left, with all that it had.
            return match what {
                ask::UNSUBSCRIBE => Ok(JsValue::UNDEFINED),
                ask::IS_REGISTERED => Ok(JsValue::FALSE),
                _ => Err(thrown(&StateError::UnknownMfe { id: String::new() })),
            };
        };
        if what == ask::BATCH {
            return batch(&used.source(b), a);
        }
        // Nothing that a script reads is what an effect in here depends on.
        untrack(|| self.reply(view, &used, what, a, b, c)).map_err(|error| thrown(&error))
    }

    fn reply(
        &self,
        id: u32,
        used: &Used,
        what: u32,
        a: &JsValue,
        b: &JsValue,
        c: &JsValue,
    ) -> Result<JsValue, StateError> {
        let text = |value: &JsValue| value.as_string().unwrap_or_default();
        let view = &used.view;
        Ok(match what {
            ask::GET => self.get(view, &text(a))?,
            ask::HAS => match shown(view.try_get_value(&text(a)))? {
                Some(_) => JsValue::TRUE,
                None => JsValue::FALSE,
            },
            ask::KEYS => keys(view),
            ask::SNAPSHOT => self.snapshot(used)?,
            ask::METADATA => self.metadata(used),
            ask::SET => {
                let json = parse(&text(b))?;
                used.source(c).set_json(&text(a), json)?;
                JsValue::UNDEFINED
            }
            ask::DELETE => used.source(b).delete(&text(a))?.into(),
            ask::CLEAR => {
                replace(&used.source(a), &serde_json::Map::new(), true)?;
                JsValue::UNDEFINED
            }
            ask::RESTORE => {
                self.restore(used, &parse(&text(a))?, b.is_truthy())?;
                JsValue::UNDEFINED
            }
            ask::SUBSCRIBE => self.subscribe(id, view, a, b, c)?,
            ask::UNSUBSCRIBE => {
                let ended = a.as_f64().and_then(|id| {
                    let mut subscriptions = self.subscriptions.borrow_mut();
                    subscriptions.remove(&(id as u32))
                });
                drop(ended);
                JsValue::UNDEFINED
            }
            ask::FLUSH => {
                view.flush();
                JsValue::UNDEFINED
            }
            ask::ENGINE => JsValue::from_str(self.store.engine().name()),
            ask::MFES => self.mfes(&view.mfes()),
            ask::SUBSCRIBE_MFES => self.subscribe_mfes(a, b)?,
            ask::SCOPE => self.scope(&text(a), &text(b), &text(c))?,
            ask::SHARED | ask::PEER => match &used.scope {
                Some(scope) => {
                    let peer = text(a);
                    let view = match what {
                        ask::SHARED => scope.shared(),
                        _ => scope.peer(&peer),
                    };
                    let id = self.number();
                    self.use_view(id, &view, view.stamp.clone(), Some(scope.clone()));
                    id.into()
                }
                None => JsValue::UNDEFINED,
            },
            ask::IS_REGISTERED => used.scope.as_ref().is_some_and(Scope::is_registered).into(),
            ask::UNREGISTER => {
                if let Some(scope) = &used.scope {
                    scope.unregister()?;
                    self.leave(scope);
                }
                JsValue::UNDEFINED
            }
            ask::REPORT => {
                let reason = text(a);
                let subject = "the page, called at once".to_owned();
                self.store.report(&StateError::Listener { subject, reason });
                JsValue::UNDEFINED
            }
            ask::COUNTS => {
                // What only keeps the last snapshot is given up with it.
                drop(self.store.snapshot());
                let count = |count: usize| number(count as u64).into();
                script::object([
                    ("listeners", count(self.store.listener_count())),
                    ("slots", count(self.store.slot_count())),
                ])
            }
            _ => JsValue::UNDEFINED,
        })
    }

    /// Puts the state of a view into that of a snapshot.
    fn restore(&self, used: &Used, snapshot: &Json, replaces: bool) -> Result<(), StateError> {
        let Json::Object(snapshot) = snapshot else {
            return Ok(());
        };
        let restorer = View {
            stamp: Stamp {
                origin: Origin::Restore,
                source: used.view.stamp.source.clone(),
            },
            ..used.view.clone()
        };
        replace(&restorer, snapshot, replaces)
    }

    fn scope(&self, id: &str, framework: &str, version: &str) -> Result<JsValue, StateError> {
        // Those whose scopes were ended by others.
        let gone: Vec<Scope> = {
            let views = self.views.borrow();
            let scopes = views.values().filter_map(|used| used.scope.clone());
            scopes.filter(|scope| !scope.is_registered()).collect()
        };
        gone.iter().for_each(|scope| self.leave(scope));
        let scope = self
            .store
            .register_mfe(MfeInfo::new(id, framework, version))?;
        let number = self.number();
        let stamp = scope.view().stamp.clone();
        self.use_view(number, scope.view(), stamp, Some(scope.clone()));
        Ok(number.into())
    }

    fn use_view(&self, id: u32, view: &View, stamp: Stamp, scope: Option<Scope>) {
        let view = View {
            inner: Arc::clone(&view.inner),
            gate: Some(Arc::new(PageGate {
                scope: view.gate.clone(),
            })),
            stamp,
        };
        let used = Used {
            view,
            scope,
            snapshot: RefCell::new((None, JsValue::UNDEFINED)),
            metadata: RefCell::new((None, JsValue::UNDEFINED)),
        };
        self.views.borrow_mut().insert(id, Rc::new(used));
    }

    /// Forgets what belonged to a scope that is unregistered.
    fn leave(&self, scope: &Scope) {
        let is_of_scope = |used: &Used| {
            let other = used.scope.as_ref().map(Scope::info);
            other.is_some_and(|other| std::ptr::eq(other, scope.info()))
        };
        // Dropped when nothing is borrowed.
        let (views, kept): (BTreeMap<_, _>, _) = self
            .views
            .take()
            .into_iter()
            .partition(|(_, used)| is_of_scope(used));
        *self.views.borrow_mut() = kept;
        let (subscriptions, kept): (BTreeMap<_, _>, _) = self
            .subscriptions
            .take()
            .into_iter()
            .partition(|(_, (view, _))| views.contains_key(view));
        *self.subscriptions.borrow_mut() = kept;
        drop((views, subscriptions));
    }

    fn number(&self) -> u32 {
        self.next.replace(self.next.get().wrapping_add(1).max(1))
    }
}

impl Used {
    /// The view under the source that a script gave.
    fn source(&self, source: &JsValue) -> View {
        match source.as_string() {
            Some(source) => self.view.with_source(&source),
            None => self.view.clone(),
        }
    }
}

fn parse(text: &str) -> Result<Json, StateError> {
    crate::json::read(text).map_err(|error| StateError::Json {
        reason: error.to_string(),
    })
}

/// Sets the keys of a snapshot and, if it replaces, removes the others that the view shows. Computed
/// keys stay as they are.
fn replace(
    view: &View,
    snapshot: &serde_json::Map<String, Json>,
    replaces: bool,
) -> Result<(), StateError> {
    let unless_computed = |written: Result<(), StateError>| match written {
        Err(StateError::ReadOnly { .. }) => Ok(()),
        written => written,
    };
    view.batch(|view| {
        for (key, json) in snapshot {
            unless_computed(view.set_value(key, Value::from_json(json.clone())))?;
        }
        let others = view
            .keys()
            .into_iter()
            .filter(|key| !snapshot.contains_key(key));
        for key in others.filter(|_| replaces) {
            unless_computed(view.delete(&key).map(drop))?;
        }
        Ok(())
    })
}

/// Runs a script's function in a batch. What it throws undoes the batch, and is thrown on.
fn batch(view: &View, run: &JsValue) -> Result<JsValue, JsValue> {
    let run = Function::from(run.clone());
    let mut error = None;
    let done = view.batch(|_| {
        run.call0(&JsValue::UNDEFINED).map_err(|thrown| {
            error = Some(thrown);
            StateError::abort("its function threw")
        })
    });
    match (done, error) {
        (_, Some(error)) => Err(error),
        (Err(error), None) => Err(thrown(&error)),
        (Ok(_), None) => Ok(JsValue::UNDEFINED),
    }
}
