//! Random writes of places, by accessors in one store and by cursors in another: both come to the same
//! values, versions and changes, and tell the same readers; the listener of a place hears what differs.
//!
//! A failure prints its seed and the shortest sequence that was found. To replay it, set
//! `PROPTEST_RNG_SEED` to that seed. `UNIVERSAL_STATE_CASES` sets how many sequences are tried.

use crate::{
    seeded::Seeded,
    support::{
        AddressStoreFields, Reader, RowStoreFields, USER, User, UserStoreFields, ada, by_itself,
        part, row, user,
    },
};
use any_spawner::Executor;
use proptest::{collection::vec, prelude::*, test_runner::TestCaseError};
use reactive_graph::traits::{Get, Set, Track, Update};
use reactive_stores::{OptionStoreExt, StoreFieldIterator};
use std::sync::{Arc, Mutex};
use universal_state::{
    ArcFields, Change, ChangeSet, Cursor, Delivery, EngineKind, Middleware, MiddlewareId, Pointer,
    Snapshot, StateError, Store, SubscribeOptions, Subscription, ToCursor, Transaction, Value,
    Veto,
};

type Checked = Result<(), TestCaseError>;

/// How many items of each list have cursors.
const ITEMS: usize = 3;

#[derive(Debug, Clone, Copy)]
enum Place {
    Whole,
    Name,
    City,
    Nick,
    InNick,
    Scores,
    Score(usize),
    Rows,
    Row(usize),
    Id(usize),
    Label(usize),
    Mark(usize, usize),
}

fn place() -> impl Strategy<Value = Place> {
    let at = || 0..ITEMS;
    prop_oneof![
        1 => Just(Place::Whole),
        2 => Just(Place::Name),
        4 => Just(Place::City),
        2 => Just(Place::Nick),
        3 => Just(Place::InNick),
        2 => Just(Place::Scores),
        6 => at().prop_map(Place::Score),
        2 => Just(Place::Rows),
        2 => at().prop_map(Place::Row),
        2 => at().prop_map(Place::Id),
        4 => at().prop_map(Place::Label),
        4 => (at(), at()).prop_map(|(row, mark)| Place::Mark(row, mark)),
    ]
}

#[derive(Debug, Clone)]
enum Op {
    Write(Place, u8),
    /// Several in one transaction, and whether it ends well.
    Batch(Vec<(Place, u8)>, bool),
    Set(u8),
    Delete,
    /// As JSON, which is another type.
    SetJson(u8),
    /// From now on somebody has what is stored.
    Hold,
    Let,
    Middleware,
    Exchange,
    /// Somebody comes who is told at the end of the turn, or goes.
    Listen,
    EndTurn,
}

fn op() -> impl Strategy<Value = Op> {
    let n = || 0..4u8;
    prop_oneof![
        20 => (place(), n()).prop_map(|(place, n)| Op::Write(place, n)),
        3 => (vec((place(), n()), 0..4), any::<bool>())
            .prop_map(|(writes, ends_well)| Op::Batch(writes, ends_well)),
        1 => n().prop_map(Op::Set),
        1 => Just(Op::Delete),
        1 => n().prop_map(Op::SetJson),
        1 => Just(Op::Hold),
        1 => Just(Op::Let),
        1 => Just(Op::Middleware),
        1 => Just(Op::Exchange),
        1 => Just(Op::Listen),
        4 => Just(Op::EndTurn),
    ]
}

fn text(n: u8) -> String {
    format!("text {n}")
}

fn nick(n: u8) -> Option<String> {
    (n > 0).then(|| text(n))
}

fn scores(n: u8) -> Vec<i32> {
    (0..n.into()).collect()
}

fn rows(n: u8) -> Vec<crate::support::Row> {
    (1..=n.into()).rev().map(row).collect()
}

fn whole(n: u8) -> User {
    User {
        nick: nick(n),
        scores: scores(n),
        rows: rows(n),
        ..ada()
    }
}

/// Whether something is at a place, so that an accessor does not panic.
fn is_there(user: &User, place: Place) -> bool {
    match place {
        Place::InNick => user.nick.is_some(),
        Place::Score(at) => user.scores.len() > at,
        Place::Row(at) | Place::Id(at) | Place::Label(at) => user.rows.len() > at,
        Place::Mark(at, mark) => user.rows.get(at).is_some_and(|row| row.marks.len() > mark),
        _ => true,
    }
}

