//! [`Port`]: what a handle asks, answered by the store.

use super::{
    fence::{Fence, number},
    gate::PageGate,
    script::{self, describe, thrown},
};
use crate::{
    change::{ChangeSet, Origin, Stamp},
    error::{Access, StateError},
    mfe::{Mfe, MfeInfo, Scope},
    pattern::Pattern,
    store::{Delivery, Store, SubscribeOptions, Subscription, View},
    value::Value,
};
use js_sys::{Array, Function};
use reactive_graph::graph::untrack;
use send_wrapper::SendWrapper;
use serde_json::Value as Json;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::{Rc, Weak},
    sync::Arc,
};
use wasm_bindgen::JsValue;

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
                11 => Ok(JsValue::UNDEFINED),
                19 => Ok(JsValue::FALSE),
                _ => Err(thrown(&StateError::UnknownMfe { id: String::new() })),
            };
        };
        if what == 9 {
            return batch(&used.source(b), a);
        }
        // Nothing that a script reads is what an effect in here depends on.
        untrack(|| self.tell(view, &used, what, a, b, c)).map_err(|error| thrown(&error))
    }

    fn tell(
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
            0 => self.get(view, &text(a))?,
            1 => match shown(view.try_get_value(&text(a)))? {
                Some(_) => JsValue::TRUE,
                None => JsValue::FALSE,
            },
            2 => keys(view),
            3 => self.snapshot(used)?,
            4 => self.metadata(used),
            5 => {
                let json = parse(&text(b))?;
                used.source(c).set_json(&text(a), json)?;
                JsValue::UNDEFINED
            }
            6 => used.source(b).delete(&text(a))?.into(),
            7 => {
                replace(&used.source(a), &serde_json::Map::new(), true)?;
                JsValue::UNDEFINED
            }
            8 => {
                self.restore(used, &parse(&text(a))?, b.is_truthy())?;
                JsValue::UNDEFINED
            }
            10 => self.subscribe(id, view, a, b, c)?,
            11 => {
                let ended = a.as_f64().and_then(|id| {
                    let mut subscriptions = self.subscriptions.borrow_mut();
                    subscriptions.remove(&(id as u32))
                });
                drop(ended);
                JsValue::UNDEFINED
            }
            12 => {
                view.flush();
                JsValue::UNDEFINED
            }
            13 => JsValue::from_str(self.store.engine().name()),
            14 => self.mfes(&view.mfes()),
            15 => self.subscribe_mfes(a, b)?,
            16 => self.scope(&text(a), &text(b), &text(c))?,
            17 | 18 => match &used.scope {
                Some(scope) => {
                    let peer = text(a);
                    let view = match what {
                        17 => scope.shared(),
                        _ => scope.peer(&peer),
                    };
                    let id = self.number();
                    self.use_view(id, &view, view.stamp.clone(), Some(scope.clone()));
                    id.into()
                }
                None => JsValue::UNDEFINED,
            },
            19 => used.scope.as_ref().is_some_and(Scope::is_registered).into(),
            20 => {
                if let Some(scope) = &used.scope {
                    scope.unregister()?;
                    self.leave(scope);
                }
                JsValue::UNDEFINED
            }
            21 => {
                let reason = text(a);
                let subject = "the page, called at once".to_owned();
                self.store.report(&StateError::Listener { subject, reason });
                JsValue::UNDEFINED
            }
            22 => {
                // What only keeps the last snapshot is given up with it.
                drop(self.store.snapshot());
                let entries = Array::new();
                for (name, count) in [
                    ("listeners", self.store.listener_count()),
                    ("slots", self.store.slot_count()),
                ] {
                    entries.push(&JsValue::from_str(name));
                    entries.push(&number(count as u64).into());
                }
                script::collect(&entries, &JsValue::UNDEFINED)
            }
            _ => JsValue::UNDEFINED,
        })
    }

    fn get(&self, view: &View, key: &str) -> Result<JsValue, StateError> {
        let Some(name) = shown(view.full_name(key, Access::Read).map(Some))? else {
            return Ok(JsValue::UNDEFINED);
        };
        match view.try_get_value(key)? {
            Some(value) => self.fence.show(&name, &value, is_in_batch(view)),
            None => Ok(JsValue::UNDEFINED),
        }
    }

    fn snapshot(&self, used: &Used) -> Result<JsValue, StateError> {
        let view = &used.view;
        let inner = &view.inner;
        let (_, rules) = inner.load(&inner.rules);
        let basis = (
            view.metadata().version,
            inner.labels_version(),
            rules.max(inner.load(&inner.registry).1),
        );
        let in_batch = is_in_batch(view);
        let (known, before) = used.snapshot.borrow().clone();
        if known == Some(basis) && !in_batch {
            return Ok(before);
        }
        let snapshot = view.snapshot();
        let entries = Array::new();
        let mut keys: Vec<_> = snapshot.iter().collect();
        keys.sort_unstable_by_key(|(key, _)| *key);
        for (key, value) in keys {
            let name = view.full_name(key, Access::Read)?;
            entries.push(&JsValue::from_str(key));
            entries.push(&self.fence.show(&name, value, in_batch)?);
        }
        let snapshot = script::collect(&entries, &before);
        *used.snapshot.borrow_mut() = (Some(basis).filter(|_| !in_batch), snapshot.clone());
        self.fence.tidy(inner.slots.count(), |key| {
            inner
                .slots
                .find(key)
                .is_some_and(|slot| inner.is_present(&slot))
        });
        Ok(snapshot)
    }

    fn metadata(&self, used: &Used) -> JsValue {
        let metadata = used.view.metadata();
        let (known, before) = used.metadata.borrow().clone();
        if known == Some(metadata.version) {
            return before;
        }
        let entries = Array::new();
        let enter = |name: &str, value: JsValue| {
            entries.push(&JsValue::from_str(name));
            entries.push(&value);
        };
        enter("version", number(metadata.version).into());
        let last_update = metadata
            .last_update
            .map_or(JsValue::NULL, |time| number(time).into());
        enter("lastUpdate", last_update);
        enter("updateCount", number(metadata.update_count).into());
        enter("source", JsValue::from_str(&metadata.source));
        let object = script::collect(&entries, &JsValue::UNDEFINED);
        *used.metadata.borrow_mut() = (Some(metadata.version), object.clone());
        object
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

    fn subscribe(
        &self,
        id: u32,
        view: &View,
        subject: &JsValue,
        listener: &JsValue,
        how: &JsValue,
    ) -> Result<JsValue, StateError> {
        let subject = Array::from(subject);
        let kind = subject.get(0).as_f64().unwrap_or_default();
        let names: Vec<String> = subject.iter().filter_map(|name| name.as_string()).collect();
        let call = self.listener(listener);
        let options = options(how);
        let subscription = match kind as u32 {
            1 => view.subscribe_keys(names, options, call)?,
            2 => view.subscribe_pattern(Pattern::glob(&names.concat())?, options, call)?,
            _ => view.subscribe_all(options, call)?,
        };
        Ok(self.keep(id, subscription))
    }

    /// What calls a script's listener. What it throws is its error.
    fn listener(
        &self,
        listener: &JsValue,
    ) -> impl Fn(&ChangeSet) -> Result<(), String> + Send + Sync + 'static {
        let held = SendWrapper::new((Weak::clone(&self.this), Function::from(listener.clone())));
        move |changes| {
            let (port, listener) = &*held;
            let Some(port) = port.upgrade() else {
                return Ok(());
            };
            let changes = port
                .fence
                .changes(changes)
                .map_err(|error| error.to_string())?;
            let called = listener.call1(&JsValue::UNDEFINED, &changes);
            called.map(drop).map_err(|error| describe(&error))
        }
    }

    fn subscribe_mfes(&self, listener: &JsValue, how: &JsValue) -> Result<JsValue, StateError> {
        let held = SendWrapper::new((Weak::clone(&self.this), Function::from(listener.clone())));
        let call = move |mfes: &[Mfe]| {
            let (port, listener) = &*held;
            let Some(port) = port.upgrade() else { return };
            if let Err(error) = listener.call1(&JsValue::UNDEFINED, &port.mfes(mfes)) {
                port.store.report(&StateError::Listener {
                    subject: "the registry".to_owned(),
                    reason: describe(&error),
                });
            }
        };
        let subscription = self.store.subscribe_mfes(options(how), call)?;
        Ok(self.keep(ROOT, subscription))
    }

    /// The registry: the same array until it changes.
    fn mfes(&self, mfes: &[Mfe]) -> JsValue {
        let described: Vec<Json> = mfes
            .iter()
            .map(
                |Mfe {
                     info,
                     registered_at,
                     failure,
                 }| {
                    let mut mfe = serde_json::json!({
                        "id": info.id,
                        "framework": info.framework,
                        "version": info.version,
                        "registeredAt": registered_at,
                    });
                    if let Some((failure, members)) = failure.as_ref().zip(mfe.as_object_mut()) {
                        members.insert("failure".to_owned(), failure.as_str().into());
                    }
                    mfe
                },
            )
            .collect();
        let before = self.registry.borrow().clone();
        let text = Json::Array(described).to_string();
        let list = script::decode(&text, &before).unwrap_or(before);
        *self.registry.borrow_mut() = list.clone();
        list
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

    fn keep(&self, view: u32, subscription: Subscription) -> JsValue {
        let id = self.number();
        self.subscriptions
            .borrow_mut()
            .insert(id, (view, subscription));
        id.into()
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

/// How a listener is called: the bits of `HOW` in `page.js`.
fn options(how: &JsValue) -> SubscribeOptions {
    let bits = how.as_f64().unwrap_or_default() as u32;
    let delivery = match bits & 1 != 0 {
        true => Delivery::Sync,
        false => Delivery::Batched,
    };
    SubscribeOptions::new()
        .delivery(delivery)
        .immediate(bits & 2 != 0)
}

/// Whether what a view shows may yet be taken back.
fn is_in_batch(view: &View) -> bool {
    view.inner.may_act_at_once().is_err()
}

/// What is secret is not there.
fn shown<T>(read: Result<Option<T>, StateError>) -> Result<Option<T>, StateError> {
    match read {
        Err(StateError::Refused { .. }) => Ok(None),
        read => read,
    }
}

fn parse(text: &str) -> Result<Json, StateError> {
    serde_json::from_str(text).map_err(|error| StateError::Json {
        reason: error.to_string(),
    })
}

fn keys(view: &View) -> JsValue {
    let keys = Array::new();
    for key in view.keys() {
        keys.push(&JsValue::from_str(&key));
    }
    script::list(keys)
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
