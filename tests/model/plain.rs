//! The plain model: a sorted map, two counters, and for each listener a rule of when it is called.

use super::op::*;
use std::collections::BTreeMap;
use universal_state::{Access, Delivery, EngineKind, Restore};

/// What a step came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Ret {
    Done,
    Was(bool),
    Int(Option<i64>),
    Content(Option<Val>),
}

/// Why it failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Fail {
    Type,
    Vetoed,
    UnknownMfe,
    Denied,
    MfeTaken,
    Reentrant,
    Aborted,
    Other(String),
}

pub type Outcome = Result<Ret, Fail>;
pub type State = BTreeMap<String, Val>;

/// Who writes: source and origin.
#[derive(Clone, Debug, PartialEq, PartialOrd, Eq, Ord)]
pub struct By {
    pub source: String,
    pub origin: String,
}

impl By {
    fn of(door: Door) -> Self {
        let (source, origin) = match door {
            Door::Store => ("unknown", "local".to_owned()),
            Door::Source => ("src", "local".to_owned()),
            Door::Own(m) | Door::Shared(m) | Door::Peer(m) => (IDS[m], format!("mfe:{}", IDS[m])),
        };
        Self {
            source: source.to_owned(),
            origin,
        }
    }
}

/// A change as a listener sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub key: String,
    pub old: Option<Val>,
    pub new: Option<Val>,
    pub version: u64,
    pub by: By,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    Key(Option<i64>, Seen),
    Set(Vec<Seen>),
    Computed(i64),
}

#[derive(Clone, Debug)]
struct Changed {
    seen: Seen,
    /// The transaction that wrote last, and the first one that is told of with it.
    at: u64,
    since: u64,
}

#[derive(Clone, Debug)]
struct Write {
    key: String,
    new: Option<Val>,
    by: By,
}

#[derive(Clone, Debug)]
struct Draft {
    writes: Vec<Write>,
    ordered: bool,
}

#[derive(Clone, Debug)]
pub struct Listener {
    wish: Wish,
    /// The full names, for listeners of keys.
    names: Vec<String>,
    since: u64,
    /// The value that the listener of a computed value knows.
    told: i64,
}

#[derive(Clone, Debug)]
struct Held {
    door: Door,
    name: String,
    registration: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Model {
    pub engine: EngineKind,
    pub state: State,
    pub version: u64,
    pub update_count: u64,
    /// Who may have written last: several only where the order is not promised.
    pub sources: Vec<String>,
    pub denied: u64,
    /// The registration that the scope at hand belongs to, and the one that is in force.
    pub scopes: [Option<u64>; 2],
    pub registered: [Option<u64>; 2],
    registrations: u64,
    read_only: bool,
    guard: bool,
    draft: Option<Draft>,
    flush_after_batch: bool,
    pending: Vec<Changed>,
    pending_ordered: bool,
    pub listeners: BTreeMap<usize, Listener>,
    subscribed: usize,
    handles: Vec<Held>,
    pub snapshots: Vec<(Door, State)>,
    /// What listeners were called with since it was last taken.
    pub calls: Vec<(usize, Call)>,
    pub reports: Vec<String>,
    /// Whether the order within `calls` is promised.
    pub ordered: bool,
}

pub fn pattern_matches(pattern: usize, key: &str) -> bool {
    match pattern {
        0 => key == "row:1",
        1 => !key.contains('/'),
        2 => ["@m/a", "@m/b", "@m/row:1"].contains(&key),
        3 => true,
        _ => key.starts_with("@m") && key.ends_with('a'),
    }
}

fn int(state: &State, key: &str) -> i64 {
    match state.get(key) {
        Some(Val::Int(n)) => *n,
        _ => 0,
    }
}

pub fn as_int(content: Option<&Val>) -> Result<Option<i64>, Fail> {
    match content {
        None => Ok(None),
        Some(Val::Int(n)) => Ok(Some(*n)),
        Some(_) => Err(Fail::Type),
    }
}

fn computed(state: &State, which: usize) -> i64 {
    let (a, b) = (int(state, "a"), int(state, "b"));
    match which {
        0 => a + b,
        1 if a % 2 != 0 => b,
        1 => 10,
        2 => state.len() as i64,
        3 => state.keys().map(|key| int(state, key)).sum(),
        _ => (a + b).rem_euclid(2),
    }
}

impl Model {
    pub fn new(engine: EngineKind) -> Self {
        Self {
            engine,
            state: State::new(),
            version: 0,
            update_count: 0,
            sources: vec!["unknown".to_owned()],
            denied: 0,
            scopes: [None; 2],
            registered: [None; 2],
            registrations: 0,
            read_only: false,
            guard: false,
            draft: None,
            flush_after_batch: false,
            pending: Vec::new(),
            pending_ordered: true,
            listeners: BTreeMap::new(),
            subscribed: 0,
            handles: Vec::new(),
            snapshots: Vec::new(),
            calls: Vec::new(),
            reports: Vec::new(),
            ordered: true,
        }
    }