/// Cursors of all places.
struct Cursors {
    whole: Cursor<User>,
    texts: [Cursor<String>; 3],
    nick: Cursor<Option<String>>,
    scores: Cursor<Vec<i32>>,
    score: Vec<Cursor<i32>>,
    rows: Cursor<Vec<crate::support::Row>>,
    row: Vec<Cursor<crate::support::Row>>,
    id: Vec<Cursor<u32>>,
    label: Vec<Cursor<String>>,
    mark: Vec<Cursor<i32>>,
}

impl Cursors {
    fn new(user: &ArcFields<User>) -> Self {
        let f = || user.clone();
        let row = |at| f().rows().at_unkeyed(at);
        let mark = |at: usize| row(at / ITEMS).marks().at_unkeyed(at % ITEMS);
        Self {
            whole: user.cursor().unwrap(),
            texts: [
                f().name().cursor().unwrap(),
                f().address().city().cursor().unwrap(),
                f().nick().unwrap().cursor().unwrap(),
            ],
            nick: f().nick().cursor().unwrap(),
            scores: f().scores().cursor().unwrap(),
            score: (0..ITEMS)
                .map(|at| f().scores().at_unkeyed(at).cursor().unwrap())
                .collect(),
            rows: f().rows().cursor().unwrap(),
            row: (0..ITEMS).map(|at| row(at).cursor().unwrap()).collect(),
            id: (0..ITEMS)
                .map(|at| row(at).id().cursor().unwrap())
                .collect(),
            label: (0..ITEMS)
                .map(|at| row(at).label().cursor().unwrap())
                .collect(),
            mark: (0..ITEMS * ITEMS)
                .map(|at| mark(at).cursor().unwrap())
                .collect(),
        }
    }

    fn write(&self, place: Place, n: u8) -> Result<(), StateError> {
        let [name, city, in_nick] = &self.texts;
        match place {
            Place::Whole => self.whole.set(whole(n)),
            Place::Name => name.set(text(n)),
            Place::City => city.update(|city| *city = text(n)),
            Place::Nick => self.nick.set(nick(n)),
            Place::InNick => in_nick.set(text(n)),
            Place::Scores => self.scores.set(scores(n)),
            Place::Score(at) => self.score[at].set(n.into()),
            Place::Rows => self.rows.set(rows(n)),
            Place::Row(at) => self.row[at].set(row(n.into())),
            Place::Id(at) => self.id[at].set(n.into()),
            Place::Label(at) => self.label[at].update(|label| *label = text(n)),
            Place::Mark(at, mark) => self.mark[at * ITEMS + mark].set(n.into()),
        }
    }

    /// What they read is what is there.
    fn agree(&self, user: &User) -> Checked {
        let [name, city, in_nick] = &self.texts;
        prop_assert_eq!(self.whole.get(), Some(user.clone()));
        prop_assert_eq!(name.get(), Some(user.name.clone()));
        prop_assert_eq!(city.get(), Some(user.address.city.clone()));
        prop_assert_eq!(in_nick.get(), user.nick.clone());
        prop_assert_eq!(self.nick.get(), Some(user.nick.clone()));
        for at in 0..ITEMS {
            prop_assert_eq!(self.score[at].get(), user.scores.get(at).cloned());
            prop_assert_eq!(self.row[at].get(), user.rows.get(at).cloned());
            let marks = user.rows.get(at).map_or(&[][..], |row| &row.marks);
            for mark in 0..ITEMS {
                let cursor = &self.mark[at * ITEMS + mark];
                prop_assert_eq!(cursor.get(), marks.get(mark).cloned());
            }
        }
        Ok(())
    }
}

fn write(user: &ArcFields<User>, place: Place, n: u8) {
    let user = user.clone();
    match place {
        Place::Whole => user.set(whole(n)),
        Place::Name => user.name().set(text(n)),
        Place::City => user.address().city().update(|city| *city = text(n)),
        Place::Nick => user.nick().set(nick(n)),
        Place::InNick => user.nick().unwrap().set(text(n)),
        Place::Scores => user.scores().set(scores(n)),
        Place::Score(at) => user.scores().at_unkeyed(at).set(n.into()),
        Place::Rows => user.rows().set(rows(n)),
        Place::Row(at) => user.rows().at_unkeyed(at).set(row(n.into())),
        Place::Id(at) => user.rows().at_unkeyed(at).id().set(n.into()),
        Place::Label(at) => user
            .rows()
            .at_unkeyed(at)
            .label()
            .update(|label| *label = text(n)),
        Place::Mark(at, mark) => {
            user.rows()
                .at_unkeyed(at)
                .marks()
                .at_unkeyed(mark)
                .set(n.into());
        }
    }
}

