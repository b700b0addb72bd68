//! The store, driven by the same operations as the model.

use super::op::*;
use super::plain::{By, Call, Fail, Outcome, Ret, Seen, State};
use std::{
    collections::BTreeMap,
    mem,
    sync::{Arc, Mutex},
};
use universal_state::{
    Change, ChangeSet, Computed, Delivery, EngineKind, Handle, MfeInfo, Middleware, MiddlewareId,
    Pattern, Scope, SharedAccess, Snapshot, StateError, Store, SubscribeOptions, Subscription,
    Transaction, Value, Veto, View,
};

pub type Log<T> = Arc<Mutex<Vec<T>>>;

pub fn take<T>(log: &Log<T>) -> Vec<T> {
    mem::take(&mut *log.lock().expect("no test panics while it logs"))
}

fn note<T>(log: &Log<T>, entry: T) {
    log.lock()
        .expect("no test panics while it logs")
        .push(entry);
}

struct Guard;

impl Middleware for Guard {
    fn name(&self) -> &str {
        "guard"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        for write in transaction.writes_mut() {
            match (write.old::<i64>(), write.new::<i64>()) {
                (_, Some(UNLUCKY)) => return Err(Veto::new("no")),
                (_, Some(NEGATIVE)) => write.replace(0i64),
                (Some(KEPT), _) if write.new_value().is_none() => return Err(Veto::new("no")),
                _ => {}
            }
        }
        Ok(())
    }
}

pub struct Real {
    pub store: Store,
    scopes: [Option<Scope>; 2],
    guard: Option<MiddlewareId>,
    handles: Vec<Handle<i64>>,
    computed: Vec<Computed<i64>>,
    own_computed: [Option<Computed<i64>>; 2],
    pub subscriptions: BTreeMap<usize, Subscription>,
    subscribed: usize,
    pub snapshots: Vec<(Door, Snapshot)>,
    pub calls: Log<(usize, Call)>,
    pub reports: Log<String>,
    /// The exact errors, to be compared between engines.
    pub errors: Vec<StateError>,
}

pub fn fail(error: &StateError) -> Fail {
    match error {
        StateError::Type { .. } => Fail::Type,
        StateError::Vetoed { .. } => Fail::Vetoed,
        StateError::UnknownMfe { .. } => Fail::UnknownMfe,
        StateError::Denied { .. } => Fail::Denied,
        StateError::MfeTaken { .. } => Fail::MfeTaken,
        StateError::Reentrant { .. } => Fail::Reentrant,
        StateError::Aborted { .. } => Fail::Aborted,
        other => Fail::Other(other.to_string()),
    }
}

pub fn val(value: &Value) -> Val {
    let point = || value.to::<Point>().map(|point| Val::Point(point.x));
    let text = || value.to::<String>().map(Val::Text);
    let read = value.to::<i64>().map(Val::Int);
    read.or_else(|_| text())
        .or_else(|_| point())
        .expect("one of the three was written")
}

pub fn seen(change: &Change) -> Seen {
    Seen {
        key: change.key().to_owned(),
        old: change.old_value().map(val),
        new: change.new_value().map(val),
        version: change.version(),
        by: By {
            source: change.source().to_owned(),
            origin: change.origin().to_string(),
        },
    }
}

fn value(val: &Val) -> Value {
    match val {
        Val::Int(n) => Value::new(*n),
        Val::Text(text) => Value::new(text.clone()),
        Val::Point(x) => Value::new(Point { x: *x }),
    }
}

#[cfg(feature = "json")]
fn json(val: &Val) -> serde_json::Value {
    match val {
        Val::Int(n) => (*n).into(),
        Val::Text(text) => text.clone().into(),
        Val::Point(x) => serde_json::json!({ "x": x }),
    }
}