    /// The state with what the open batch wrote.
    pub fn content(&self) -> State {
        let mut state = self.state.clone();
        for write in self.draft.iter().flat_map(|draft| &draft.writes) {
            match &write.new {
                Some(val) => drop(state.insert(write.key.clone(), val.clone())),
                None => drop(state.remove(&write.key)),
            }
        }
        state
    }

    /// Whether there is anyone to use the door.
    fn open(&self, door: Door) -> bool {
        door.mfe().is_none_or(|m| self.scopes[m].is_some())
    }

    fn is_registered(&self, m: usize, registration: Option<u64>) -> Result<(), Fail> {
        if registration.is_some() && self.registered[m] == registration {
            return Ok(());
        }
        Err(Fail::UnknownMfe)
    }

    /// Whether the micro-frontend at a door is still there.
    fn is_there(&self, door: Door) -> Result<(), Fail> {
        let Some(m) = door.mfe() else { return Ok(()) };
        self.is_registered(m, self.scopes[m])
    }

    fn batch_at(
        &mut self,
        door: Door,
        f: impl FnOnce(&mut Self) -> Result<(), Fail>,
    ) -> Result<(), Fail> {
        self.is_there(door)?;
        self.batch(f)
    }

    fn allow(&mut self, door: Door, registration: Option<u64>, access: Access) -> Result<(), Fail> {
        let Some(m) = door.mfe() else { return Ok(()) };
        self.is_registered(m, registration)?;
        let denied = match door {
            Door::Shared(_) => self.read_only && access == Access::Write,
            Door::Peer(_) => true,
            _ => false,
        };
        if denied {
            self.denied += 1;
            self.reports.push("Denied".to_owned());
            return Err(Fail::Denied);
        }
        Ok(())
    }

    /// The full name of what a door calls `name`.
    fn name_at(door: Door, name: &str) -> String {
        match door {
            Door::Own(m) => format!("{}{name}", NAMESPACES[m]),
            Door::Peer(m) => format!("{}{name}", NAMESPACES[1 - m]),
            _ => name.to_owned(),
        }
    }

    fn resolve(&mut self, door: Door, name: &str, access: Access) -> Result<String, Fail> {
        let registration = door.mfe().and_then(|m| self.scopes[m]);
        self.allow(door, registration, access)?;
        Ok(Self::name_at(door, name))
    }

