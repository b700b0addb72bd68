//! Pages, their clock, and a backend that does what it is told to.

use std::{
    collections::VecDeque,
    ops::RangeInclusive,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use universal_state::{
    Store,
    edge::{Backend, Edge, EdgeBuilder, Fault, Items, Loaded, Memory, ReplicaId, Storage, Then},
};

/// A time like those of today.
pub const START: u64 = 1_790_000_000_000;
pub const SECOND: u64 = 1_000;
pub const DAY: u64 = 24 * 60 * 60 * SECOND;

/// The wall clock of some pages.
#[derive(Clone)]
pub struct Clock(Arc<AtomicU64>);

impl Clock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(START)))
    }

    pub fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub fn set(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }
}

/// A page: a store with an edge that has storage. Its errors are kept.
pub struct Page {
    pub store: Store,
    pub edge: Edge,
    pub errors: Arc<Mutex<Vec<String>>>,
    clock: Clock,
}

/// The number of the next replica: no two pages are one.
static NEXT: AtomicU64 = AtomicU64::new(1);

impl Page {
    pub fn new(clock: &Clock, storage: Storage) -> Self {
        Self::with(clock, storage, |_| {}, |builder| builder)
    }

    /// A page whose store and edge are set up.
    pub fn with(
        clock: &Clock,
        storage: Storage,
        store: impl FnOnce(&Store),
        builder: impl FnOnce(EdgeBuilder) -> EdgeBuilder,
    ) -> Self {
        let errors: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&errors);
        let own = Store::builder()
            .on_error(move |error| log.lock().unwrap().push(error.to_string()))
            .build();
        store(&own);
        let now = clock.clone();
        let edge = Edge::builder("app")
            .replica(ReplicaId::new(NEXT.fetch_add(1, Ordering::Relaxed)))
            .clock(move || now.now())
            .storage(storage);
        let edge = builder(edge).attach(&own).unwrap();
        Self {
            store: own,
            edge,
            errors,
            clock: clock.clone(),
        }
    }

    pub fn get(&self, key: &str) -> Option<i64> {
        self.store.get(key)
    }

    pub fn set(&self, key: &str, value: i64) {
        self.store.set(key, value).unwrap();
    }

    /// Lets time pass, and does what is due when it is.
    pub fn wait(&self, ms: u64) {
        self.wait_with(ms, || {});
    }

    /// The same, with answers that come between.
    pub fn wait_with(&self, ms: u64, mut answer: impl FnMut()) {
        let end = self.clock.now() + ms;
        for _ in 0..100_000 {
            let next = self.edge.poll();
            answer();
            match next {
                Some(next) if next <= end => self.clock.set(next.max(self.clock.now() + 1)),
                _ => break,
            }
        }
        self.clock.set(end);
        self.edge.poll();
        answer();
    }

    pub fn errors(&self) -> Vec<String> {
        std::mem::take(&mut *self.errors.lock().unwrap())
    }
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Access itself is denied.
    Denied,
    /// Each call fails.
    Fails,
    /// Nothing can be added.
    Quota,
    /// What is written in one call is stored as far as the first item.
    Half,
    /// Writes do nothing, and say that all is well.
    Dropped,
    /// Somebody else clears everything just before.
    Cleared,
    /// The answer never comes.
    Silent,
    /// The answer does not fit the question.
    Nonsense,
    /// It panics.
    Panics,
}

impl Wrong {
    pub const ALL: [Self; 9] = [
        Self::Denied,
        Self::Fails,
        Self::Quota,
        Self::Half,
        Self::Dropped,
        Self::Cleared,
        Self::Silent,
        Self::Nonsense,
        Self::Panics,
    ];
}

/// A backend that goes wrong when it is told to, and answers at once or later.
#[derive(Clone)]
pub struct Faulty(Arc<Inner>);

struct Inner {
    memory: Memory,
    is_slow: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    wrong: Option<(Wrong, RangeInclusive<usize>)>,
    calls: Vec<String>,
    answers: VecDeque<Box<dyn FnOnce() + Send>>,
}

impl Faulty {
    pub fn new(memory: &Memory) -> Self {
        Self::on(memory, false)
    }

    /// One whose answers wait for [`Faulty::answer`].
    pub fn slow(memory: &Memory) -> Self {
        Self::on(memory, true)
    }

    pub fn on(memory: &Memory, is_slow: bool) -> Self {
        Self(Arc::new(Inner {
            memory: memory.clone(),
            is_slow,
            state: Mutex::default(),
        }))
    }

    /// Goes wrong in these calls, counted from 0.
    pub fn go_wrong(&self, how: Wrong, calls: RangeInclusive<usize>) {
        self.0.state.lock().unwrap().wrong = Some((how, calls));
    }