fn set(view: &View, key: &str, val: &Val, form: Form) -> Result<(), StateError> {
    match (form, val) {
        (Form::Typed, Val::Int(n)) => view.set(key, *n),
        (Form::Typed, val) => view.set_value(key, value(val)),
        #[cfg(feature = "json")]
        (Form::Json, val) => view.set_json(key, json(val)),
    }
}

fn int(view: &View, key: &str) -> i64 {
    view.try_get::<i64>(key).ok().flatten().unwrap_or(0)
}

fn pattern(which: usize) -> Pattern {
    let glob = |text| Pattern::glob(text).expect("the globs are valid");
    match which {
        0 => glob("row:*"),
        1 => glob("*"),
        2 => glob("@m/*"),
        3 => glob("**"),
        #[cfg(feature = "regex")]
        _ => Pattern::regex("^@m.*a$").expect("it is valid"),
        #[cfg(not(feature = "regex"))]
        _ => glob("never"),
    }
}

pub fn contents(snapshot: &Snapshot) -> State {
    let entries = snapshot.iter();
    entries
        .map(|(key, value)| (key.to_owned(), val(value)))
        .collect()
}

impl Real {
    pub fn new(engine: EngineKind) -> Self {
        let reports = Log::default();
        let heard = Arc::clone(&reports);
        let store = Store::builder()
            .engine(engine)
            .on_error(move |error| {
                let debug = format!("{error:?}");
                let name = debug.split(' ').next().unwrap_or_default();
                note(&heard, name.to_owned());
            })
            .build();
        let sum = store.computed(|state| int(state, "a") + int(state, "b"));
        let parity = sum.clone();
        let computed = vec![
            sum,
            store.computed(|state| match int(state, "a") % 2 {
                0 => 10,
                _ => int(state, "b"),
            }),
            store.computed(|state| state.len() as i64),
            store.computed(|state| {
                let snapshot = state.snapshot();
                snapshot
                    .iter()
                    .filter_map(|(_, value)| value.to::<i64>().ok())
                    .sum()
            }),
            store.computed(move |_| parity.get().unwrap_or_default().rem_euclid(2)),
        ];
        Self {
            store,
            scopes: [None, None],
            guard: None,
            handles: Vec::new(),
            computed,
            own_computed: [None, None],
            subscriptions: BTreeMap::new(),
            subscribed: 0,
            snapshots: Vec::new(),
            calls: Log::default(),
            reports,
            errors: Vec::new(),
        }
    }

    /// The view of a door, if there is anyone to use it.
    pub fn view(&self, door: Door) -> Option<View> {
        Some(match door {
            Door::Store => self.store.view().clone(),
            Door::Source => self.store.with_source("src"),
            Door::Own(m) => self.scopes[m].as_ref()?.view().clone(),
            Door::Shared(m) => self.scopes[m].as_ref()?.shared(),
            Door::Peer(m) => self.scopes[m].as_ref()?.peer(IDS[1 - m]),
        })
    }

    fn outcome(&mut self, result: Result<Ret, StateError>) -> Outcome {
        result.map_err(|error| {
            let fail = fail(&error);
            self.errors.push(error);
            fail
        })
    }

    fn write(view: &View, key: &str, action: &Action) -> Result<Ret, StateError> {
        match action {
            Action::Set(val, form) => set(view, key, val, *form).map(|()| Ret::Done),
            Action::Update(add) => view.update(key, |n: &mut i64| *n += add).map(Ret::Was),
            Action::UpdateOr(default, add) => view
                .update_or(key, *default, |n: &mut i64| *n += add)
                .map(|()| Ret::Done),
            Action::Delete => view.delete(key).map(Ret::Was),
        }
    }

    fn write_handle(handle: &Handle<i64>, action: &Action) -> Result<Ret, StateError> {
        match action {
            Action::Set(val, _) => {
                let Val::Int(n) = val else {
                    unreachable!("handles write numbers")
                };
                handle.set(*n).map(|()| Ret::Done)
            }
            Action::Update(add) => handle.update(|n| *n += add).map(Ret::Was),
            Action::UpdateOr(default, add) => handle
                .update_or(*default, |n| *n += add)
                .map(|()| Ret::Done),
            Action::Delete => handle.delete().map(Ret::Was),
        }
    }

