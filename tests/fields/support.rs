//! What the cases share: a value with something of everything, and effects that count their runs.

use any_spawner::Executor;
use reactive_graph::{effect::Effect, owner::Owner, traits::Get};
use reactive_stores::Store as Derive;
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use universal_state::{ArcFields, Diff, EngineKind, Key, StateError, Store};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
pub struct User {
    pub name: String,
    pub email: String,
    pub address: Address,
    pub nick: Option<String>,
    pub scores: Vec<i32>,
    #[store(key: u32 = |row| row.id)]
    pub rows: Vec<Row>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
pub struct Address {
    pub city: String,
    pub street: String,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
pub struct Row {
    pub id: u32,
    pub label: String,
    pub marks: Vec<i32>,
    #[store(key: u32 = |part| part.id)]
    pub parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
pub struct Part {
    pub id: u32,
    pub text: String,
}

pub const USER: Key<User> = Key::new("user");

pub fn part(id: u32) -> Part {
    Part {
        id,
        text: format!("part {id}"),
    }
}

/// A row with the parts 1 and 2.
pub fn row(id: u32) -> Row {
    Row {
        id,
        label: format!("row {id}"),
        marks: vec![1, 2],
        parts: vec![part(1), part(2)],
    }
}

/// A user with the scores 1, 2, 3 and the rows 1, 2, 3.
pub fn ada() -> User {
    User {
        name: "Ada".into(),
        email: "ada@example.org".into(),
        address: Address {
            city: "London".into(),
            street: "St James's Square".into(),
        },
        nick: None,
        scores: vec![1, 2, 3],
        rows: vec![row(1), row(2), row(3)],
    }
}

/// Runs a case on every engine, under an owner and with an executor for effects.
pub fn on_every_engine(case: impl Fn(&Store)) {
    // Only the first call of the process can set it.
    let _ = Executor::init_futures_executor();
    for engine in EngineKind::ALL {
        let owner = Owner::new();
        owner.with(|| case(&Store::builder().engine(*engine).on_error(|_| {}).build()));
    }
}

/// Runs a part of a case whose effects end with it.
pub fn by_itself(part: impl FnOnce()) {
    let owner = Owner::new();
    owner.with(part);
    owner.cleanup();
    drop(owner);
    // Effects are dropped by the executor.
    Executor::poll_local();
}

/// The fields of Ada, who is stored.
pub fn stored_ada(store: &Store) -> ArcFields<User> {
    store.set(USER, ada()).unwrap();
    user(store)
}

pub fn user(store: &Store) -> ArcFields<User> {
    store.fields_or(USER, User::default()).unwrap()
}

/// Notes every error that is reported from now on.
pub fn reports(store: &Store) -> impl Fn() -> Vec<StateError> {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&reported);
    store.set_reporter(move |error| sink.lock().unwrap().push(error.clone()));
    move || std::mem::take(&mut *reported.lock().unwrap())
}

/// How often an effect may run in a case before it is taken for a loop.
const ENDLESS: usize = 1_000;

/// Counts the runs of an effect that reads something, and notes what it read last.
pub struct Reader<T> {
    runs: Arc<AtomicUsize>,
    last: Arc<Mutex<Option<T>>>,
}

impl<T: Clone + Send + 'static> Reader<T> {
    pub fn new(read: impl Fn() -> T + 'static) -> Self {
        let reader = Self::start(read);
        assert_eq!(reader.runs(), 1, "an effect runs once when it is made");
        reader
    }

    /// As [`Reader::new`], of an effect that may cause its own next run.
    pub fn start(read: impl Fn() -> T + 'static) -> Self {
        let runs: Arc<AtomicUsize> = Arc::default();
        let last: Arc<Mutex<Option<T>>> = Arc::default();
        let (counted, noted) = (Arc::clone(&runs), Arc::clone(&last));
        Effect::new(move |_| {
            let ran = counted.fetch_add(1, Ordering::Relaxed);
            assert!(ran < ENDLESS, "the effect causes its own runs");
            *noted.lock().unwrap() = Some(read());
        });
        Self { runs, last }
    }

    /// How often it ran since the last call.
    pub fn runs(&self) -> usize {
        Executor::poll_local();
        self.runs.swap(0, Ordering::Relaxed)
    }

    /// What it read last.
    pub fn last(&self) -> T {
        Executor::poll_local();
        self.last.lock().unwrap().clone().expect("the effect ran")
    }
}

/// How often each ran since the last call.
pub fn runs<T: Clone + Send + 'static, const N: usize>(readers: &[Reader<T>; N]) -> [usize; N] {
    readers.each_ref().map(Reader::runs)
}

/// Readers of a name, an e-mail address, a city, a street, and of the whole.
pub struct Readers {
    pub name: Reader<String>,
    pub email: Reader<String>,
    pub city: Reader<String>,
    pub street: Reader<String>,
    pub whole: Reader<User>,
}

impl Readers {
    pub fn new(fields: &ArcFields<User>) -> Self {
        let f = || fields.clone();
        let (name, email, city, street, whole) = (f(), f(), f(), f(), f());
        Self {
            name: Reader::new(move || name.clone().name().get()),
            email: Reader::new(move || email.clone().email().get()),
            city: Reader::new(move || city.clone().address().city().get()),
            street: Reader::new(move || street.clone().address().street().get()),
            whole: Reader::new(move || whole.get()),
        }
    }

    /// How often each ran since the last call: name, e-mail, city, street, whole.
    pub fn runs(&self) -> [usize; 5] {
        let [name, email] = [&self.name, &self.email].map(Reader::runs);
        let [city, street] = [&self.city, &self.street].map(Reader::runs);
        [name, email, city, street, self.whole.runs()]
    }
}