/// Lets everything pass, by the long way.
struct Pass;

impl Middleware for Pass {
    fn name(&self) -> &str {
        "pass"
    }

    fn before(&self, _: &mut Transaction) -> Result<(), Veto> {
        Ok(())
    }
}

/// What a listener heard of one transaction.
type Heard = Vec<(String, Option<Value>, Option<Value>, Vec<Pointer>, u64)>;

/// One of the two stores.
struct Side {
    store: Store,
    user: ArcFields<User>,
    cursors: Option<Cursors>,
    readers: Vec<Reader<String>>,
    heard: Arc<Mutex<Vec<Heard>>>,
    held: Vec<(Snapshot, Option<User>)>,
    middleware: Option<MiddlewareId>,
    _subscription: Subscription,
    later: Option<Subscription>,
    /// A place, what its listener was called with, and that.
    city: Cursor<String>,
    cities: Arc<Mutex<Vec<Option<String>>>>,
    _city: Subscription,
}

/// A listener that notes what it hears.
fn hearing(heard: &Arc<Mutex<Vec<Heard>>>) -> impl Fn(&ChangeSet) + Send + Sync + 'static {
    let sink = Arc::clone(heard);
    move |changes: &ChangeSet| {
        let changes = changes.iter().map(|change| {
            let (old, new) = (change.old_value().cloned(), change.new_value().cloned());
            let (key, paths) = (change.key().to_owned(), change.paths());
            (key, old, new, paths, change.version())
        });
        sink.lock().unwrap().push(changes.collect());
    }
}

impl Side {
    fn new(engine: EngineKind, by_cursor: bool, observed: bool) -> Self {
        let store = Store::builder().engine(engine).on_error(|_| {}).build();
        let user = user(&store);
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        let city = user.clone().address().city().cursor().unwrap();
        let cities: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
        let sink = Arc::clone(&cities);
        let hear = move |city: Option<&String>, _: &Change| {
            sink.lock().unwrap().push(city.cloned());
        };
        Self {
            readers: if observed { readers(&user) } else { Vec::new() },
            cursors: by_cursor.then(|| Cursors::new(&user)),
            _subscription: store.subscribe_all(options, hearing(&heard)).unwrap(),
            later: None,
            _city: city.subscribe(options, hear).unwrap(),
            city,
            cities,
            heard,
            held: Vec::new(),
            middleware: None,
            user,
            store,
        }
    }

    fn write(&self, place: Place, n: u8) -> Checked {
        let now = self.store.get(USER).unwrap_or_default();
        match (&self.cursors, is_there(&now, place)) {
            (Some(cursors), true) => prop_assert_eq!(cursors.write(place, n), Ok(())),
            (Some(cursors), false) => {
                let refused = cursors.write(place, n);
                let is_place = matches!(refused, Err(StateError::Place { .. }));
                prop_assert!(is_place, "{:?}", refused);
            }
            (None, true) => write(&self.user, place, n),
            (None, false) => {}
        }
        Ok(())
    }

    fn run(&mut self, op: &Op) -> Checked {
        match op {
            Op::Write(place, n) => return self.write(*place, *n),
            Op::Batch(writes, ends_well) => {
                let mut checked = Ok(());
                let _ = self.store.batch(|_| {
                    checked = writes
                        .iter()
                        .try_for_each(|(place, n)| self.write(*place, *n));
                    match ends_well {
                        true => Ok(()),
                        false => Err(StateError::abort("no")),
                    }
                });
                return checked;
            }
            Op::Set(n) => self.store.set(USER, whole(*n)).unwrap(),
            Op::Delete => drop(self.store.delete("user")),
            Op::SetJson(n) => {
                let json = serde_json::to_value(whole(*n)).unwrap();
                self.store.set_json("user", json).unwrap();
            }
            Op::Hold => self
                .held
                .push((self.store.snapshot(), self.store.get(USER))),
            Op::Let => self.held.clear(),
            Op::Middleware => match self.middleware.take() {
                Some(id) => drop(self.store.remove_middleware(id)),
                None => self.middleware = Some(self.store.add_middleware(Pass)),
            },
            Op::Exchange => {
                let next = match self.store.engine() {
                    EngineKind::Map => EngineKind::Signal,
                    _ => EngineKind::Map,
                };
                self.store.set_engine(next).unwrap();
            }
            Op::Listen => {
                let options = SubscribeOptions::new();
                let listen = || self.store.subscribe_all(options, hearing(&self.heard));
                self.later = self.later.take().map_or_else(|| listen().ok(), |_| None);
            }
            Op::EndTurn => self.store.flush(),
        }
        Ok(())
    }