    /// What a door calls a key, if it shows it.
    pub fn shown<'k>(&self, door: Door, key: &'k str) -> Option<&'k str> {
        self.is_there(door).ok()?;
        Self::own_name(door, key)
    }

    fn own_name(door: Door, key: &str) -> Option<&str> {
        match door {
            Door::Store | Door::Source => Some(key),
            Door::Own(m) => key.strip_prefix(NAMESPACES[m]),
            Door::Shared(_) => (!key.starts_with('@')).then_some(key),
            Door::Peer(_) => None,
        }
    }

    /// A namespace that nobody owns takes no values from the store's own handle.
    fn is_owned(&self, key: &str) -> Result<(), Fail> {
        let unowned = |m: usize| key.starts_with(NAMESPACES[m]) && self.registered[m].is_none();
        if (0..IDS.len()).any(unowned) {
            return Err(Fail::UnknownMfe);
        }
        Ok(())
    }

    fn put(&mut self, key: &str, action: &Action, by: By) -> Outcome {
        let old = self.content().get(key).cloned();
        let (new, ret) = match action {
            Action::Set(val, _) => (Some(val.clone()), Ret::Done),
            Action::Update(add) => {
                let new = as_int(old.as_ref())?.map(|n| Val::Int(n + add));
                (new, Ret::Was(old.is_some()))
            }
            Action::UpdateOr(default, add) => {
                let start = as_int(old.as_ref())?.unwrap_or(*default);
                (Some(Val::Int(start + add)), Ret::Done)
            }
            Action::Delete => (None, Ret::Was(old.is_some())),
        };
        let key = key.to_owned();
        self.write(Write { key, new, by })?;
        Ok(ret)
    }

    fn write(&mut self, write: Write) -> Result<(), Fail> {
        let Some(draft) = &mut self.draft else {
            return self.commit(Draft {
                writes: vec![write],
                ordered: true,
            });
        };
        match draft.writes.iter_mut().find(|other| other.key == write.key) {
            Some(other) => *other = write,
            None => draft.writes.push(write),
        }
        Ok(())
    }

    fn put_at(&mut self, door: Door, name: &str, action: &Action, by: By) -> Outcome {
        let key = self.resolve(door, name, Access::Write)?;
        if by.origin == "local" && !matches!(action, Action::Delete) {
            self.is_owned(&key)?;
        }
        self.put(&key, action, by)
    }

    fn batch(&mut self, f: impl FnOnce(&mut Self) -> Result<(), Fail>) -> Result<(), Fail> {
        if let Some(draft) = &self.draft {
            let before = draft.clone();
            let result = f(self);
            if result.is_err() {
                self.draft = Some(before);
            }
            return result;
        }
        self.draft = Some(Draft {
            writes: Vec::new(),
            ordered: true,
        });
        let result = f(self);
        let draft = self.draft.take().expect("the outermost batch ends once");
        let result = result.and_then(|()| self.commit(draft));
        if std::mem::take(&mut self.flush_after_batch) {
            self.flush();
        }
        result
    }

    fn commit(&mut self, draft: Draft) -> Result<(), Fail> {
        let mut changes = Vec::new();
        for Write { key, new, by } in draft.writes {
            let old = self.state.get(&key).cloned();
            changes.push((key, old, new, by));
        }
        changes.retain(|(_, old, new, _)| old != new);
        if self.guard {
            for (_, old, new, _) in &mut changes {
                match (&old, &new) {
                    (_, Some(Val::Int(UNLUCKY))) | (Some(Val::Int(KEPT)), None) => {
                        return Err(Fail::Vetoed);
                    }
                    (_, Some(Val::Int(NEGATIVE))) => *new = Some(Val::Int(0)),
                    _ => {}
                }
            }
            changes.retain(|(_, old, new, _)| old != new);
        }
        if changes.is_empty() {
            return Ok(());
        }
        self.sources = changes.iter().map(|(.., by)| by.source.clone()).collect();
        if draft.ordered {
            self.sources.drain(..changes.len() - 1);
        }
        self.version += 1;
        self.update_count += changes.len() as u64;
        let mut told = Vec::new();
        for (key, old, new, by) in changes {
            match &new {
                Some(val) => drop(self.state.insert(key.clone(), val.clone())),
                None => drop(self.state.remove(&key)),
            }
            told.push(Changed {
                seen: Seen {
                    key,
                    old,
                    new,
                    version: self.version,
                    by,
                },
                at: self.version,
                since: self.version,
            });
        }
        if self.engine == EngineKind::Map {
            self.tell(&told, None, draft.ordered);
            return Ok(());
        }
        let waits = |listener: &Listener| listener.wish.delivery == Delivery::Batched;
        if self.listeners.values().any(waits) {
            for changed in &told {
                let known = self
                    .pending
                    .iter_mut()
                    .find(|known| known.seen.key == changed.seen.key);
                match known {
                    Some(known) => {
                        let old = known.seen.old.take();
                        known.seen = changed.seen.clone();
                        known.seen.old = old;
                        known.at = changed.at;
                    }
                    None => self.pending.push(changed.clone()),
                }
            }
            self.pending_ordered &= draft.ordered;
        }
        self.tell(&told, Some(Delivery::Sync), draft.ordered);
        Ok(())
    }

    fn flush(&mut self) {
        if self.draft.is_some() {
            self.flush_after_batch = true;
            return;
        }
        let pending = std::mem::take(&mut self.pending);
        let ordered = std::mem::replace(&mut self.pending_ordered, true);
        self.tell(&pending, Some(Delivery::Batched), ordered);
    }

    /// Calls listeners: of keys, then of several keys, patterns and computed values, then of all.
    fn tell(&mut self, changes: &[Changed], audience: Option<Delivery>, ordered: bool) {
        self.ordered &= ordered;
        let listeners: Vec<(usize, Listener)> = self
            .listeners
            .iter()
            .map(|(id, listener)| (*id, listener.clone()))
            .filter(|(_, listener)| audience.is_none_or(|d| d == listener.wish.delivery))
            .collect();
        // A key that ended where it began is news only to those who came in between.
        let news = |listener: &Listener, changed: &Changed| {
            let restored = changed.seen.old == changed.seen.new;
            listener.since < changed.at && (!restored || listener.since >= changed.since)
        };
        for changed in changes {
            for (id, listener) in &listeners {
                let named = listener.names.contains(&changed.seen.key);
                if matches!(listener.wish.subject, Subject::Key(_))
                    && named
                    && news(listener, changed)
                {
                    self.call_key(*id, listener.wish, changed.seen.clone());
                }
            }
        }
        for last in [false, true] {
            for (id, listener) in &listeners {
                let is_last = match listener.wish.subject {
                    Subject::Key(_) => continue,
                    Subject::All => true,
                    Subject::Computed(which) => {
                        listener.wish.door.mfe().is_none() && [2, 3].contains(&which)
                    }
                    Subject::Keys(..) | Subject::Pattern(_) => false,
                };
                if is_last != last {
                    continue;
                }
                if let Subject::Computed(which) = listener.wish.subject {
                    self.call_computed(*id, listener.wish, which, false);
                    continue;
                }
                let seen: Vec<Seen> = changes
                    .iter()
                    .filter(|changed| news(listener, changed))
                    .map(|changed| changed.seen.clone())
                    .filter(|seen| Self::covers(listener, &seen.key))
                    .collect();
                self.call_set(*id, listener.wish, seen);
            }
        }
    }

    fn covers(listener: &Listener, key: &str) -> bool {
        let listed = match listener.wish.subject {
            Subject::Pattern(pattern) => pattern_matches(pattern, key),
            Subject::All => true,
            _ => listener.names.iter().any(|name| name == key),
        };
        listed && Self::own_name(listener.wish.door, key).is_some()
    }

    fn call(&mut self, id: usize, wish: Wish, call: Call) {
        self.calls.push((id, call));
        if wish.fails {
            self.reports.push("Listener".to_owned());
        }
    }

    fn call_key(&mut self, id: usize, wish: Wish, seen: Seen) {
        let value = as_int(seen.new.as_ref()).unwrap_or_else(|_| {
            self.reports.push("Type".to_owned());
            None
        });
        self.call(id, wish, Call::Key(value, seen));
    }

    fn call_set(&mut self, id: usize, wish: Wish, seen: Vec<Seen>) {
        if !seen.is_empty() {
            self.call(id, wish, Call::Set(seen));
        }
    }

    fn call_computed(&mut self, id: usize, wish: Wish, which: usize, always: bool) {
        let value = self.computed_at(wish.door, which);
        let Some(listener) = self.listeners.get_mut(&id) else {
            return;
        };
        let known = std::mem::replace(&mut listener.told, value);
        if always || known != value {
            self.call(id, wish, Call::Computed(value));
        }
    }

    fn computed_at(&self, door: Door, which: usize) -> i64 {
        let state = self.content();
        match door.mfe() {
            None => computed(&state, which),
            Some(m) if self.is_registered(m, self.scopes[m]).is_ok() => {
                int(&state, &format!("{}a", NAMESPACES[m]))
            }
            Some(_) => 0,
        }
    }

    fn restore(&mut self, at: usize, mode: Restore) -> Result<(), Fail> {
        let (door, snapshot) = self.snapshots[at].clone();
        let by = By {
            origin: "restore".to_owned(),
            ..By::of(door)
        };
        self.batch_at(door, |model| {
            model.unordered();
            for (name, val) in &snapshot {
                let action = Action::Set(val.clone(), Form::Typed);
                model.put_at(door, name, &action, by.clone())?;
            }
            if mode == Restore::Merge {
                return Ok(());
            }
            for key in model.content().keys() {
                match model.shown(door, key) {
                    Some(name) if !snapshot.contains_key(name) => {
                        model.put_at(door, name, &Action::Delete, by.clone())?;
                    }
                    _ => {}
                }
            }
            Ok(())
        })
    }

    /// The order in which a clear or a restore writes is nobody's business.
    fn unordered(&mut self) {
        if let Some(draft) = &mut self.draft {
            draft.ordered = false;
        }
    }

    pub fn step(&mut self, step: &Step, outcomes: &mut Vec<Outcome>) {
        match step {
            Step::Write(door, place, action) if self.open(*door) => {
                outcomes.push(self.put_at(*door, &place.at(*door), action, By::of(*door)));
            }
            Step::SetMany(door, entries) if self.open(*door) => {
                let result = self.batch_at(*door, |model| {
                    for (place, val) in entries {
                        let action = Action::Set(val.clone(), Form::Typed);
                        model.put_at(*door, &place.at(*door), &action, By::of(*door))?;
                    }
                    Ok(())
                });
                outcomes.push(result.map(|()| Ret::Done));
            }
            Step::Clear(door) if self.open(*door) => {
                let result = self.batch_at(*door, |model| {
                    model.unordered();
                    for key in model.content().keys() {
                        if let Some(name) = model.shown(*door, key) {
                            model.put_at(*door, name, &Action::Delete, By::of(*door))?;
                        }
                    }
                    Ok(())
                });
                outcomes.push(result.map(|()| Ret::Done));
            }
            Step::Restore(at, mode) if !self.snapshots.is_empty() => {
                let at = at % self.snapshots.len();
                if self.open(self.snapshots[at].0) {
                    outcomes.push(self.restore(at, *mode).map(|()| Ret::Done));
                }
            }
            Step::Read(door, place) if self.open(*door) => {
                let name = place.at(*door);
                for as_stored in [false, true] {
                    outcomes.push(self.resolve(*door, &name, Access::Read).and_then(|key| {
                        let content = self.content().get(&key).cloned();
                        match as_stored {
                            true => Ok(Ret::Content(content)),
                            false => as_int(content.as_ref()).map(Ret::Int),
                        }
                    }));
                }
            }
            Step::Computed(which) => {
                let value = computed(&self.content(), *which);
                outcomes.push(Ok(Ret::Int(Some(value))));
            }
            Step::Flush => self.flush(),
            Step::Batch(steps, ok) => {
                let result = self.batch(|model| {
                    for step in steps {
                        model.step(step, outcomes);
                    }
                    if *ok { Ok(()) } else { Err(Fail::Aborted) }
                });
                outcomes.push(result.map(|()| Ret::Done));
            }
            Step::HandleWrite(at, action) if !self.handles.is_empty() => {
                let Held {
                    door,
                    name,
                    registration,
                } = self.handles[at % self.handles.len()].clone();
                let is_owned = match (door.mfe(), action) {
                    (Some(_), _) => self.allow(door, registration, Access::Write),
                    (None, Action::Delete) => Ok(()),
                    (None, _) => self.is_owned(&name),
                };
                outcomes.push(is_owned.and_then(|()| self.put(&name, action, By::of(door))));
            }
            Step::HandleRead(at) if !self.handles.is_empty() => {
                let Held {
                    door,
                    name,
                    registration,
                } = self.handles[at % self.handles.len()].clone();
                let allowed = self.allow(door, registration, Access::Read);
                let read = |()| as_int(self.content().get(&name)).map(Ret::Int);
                outcomes.push(allowed.and_then(read));
            }
            Step::Register(_) | Step::Unregister(_, Leave::Store) if self.draft.is_some() => {
                outcomes.push(Err(Fail::Reentrant));
            }
            Step::Register(m) if self.registered[*m].is_some() => {
                outcomes.push(Err(Fail::MfeTaken));
            }
            Step::Register(m) => {
                self.registrations += 1;
                self.registered[*m] = Some(self.registrations);
                self.scopes[*m] = self.registered[*m];
                outcomes.push(Ok(Ret::Done));
            }
            Step::Unregister(m, leave) => {
                if self.scopes[*m].is_some() && self.draft.is_some() {
                    outcomes.push(Err(Fail::Reentrant));
                } else if self.scopes[*m].is_some() || matches!(leave, Leave::Store) {
                    outcomes.push(self.end(*m).map(|()| Ret::Done));
                }
            }
            _ => {}
        }
    }

    pub fn apply(&mut self, op: &Op) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        match op {
            Op::Do(step) => self.step(step, &mut outcomes),
            Op::Snapshot(door) if self.open(*door) => {
                let shown =
                    |(key, val): (String, Val)| Some((self.shown(*door, &key)?.to_owned(), val));
                let state = self.content().into_iter().filter_map(shown).collect();
                self.snapshots.push((*door, state));
            }
            Op::Subscribe(wish) if self.open(wish.door) => outcomes.push(self.subscribe(*wish)),
            Op::Unsubscribe(at) => {
                let ids: Vec<usize> = self.listeners.keys().copied().collect();
                if !ids.is_empty() {
                    self.listeners.remove(&ids[at % ids.len()]);
                }
            }
            Op::DropScope(m) => {
                if self.end(*m) == Err(Fail::Vetoed) {
                    self.reports.push("Vetoed".to_owned());
                    self.leave(*m);
                }
                self.scopes[*m] = None;
            }
            Op::SharedReadOnly(read_only) => self.read_only = *read_only,
            Op::Guard(guard) => self.guard = *guard,
            Op::Handle(door, place) if self.open(*door) => {
                let resolved = self.resolve(*door, &place.at(*door), Access::Read);
                outcomes.push(resolved.map(|name| {
                    let registration = door.mfe().and_then(|m| self.scopes[m]);
                    self.handles.push(Held {
                        door: *door,
                        name,
                        registration,
                    });
                    Ret::Done
                }));
            }
            Op::DropHandle(at) if !self.handles.is_empty() => {
                self.handles.remove(at % self.handles.len());
            }
            Op::SetEngine(kind) => {
                self.flush();
                self.engine = *kind;
                outcomes.push(Ok(Ret::Done));
            }
            _ => {}
        }
        outcomes
    }

    fn end(&mut self, m: usize) -> Result<(), Fail> {
        if self.registered[m].is_none() {
            return Err(Fail::UnknownMfe);
        }
        let by = By::of(Door::Own(m));
        // It does not hear of its own leaving.
        let is_own = |listener: &Listener| listener.wish.door.mfe() == Some(m);
        let own: Vec<_> = self
            .listeners
            .extract_if(.., |_, listener| is_own(listener))
            .collect();
        let deleted = self.batch(|model| {
            for key in model.content().keys() {
                if key.starts_with(NAMESPACES[m]) {
                    model.put(key, &Action::Delete, by.clone())?;
                }
            }
            Ok(())
        });
        match deleted {
            Ok(_) => self.leave(m),
            Err(_) => self.listeners.extend(own),
        }
        deleted.map(drop)
    }

    fn leave(&mut self, m: usize) {
        self.registered[m] = None;
        self.listeners
            .retain(|_, listener| listener.wish.door.mfe() != Some(m));
    }

    fn subscribe(&mut self, wish: Wish) -> Outcome {
        let mut names = Vec::new();
        let places = match wish.subject {
            Subject::Key(place) => vec![place],
            Subject::Keys(a, b) => vec![a, b],
            _ => Vec::new(),
        };
        for place in &places {
            names.push(self.resolve(wish.door, &place.at(wish.door), Access::Read)?);
        }
        if let (Some(m), true) = (wish.door.mfe(), places.is_empty()) {
            self.is_registered(m, self.scopes[m])?;
        }
        let id = self.subscribed;
        self.subscribed += 1;
        let told = match wish.subject {
            Subject::Computed(which) => self.computed_at(wish.door, which),
            _ => 0,
        };
        let listener = Listener {
            wish,
            names,
            since: self.version,
            told,
        };
        self.listeners.insert(id, listener.clone());
        if wish.immediate {
            let present = |key: &String| Seen {
                key: key.clone(),
                old: None,
                new: self.state.get(key).cloned(),
                version: self.version,
                by: By::of(wish.door),
            };
            match wish.subject {
                Subject::Key(_) => self.call_key(id, wish, present(&listener.names[0])),
                Subject::Computed(which) => self.call_computed(id, wish, which, true),
                _ => {
                    let seen = self
                        .state
                        .keys()
                        .filter(|key| Self::covers(&listener, key))
                        .map(present)
                        .collect();
                    self.call_set(id, wish, seen);
                }
            }
        }
        Ok(Ret::Was(true))
    }
}