    fn step(&mut self, step: &Step, outcomes: &mut Vec<Outcome>) {
        match step {
            Step::Write(door, place, action) => {
                let Some(view) = self.view(*door) else { return };
                let result = Self::write(&view, &place.at(*door), action);
                outcomes.push(self.outcome(result));
            }
            Step::SetMany(door, entries) => {
                let Some(view) = self.view(*door) else { return };
                let entries = entries
                    .iter()
                    .map(|(place, val)| (place.at(*door), value(val)));
                let result = view.set_many(entries).map(|()| Ret::Done);
                outcomes.push(self.outcome(result));
            }
            Step::Clear(door) => {
                let Some(view) = self.view(*door) else { return };
                let result = view.clear().map(|()| Ret::Done);
                outcomes.push(self.outcome(result));
            }
            Step::Restore(at, mode) => {
                if self.snapshots.is_empty() {
                    return;
                }
                let (door, snapshot) = self.snapshots[at % self.snapshots.len()].clone();
                let Some(view) = self.view(door) else { return };
                let result = view.restore(&snapshot, *mode).map(|()| Ret::Done);
                outcomes.push(self.outcome(result));
            }
            Step::Read(door, place) => {
                let Some(view) = self.view(*door) else { return };
                let name = place.at(*door);
                let int = view.try_get::<i64>(&name).map(Ret::Int);
                outcomes.push(self.outcome(int));
                let content = view.try_get_value(&name);
                let content = content.map(|content| Ret::Content(content.as_ref().map(val)));
                outcomes.push(self.outcome(content));
            }
            Step::Computed(which) => {
                let value = self.computed[*which].try_get();
                outcomes.push(self.outcome(value.map(|value| Ret::Int(Some(value)))));
            }
            Step::Flush => self.store.flush(),
            Step::Batch(steps, ok) => {
                let store = self.store.clone();
                let result = store.batch(|_| {
                    for step in steps {
                        self.step(step, outcomes);
                    }
                    if *ok {
                        Ok(Ret::Done)
                    } else {
                        Err(StateError::abort("enough"))
                    }
                });
                outcomes.push(self.outcome(result));
            }
            Step::HandleWrite(at, action) => {
                if self.handles.is_empty() {
                    return;
                }
                let handle = &self.handles[at % self.handles.len()];
                let result = Self::write_handle(handle, action);
                outcomes.push(self.outcome(result));
            }
            Step::HandleRead(at) => {
                if self.handles.is_empty() {
                    return;
                }
                let result = self.handles[at % self.handles.len()].try_get();
                outcomes.push(self.outcome(result.map(Ret::Int)));
            }
            Step::Register(m) => {
                let scope = self.store.register_mfe(MfeInfo::new(IDS[*m], "test", "1"));
                let scope = scope.map(|scope| {
                    self.own_computed[*m] = Some(scope.computed(|own| int(own, "a")));
                    self.scopes[*m] = Some(scope);
                    Ret::Done
                });
                outcomes.push(self.outcome(scope));
            }
            Step::Unregister(m, Leave::Scope) => {
                if let Some(scope) = self.scopes[*m].clone() {
                    let result = scope.unregister().map(|()| Ret::Done);
                    outcomes.push(self.outcome(result));
                }
            }
            Step::Unregister(m, Leave::Store) => {
                let result = self.store.unregister_mfe(IDS[*m]).map(|()| Ret::Done);
                outcomes.push(self.outcome(result));
            }
        }
    }

