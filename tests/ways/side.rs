//! One of the two stores, and what can be heard and seen of it.

use super::op::*;
use reactive_graph::effect::ImmediateEffect;
use std::{
    any::type_name,
    collections::BTreeMap,
    mem,
    panic::resume_unwind,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};
use universal_state::{
    Change, ChangeSet, Computed, EngineKind, Handle, MfeInfo, Middleware, Pattern, Scope, Snapshot,
    StateError, StateValue, Store, SubscribeOptions, Subscription, Task, Value, View,
};

/// Lets everything pass; that it is there sends every write the long way.
struct Bystander;

impl Middleware for Bystander {
    fn name(&self) -> &str {
        "bystander"
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    Short,
    Long,
}

/// Handles of one key that are held.
struct Held {
    int: Handle<i32>,
    text: Handle<String>,
}

pub struct Side {
    this: Weak<Side>,
    store: Store,
    scope: Scope,
    sum: Computed<i64>,
    said: Arc<Mutex<Vec<String>>>,
    tasks: Arc<Mutex<Vec<Task>>>,
    subscriptions: Mutex<BTreeMap<usize, Subscription>>,
    subscribed: AtomicUsize,
    held: Mutex<BTreeMap<usize, Held>>,
    snapshots: Mutex<Vec<Snapshot>>,
    effects: Mutex<Vec<ImmediateEffect>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn show(value: &Value) -> String {
    fn of<T: StateValue>(value: &Value, show: impl Fn(&T) -> String) -> Option<String> {
        let is_it = value.type_name() == type_name::<T>();
        is_it.then(|| value.with(show).ok())?
    }
    let shown = of(value, |n: &i32| n.to_string())
        .or_else(|| of(value, |n: &i64| n.to_string()))
        .or_else(|| of(value, |is: &bool| is.to_string()))
        // Zeros and NaNs are told apart.
        .or_else(|| of(value, |n: &f64| format!("{:x}", n.to_bits())))
        .or_else(|| of(value, |text: &String| format!("{text:?}")))
        .or_else(|| of(value, |point: &Point| format!("{point:?}")));
    let shown = shown.expect("only these are written");
    format!("{shown} {}", value.type_name())
}

fn show_one(change: &Change) -> String {
    format!(
        "{} {:?} -> {:?} v{} {} {}",
        change.key(),
        change.old_value().map(show),
        change.new_value().map(show),
        change.version(),
        change.source(),
        change.origin(),
    )
}

fn show_set(changes: &ChangeSet) -> String {
    changes.iter().map(show_one).collect::<Vec<_>>().join("; ")
}

fn show_snapshot(snapshot: &Snapshot) -> String {
    let entries = snapshot.iter();
    let mut entries: Vec<_> = entries
        .map(|(key, value)| format!("{key}={}", show(value)))
        .collect();
    // They come in no particular order.
    entries.sort();
    format!("v{} {entries:?}", snapshot.version())
}

fn int(view: &View, key: &str) -> i64 {
    view.try_get::<i64>(key).ok().flatten().unwrap_or(0)
}

impl Side {
    pub fn new(way: Way, engine: EngineKind, is_scheduled: bool) -> Arc<Self> {
        let said = Arc::new(Mutex::new(Vec::new()));
        let tasks = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&said);
        let mut builder = Store::builder()
            .engine(engine)
            .on_error(move |error| lock(&log).push(format!("reported: {error}")));
        if is_scheduled {
            let (later, log) = (Arc::clone(&tasks), Arc::clone(&said));
            builder = builder.scheduler(move |task| {
                lock(&log).push("scheduled".to_owned());
                lock(&later).push(task);
            });
        }
        let store = builder.build();
        if way == Way::Long {
            store.add_middleware(Bystander);
        }
        let scope = store.register_mfe(MfeInfo::new(MFE, "test", "1"));
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            sum: store.computed(|state| int(state, KEYS[0]) + int(state, KEYS[1])),
            scope: scope.expect("nobody else is registered"),
            store,
            said,
            tasks,
            subscriptions: Mutex::default(),
            subscribed: AtomicUsize::new(0),
            held: Mutex::default(),
            snapshots: Mutex::default(),
            effects: Mutex::default(),
        })
    }

    fn say(&self, what: impl Into<String>) {
        lock(&self.said).push(what.into());
    }

    /// All that was heard and answered since it was last asked for.
    pub fn said(&self) -> Vec<String> {
        mem::take(&mut lock(&self.said))
    }

    /// What can be seen without taking a snapshot, which would end what waits for the next one.
    pub fn seen(&self) -> Vec<String> {
        let (store, metadata) = (&self.store, self.store.metadata());
        let mut seen = vec![
            format!(
                "version {}, {} updates, last by {:?}, was there one: {}",
                metadata.version,
                metadata.update_count,
                metadata.source,
                metadata.last_update.is_some()
            ),
            format!("{} errors, {} keys", store.error_count(), store.len()),
            format!("{} listeners", store.listener_count()),
            format!("{} slots", store.slot_count()),
            format!("{:?}", store.keys()),
            format!("{:?}", store.engine()),
            format!("sum {:?}", self.sum.try_get()),
        ];
        for key in KEYS {
            let value = store
                .try_get_value(key)
                .map(|value| value.as_ref().map(show));
            seen.push(format!("{key}: {} {value:?}", store.has(key)));
        }
        seen
    }

    /// What is in the store, and in every snapshot that is held.
    pub fn kept(&self) -> Vec<String> {
        let now = show_snapshot(&self.store.snapshot());
        let held = lock(&self.snapshots);
        held.iter().map(show_snapshot).chain([now]).collect()
    }

    fn view(&self, door: Door) -> View {
        match door {
            Door::Name | Door::Handle => self.store.view().clone(),
            Door::Source(source) => self.store.with_source(source),
            Door::Mfe => self.scope.shared(),
        }
    }

    /// The handle that is held of a key, or one for the occasion.
    fn handle<T: StateValue>(
        &self,
        key: usize,
        pick: impl Fn(&Held) -> &Handle<T>,
    ) -> Result<Handle<T>, StateError> {
        let held = lock(&self.held).get(&key).map(|held| pick(held).clone());
        held.map_or_else(|| self.store.handle(KEYS[key]), Ok)
    }

    fn set(&self, door: Door, key: usize, val: Val) -> Result<(), StateError> {
        if let (Door::Mfe, "@m/a") = (door, KEYS[key]) {
            return put(self.scope.view(), "a", val);
        }
        match (door, val) {
            (Door::Handle, Val::Int(n)) => self.handle(key, |held| &held.int)?.set(n),
            (Door::Handle, Val::Text(text)) => {
                self.handle(key, |held| &held.text)?.set(text.to_owned())
            }
            _ => put(&self.view(door), KEYS[key], val),
        }
    }

    fn update(&self, door: Door, key: usize, add: i32) -> Result<bool, StateError> {
        let add = |n: &mut i32| *n = n.wrapping_add(add);
        match door {
            Door::Handle => self.handle(key, |held| &held.int)?.update(add),
            _ => self.view(door).update(KEYS[key], add),
        }
    }

    fn delete(&self, door: Door, key: usize) -> Result<bool, StateError> {
        match door {
            Door::Handle => self.handle(key, |held| &held.int)?.delete(),
            _ => self.view(door).delete(KEYS[key]),
        }
    }

    fn get(&self, door: Door, key: usize) -> Result<Option<i32>, StateError> {
        match door {
            Door::Handle => self.handle(key, |held| &held.int)?.try_get(),
            _ => self.view(door).try_get(KEYS[key]),
        }
    }

    fn batch(&self, acts: &[Act], is_kept: bool) -> Result<(), StateError> {
        self.store.batch(|_| {
            acts.iter().for_each(|act| self.act(act));
            match is_kept {
                true => Ok(()),
                false => Err(StateError::abort("enough")),
            }
        })
    }

    /// Does it, and says what came of it.
    pub fn act(&self, act: &Act) {
        let done = match act {
            Act::Set(door, key, val) => format!("{:?}", self.set(*door, *key, *val)),
            Act::Update(door, key, add) => format!("{:?}", self.update(*door, *key, *add)),
            Act::Delete(door, key) => format!("{:?}", self.delete(*door, *key)),
            Act::Get(door, key) => format!("{:?}", self.get(*door, *key)),
            Act::SetMany(entries) => {
                let entries = entries.iter().map(|(key, val)| (KEYS[*key], value(*val)));
                format!("{:?}", self.store.set_many(entries))
            }
            Act::Batch(acts, is_kept) => format!("{:?}", self.batch(acts, *is_kept)),
            Act::Clear => format!("{:?}", self.store.clear()),
            Act::Hold(key) => format!("{:?}", self.hold(*key)),
            Act::LetGo(key) => {
                let held = lock(&self.held).remove(key);
                format!("{}", held.is_some())
            }
            Act::Snapshot => {
                let snapshot = self.store.snapshot();
                let shown = show_snapshot(&snapshot);
                lock(&self.snapshots).push(snapshot);
                shown
            }
            Act::DropSnapshot(at) => format!("{}", pick(&self.snapshots, *at).is_some()),
            Act::Restore(at, mode) => {
                let snapshot = {
                    let held = lock(&self.snapshots);
                    held.get(at % held.len().max(1)).cloned()
                };
                let restored = snapshot.map(|snapshot| self.store.restore(&snapshot, *mode));
                format!("{restored:?}")
            }
            Act::Subscribe(wish) => format!("{:?}", self.subscribe(wish)),
            Act::Unsubscribe(at) => {
                let subscription = {
                    let mut kept = lock(&self.subscriptions);
                    let id = kept.keys().nth(at % kept.len().max(1)).copied();
                    id.and_then(|id| kept.remove(&id))
                };
                format!("{}", subscription.is_some())
            }
            Act::Watch(key, writes) => {
                self.watch(*key, *writes);
                String::new()
            }
            Act::WatchAll => {
                self.watch_all();
                String::new()
            }
            Act::Unwatch(at) => format!("{}", pick(&self.effects, *at).is_some()),
            Act::Flush => {
                self.store.flush();
                String::new()
            }
            Act::EndTurn => {
                let tasks = mem::take(&mut *lock(&self.tasks));
                let count = tasks.len();
                tasks.into_iter().for_each(|task| task());
                format!("{count} tasks")
            }
            Act::SetEngine(kind) => format!("{:?}", self.store.set_engine(*kind)),
        };
        self.say(format!("done: {done}"));
    }

    fn hold(&self, key: usize) -> Result<(), StateError> {
        let held = Held {
            int: self.store.handle(KEYS[key])?,
            text: self.store.handle(KEYS[key])?,
        };
        let replaced = lock(&self.held).insert(key, held);
        drop(replaced);
        Ok(())
    }

    fn watch(&self, key: usize, writes: Option<(usize, Val)>) {
        let runs = AtomicUsize::new(0);
        let this = Weak::clone(&self.this);
        let effect = ImmediateEffect::new(move || {
            if let Some(this) = this.upgrade() {
                let value = this.store.try_get_value(KEYS[key]);
                let value = value.map(|value| value.as_ref().map(show));
                this.say(format!("effect of {}: {value:?}", KEYS[key]));
                // A few times: two effects may write what the other reads.
                if let Some((other, val)) = writes
                    && runs.fetch_add(1, Relaxed) < 4
                {
                    let done = this.set(Door::Name, other, val);
                    this.say(format!("effect of {}: {done:?}", KEYS[key]));
                }
            }
        });
        lock(&self.effects).push(effect);
    }

    fn watch_all(&self) {
        let this = Weak::clone(&self.this);
        let effect = ImmediateEffect::new(move || {
            if let Some(this) = this.upgrade() {
                let (keys, version) = (this.store.keys(), this.store.metadata().version);
                this.say(format!("effect of all: {keys:?} v{version}"));
            }
        });
        lock(&self.effects).push(effect);
    }

    fn subscribe(&self, wish: &Wish) -> Result<(), StateError> {
        let id = self.subscribed.fetch_add(1, Relaxed);
        let options = SubscribeOptions::new()
            .delivery(wish.delivery)
            .immediate(wish.immediate);
        let this = Weak::clone(&self.this);
        let reaction = wish.reaction.clone();
        let times = AtomicUsize::new(0);
        let heard = move |what: String| -> Result<(), String> {
            let Some(this) = this.upgrade() else {
                return Ok(());
            };
            this.say(format!("{id} heard {what}"));
            let Some(reaction) = &reaction else {
                return Ok(());
            };
            if times.fetch_add(1, Relaxed) >= reaction.times {
                return Ok(());
            }
            reaction.does.iter().for_each(|act| this.act(act));
            match reaction.ends {
                Ends::Well => Ok(()),
                Ends::Failing => Err("on purpose".to_owned()),
                // Without the message that a panic prints.
                Ends::Panicking => resume_unwind(Box::new("on purpose")),
            }
        };
        let store = &self.store;
        let set = |heard: &dyn Fn(String) -> Result<(), String>, changes: &ChangeSet| {
            heard(show_set(changes))
        };
        let subscription = match wish.subject {
            Subject::Key => store.subscribe_with(
                KEYS[wish.key],
                options,
                move |value: Option<&i32>, change: &Change| {
                    heard(format!("{value:?} {}", show_one(change)))
                },
            ),
            Subject::Keys => {
                let keys = [KEYS[wish.key], KEYS[(wish.key + 1) % KEYS.len()]];
                store.subscribe_keys(keys, options, move |changes: &ChangeSet| {
                    set(&heard, changes)
                })
            }
            Subject::Pattern(glob) => {
                let pattern = Pattern::glob(glob).expect("the globs are valid");
                store.subscribe_pattern(pattern, options, move |changes: &ChangeSet| {
                    set(&heard, changes)
                })
            }
            Subject::All => {
                store.subscribe_all(options, move |changes: &ChangeSet| set(&heard, changes))
            }
            Subject::Computed => self
                .sum
                .subscribe_with(options, move |sum: &i64| heard(format!("sum {sum}"))),
        }?;
        lock(&self.subscriptions).insert(id, subscription);
        Ok(())
    }
}

fn value(val: Val) -> Value {
    match val {
        Val::Int(n) => Value::new(n),
        Val::Long(n) => Value::new(n),
        Val::Bool(is) => Value::new(is),
        Val::Float(n) => Value::new(n),
        Val::Text(text) => Value::new(text.to_owned()),
        Val::Point(x) => Value::new(Point { x }),
    }
}

fn put(view: &View, key: &str, val: Val) -> Result<(), StateError> {
    match val {
        Val::Int(n) => view.set(key, n),
        Val::Long(n) => view.set(key, n),
        Val::Bool(is) => view.set(key, is),
        Val::Float(n) => view.set(key, n),
        Val::Text(text) => view.set(key, text.to_owned()),
        Val::Point(x) => view.set(key, Point { x }),
    }
}

/// Takes one out.
fn pick<T>(of: &Mutex<Vec<T>>, at: usize) -> Option<T> {
    let mut of = lock(of);
    let count = of.len();
    (count > 0).then(|| of.remove(at % count))
}