    /// Goes wrong from now on.
    pub fn break_down(&self, how: Wrong) {
        let from = self.calls();
        self.go_wrong(how, from..=usize::MAX);
    }

    pub fn recover(&self) {
        self.0.state.lock().unwrap().wrong = None;
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.0.state.lock().unwrap().calls.len()
    }

    /// What was called since it was asked last.
    pub fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.0.state.lock().unwrap().calls)
    }

    /// Gives the answers that wait, and those to what they lead to.
    pub fn answer(&self) {
        while self.answer_one() {}
    }

    pub fn answer_one(&self) -> bool {
        let next = self.0.state.lock().unwrap().answers.pop_front();
        next.map(|next| next()).is_some()
    }

    /// The next answer in line is lost.
    pub fn lose_answers(&self) {
        self.0.state.lock().unwrap().answers.clear();
    }

    fn call(&self, what: String) -> Option<Wrong> {
        let state = &mut *self.0.state.lock().unwrap();
        let number = state.calls.len();
        state.calls.push(what);
        let wrong = state.wrong.as_ref();
        let wrong = wrong.filter(|(_, calls)| calls.contains(&number));
        wrong.map(|(wrong, _)| *wrong)
    }

    fn then<T: Send + 'static>(&self, then: Then<T>, answer: T) {
        if self.0.is_slow {
            let answer = Box::new(move || then(answer));
            self.0.state.lock().unwrap().answers.push_back(answer);
        } else {
            then(answer);
        }
    }
}

fn fault(wrong: Wrong) -> Fault {
    match wrong {
        Wrong::Denied => Fault::Unavailable("denied".into()),
        Wrong::Quota | Wrong::Half => Fault::Quota,
        _ => Fault::Failed("broken".into()),
    }
}

impl Backend for Faulty {
    fn name(&self) -> &str {
        "faulty"
    }

    fn load(&self, prefix: &str, then: Then<Loaded>) {
        let load = |prefix: &str| {
            let names = self.0.memory.names().into_iter();
            let names = names.filter(|name| name.starts_with(prefix));
            let item = |name: String| self.0.memory.get(&name).map(|text| (name, text));
            names.filter_map(item).collect()
        };
        match self.call("load".into()) {
            Some(wrong @ (Wrong::Denied | Wrong::Fails)) => self.then(then, Err(fault(wrong))),
            Some(Wrong::Silent) => {}
            Some(Wrong::Panics) => panic!("the backend panics"),
            Some(Wrong::Cleared) => {
                self.0.memory.clear();
                self.then(then, Ok(Vec::new()));
            }
            _ => self.then(then, Ok(load(prefix))),
        }
    }

    fn read(&self, names: Vec<String>, then: Then<Items>) {
        let read = |names: &[String]| {
            let texts = names.iter().map(|name| self.0.memory.get(name));
            texts.collect()
        };
        match self.call(format!("read {}", names.join(" "))) {
            Some(wrong @ (Wrong::Denied | Wrong::Fails)) => self.then(then, Err(fault(wrong))),
            Some(Wrong::Silent) => {}
            Some(Wrong::Panics) => panic!("the backend panics"),
            Some(Wrong::Nonsense) => self.then(then, Ok(Vec::new())),
            Some(Wrong::Cleared) => {
                self.0.memory.clear();
                self.then(then, Ok(read(&names)));
            }
            _ => self.then(then, Ok(read(&names))),
        }
    }

    fn write(&self, items: Vec<(String, Option<String>)>, then: Then<Vec<Result<(), Fault>>>) {
        let names: Vec<_> = items.iter().map(|(name, _)| name.clone()).collect();
        let write = |name: &str, text: Option<String>| {
            match text {
                Some(text) => self.0.memory.set(name, &text),
                None => {
                    self.0.memory.remove(name);
                }
            }
            Ok(())
        };
        let wrong = self.call(format!("write {}", names.join(" ")));
        match wrong {
            Some(Wrong::Silent) => return,
            Some(Wrong::Panics) => panic!("the backend panics"),
            Some(Wrong::Nonsense) => return self.then(then, Vec::new()),
            Some(Wrong::Cleared) => self.0.memory.clear(),
            _ => {}
        }
        let results = items
            .into_iter()
            .enumerate()
            .map(|(i, (name, text))| match wrong {
                Some(wrong @ (Wrong::Denied | Wrong::Fails)) => Err(fault(wrong)),
                Some(Wrong::Quota) if text.is_some() => Err(Fault::Quota),
                Some(Wrong::Half) if i > 0 => Err(Fault::Quota),
                Some(Wrong::Dropped) => Ok(()),
                _ => write(&name, text),
            });
        let results = results.collect();
        self.then(then, results);
    }
}