    /// As [`Side::run`]; the listener of a place is called if that differs, and not else.
    fn run_heard(&mut self, op: &Op) -> Checked {
        let before = self.city.get();
        self.run(op)?;
        let after = self.city.get();
        let told = std::mem::take(&mut *self.cities.lock().unwrap());
        let expected: Vec<_> = (before != after).then_some(after).into_iter().collect();
        prop_assert_eq!(told, expected);
        Ok(())
    }

    /// What somebody holds is what it was.
    fn holds(&self) -> Checked {
        for (snapshot, then) in &self.held {
            prop_assert_eq!(&snapshot.get(USER), then);
        }
        Ok(())
    }

    /// How often each reader ran, and what it read last.
    fn told(&self) -> Vec<(usize, String)> {
        let told = self.readers.iter();
        told.map(|reader| (reader.runs(), reader.last())).collect()
    }
}

/// Readers of places: by accessors, by cursors, and by key.
fn readers(user: &ArcFields<User>) -> Vec<Reader<String>> {
    let mut readers = Vec::new();
    let mut add = |read: Box<dyn Fn() -> String>| readers.push(Reader::new(read));
    let f = || user.clone();
    let (name, city, label, part_1, rows, whole) = (f(), f(), f(), f(), f(), f());
    add(Box::new(move || name.clone().name().get()));
    add(Box::new(move || city.clone().address().city().get()));
    add(Box::new(move || {
        format!("{:?}", label.clone().rows().at_key(2).label().try_get())
    }));
    add(Box::new(move || {
        let parts = part_1.clone().rows().at_key(1).parts();
        format!("{:?}", parts.at_key(part(1).id).try_get())
    }));
    add(Box::new(move || {
        rows.clone().rows().track();
        String::new()
    }));
    add(Box::new(move || format!("{:?}", whole.get())));
    let cursors = Cursors::new(user);
    let [_, city, in_nick] = cursors.texts;
    add(Box::new(move || format!("{:?}", city.get())));
    add(Box::new(move || format!("{:?}", in_nick.get())));
    for score in cursors.score {
        add(Box::new(move || format!("{:?}", score.get())));
    }
    for row in cursors.row {
        add(Box::new(move || format!("{:?}", row.get())));
    }
    for mark in cursors.mark {
        add(Box::new(move || format!("{:?}", mark.get())));
    }
    readers
}

#[test]
fn accessors_and_cursors_do_the_same() {
    let _ = Executor::init_futures_executor();
    let engine = prop::sample::select(EngineKind::ALL);
    let case = (engine, any::<bool>(), vec(op(), 1..40));
    Seeded::new(300).try_all(case, |(engine, observed, ops)| {
        let mut checked = Ok(());
        by_itself(|| {
            let mut sides = [false, true].map(|by_cursor| Side::new(engine, by_cursor, observed));
            checked = ops.iter().try_for_each(|op| {
                for side in &mut sides {
                    side.run_heard(op)?;
                }
                let [accessors, cursors] = &sides;
                let heard = |side: &Side| std::mem::take(&mut *side.heard.lock().unwrap());
                let (one, other) = (heard(accessors), heard(cursors));
                prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
                cursors.holds()?;
                let now = accessors.store.get(USER);
                prop_assert_eq!(&now, &cursors.store.get(USER));
                let version = |side: &Side| side.store.metadata().version;
                prop_assert_eq!(version(accessors), version(cursors));
                prop_assert_eq!(accessors.told(), cursors.told());
                match &cursors.cursors {
                    Some(cursors) => cursors.agree(&now.unwrap_or_default()),
                    None => Ok(()),
                }
            });
        });
        checked
    });
}