    pub fn apply(&mut self, op: &Op) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        match op {
            Op::Do(step) => self.step(step, &mut outcomes),
            Op::Snapshot(door) => {
                if let Some(view) = self.view(*door) {
                    self.snapshots.push((*door, view.snapshot()));
                }
            }
            Op::Subscribe(wish) => {
                if self.view(wish.door).is_some() {
                    let result = self.subscribe(*wish);
                    outcomes.push(self.outcome(result));
                }
            }
            Op::Unsubscribe(at) => {
                let active = |(id, subscription): (&usize, &Subscription)| {
                    subscription.is_active().then_some(*id)
                };
                let ids: Vec<usize> = self.subscriptions.iter().filter_map(active).collect();
                if !ids.is_empty() {
                    self.subscriptions.remove(&ids[at % ids.len()]);
                }
            }
            Op::DropScope(m) => self.scopes[*m] = None,
            Op::SharedReadOnly(true) => self.store.set_shared_access(SharedAccess::ReadOnly),
            Op::SharedReadOnly(false) => self.store.set_shared_access(SharedAccess::Open),
            Op::Guard(on) => {
                if let Some(id) = self.guard.take() {
                    assert!(self.store.remove_middleware(id));
                }
                self.guard = on.then(|| self.store.add_middleware(Guard));
            }
            Op::Handle(door, place) => {
                if let Some(view) = self.view(*door) {
                    let handle = view.handle::<i64>(place.at(*door));
                    let result = handle.map(|handle| {
                        self.handles.push(handle);
                        Ret::Done
                    });
                    outcomes.push(self.outcome(result));
                }
            }
            Op::DropHandle(at) => {
                if !self.handles.is_empty() {
                    self.handles.remove(at % self.handles.len());
                }
            }
            Op::SetEngine(kind) => {
                let result = self.store.set_engine(*kind).map(|()| Ret::Done);
                outcomes.push(self.outcome(result));
            }
        }
        outcomes
    }

    fn subscribe(&mut self, wish: Wish) -> Result<Ret, StateError> {
        let Some(view) = self.view(wish.door) else {
            return Ok(Ret::Was(false));
        };
        let options = SubscribeOptions::new()
            .delivery(wish.delivery)
            .immediate(wish.immediate);
        let id = self.subscribed;
        let calls = Arc::clone(&self.calls);
        let call = move |call: Call| {
            note(&calls, (id, call));
            if wish.fails {
                Err("on purpose")
            } else {
                Ok(())
            }
        };
        let log = call.clone();
        let set = move |changes: &ChangeSet| log(Call::Set(changes.iter().map(seen).collect()));
        let name = |place: Place| place.at(wish.door);
        let subscription = match wish.subject {
            Subject::Key(place) => view.subscribe_with(
                name(place),
                options,
                move |value: Option<&i64>, change: &Change| {
                    call(Call::Key(value.copied(), seen(change)))
                },
            ),
            Subject::Keys(a, b) => view.subscribe_keys([name(a), name(b)], options, set),
            Subject::Pattern(which) => view.subscribe_pattern(pattern(which), options, set),
            Subject::All => view.subscribe_all(options, set),
            Subject::Computed(which) => {
                let computed = match wish.door.mfe() {
                    None => &self.computed[which],
                    Some(m) => self.own_computed[m]
                        .as_ref()
                        .expect("it comes with the scope"),
                };
                computed.subscribe_with(options, move |value| call(Call::Computed(*value)))
            }
        }?;
        self.subscribed += 1;
        self.subscriptions.insert(id, subscription);
        Ok(Ret::Was(true))
    }

    /// Lets everything go, and says how many keys are still kept track of.
    pub fn let_go(mut self) -> usize {
        self.apply(&Op::Guard(false));
        self.subscriptions.clear();
        self.handles.clear();
        self.scopes = [None, None];
        self.own_computed = [None, None];
        self.computed.clear();
        self.snapshots.clear();
        self.store.clear().expect("nobody is there to refuse it");
        self.store.flush();
        let _ = self.store.snapshot();
        self.store.slot_count()
    }
}

/// Two ways to be told, each of which sees every change.
pub const DELIVERIES: [Delivery; 2] = [Delivery::Batched, Delivery::Sync];
