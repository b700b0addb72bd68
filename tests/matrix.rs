//! What a listener may do while it is called, on every kind of subscription, for every kind of
//! write, on every engine, with every delivery: none of it hurts another listener.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};
use universal_state::{
    Change, ChangeSet, Delivery, EngineKind, Pattern, StateError, Store, SubscribeOptions,
    Subscription, View,
};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Behaviour {
    ReturnsAnError,
    Panics,
    UnsubscribesItself,
    UnsubscribesALaterOne,
    UnsubscribesAnEarlierOne,
    Subscribes,
    SetsTheSameKey,
    SetsAnotherKey,
    RecursesWithoutEnd,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Key,
    Pattern,
    All,
    Computed,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Writing {
    Plain,
    Batch,
}

#[derive(Clone, Copy, Debug)]
struct Cell {
    behaviour: Behaviour,
    kind: Kind,
    writing: Writing,
    engine: EngineKind,
    delivery: Delivery,
}

const KINDS: [Kind; 4] = [Kind::Key, Kind::Pattern, Kind::All, Kind::Computed];
const WRITINGS: [Writing; 2] = [Writing::Plain, Writing::Batch];
const DELIVERIES: [Delivery; 2] = [Delivery::Batched, Delivery::Sync];
const TRIO: [&str; 3] = ["first", "actor", "last"];

/// How many rounds of changes that listeners cause are delivered.
const ROUNDS: i32 = 100;

/// One change of which one listener was told. The previous value is told of keys alone.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    to: String,
    key: String,
    old: Option<i32>,
    new: i32,
}

type Hear = dyn Fn(&str, Option<i32>, i32) -> Result<(), String>;
type Act = Arc<dyn Fn(&str, i32) -> Result<(), String> + Send + Sync>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A store whose listeners and errors are written down.
#[derive(Clone)]
struct Bench {
    store: Store,
    told: Arc<Mutex<Vec<Told>>>,
    reports: Arc<Mutex<Vec<StateError>>>,
    subscriptions: Arc<Mutex<BTreeMap<String, Subscription>>>,
}

impl Bench {
    fn new(engine: EngineKind) -> Self {
        let reports: Arc<Mutex<Vec<StateError>>> = Arc::default();
        let heard = Arc::clone(&reports);
        Self {
            store: Store::builder()
                .engine(engine)
                .on_error(move |error| lock(&heard).push(error.clone()))
                .build(),
            told: Arc::default(),
            reports,
            subscriptions: Arc::default(),
        }
    }

    fn set(&self, key: &str, value: i32) {
        self.store.set(key, value).expect("nobody refuses it");
    }

    fn subscribe(&self, name: &str, kind: Kind, delivery: Delivery, act: Act) {
        let options = SubscribeOptions::new().delivery(delivery);
        let (told, name_of) = (Arc::clone(&self.told), name.to_owned());
        let hear = move |key: &str, old: Option<i32>, new: i32| {
            lock(&told).push(Told {
                to: name_of.clone(),
                key: key.to_owned(),
                old,
                new,
            });
            act(key, new)
        };
        let hear_change = |hear: &Hear, change: &Change| {
            let new = change.new().expect("nothing is removed");
            hear(change.key(), change.old(), new)
        };
        let store = &self.store;
        let subscription = match kind {
            Kind::Key => store.subscribe_with("k", options, move |value, change| {
                assert_eq!(value.copied(), change.new::<i32>());
                hear_change(&hear, change)
            }),
            Kind::Pattern => {
                let pattern = Pattern::glob("*").expect("it is valid");
                store.subscribe_pattern(pattern, options, move |changes: &ChangeSet| {
                    changes
                        .iter()
                        .try_for_each(|change| hear_change(&hear, change))
                })
            }
            Kind::All => store.subscribe_all(options, move |changes: &ChangeSet| {
                changes
                    .iter()
                    .try_for_each(|change| hear_change(&hear, change))
            }),
            Kind::Computed => store
                .computed(k)
                .subscribe_with(options, move |value| hear("k", None, *value)),
        };
        let subscription = subscription.expect("the store is alive");
        lock(&self.subscriptions).insert(name.to_owned(), subscription);
    }

    fn unsubscribe(&self, name: &str) {
        // In two steps, so that the lock is not held while the store is at it.
        let subscription = lock(&self.subscriptions).remove(name);
        drop(subscription);
    }

    /// The values of a key that a listener was told, in order.
    fn heard(&self, name: &str, key: &str) -> Vec<i32> {
        let told = lock(&self.told);
        let own = told
            .iter()
            .filter(|told| told.to == name && told.key == key);
        own.map(|told| told.new).collect()
    }

    /// Whom the listeners of the actor's kind were told of, and in which order.
    fn course(&self, names: &[&str]) -> Vec<(String, String, i32)> {
        let told = lock(&self.told);
        let told = told.iter().filter(|told| names.contains(&told.to.as_str()));
        told.map(|told| (told.to.clone(), told.key.clone(), told.new))
            .collect()
    }
}

fn k(view: &View) -> i32 {
    view.get("k").unwrap_or_default()
}

fn nothing() -> Act {
    Arc::new(|_, _| Ok(()))
}

/// What the actor of a cell does when it is told.
fn act(cell: Cell, bench: &Bench) -> Act {
    let bench = bench.clone();
    let done = AtomicBool::new(false);
    Arc::new(move |key, value| {
        if key != "k" {
            return Ok(());
        }
        let at_first = || !done.swap(true, Relaxed);
        match cell.behaviour {
            Behaviour::ReturnsAnError => return Err("on purpose".to_owned()),
            Behaviour::Panics => panic!("on purpose"),
            Behaviour::UnsubscribesItself => bench.unsubscribe("actor"),
            Behaviour::UnsubscribesALaterOne => bench.unsubscribe("last"),
            Behaviour::UnsubscribesAnEarlierOne => bench.unsubscribe("first"),
            Behaviour::Subscribes if at_first() => {
                bench.subscribe("new", cell.kind, cell.delivery, nothing());
            }
            Behaviour::SetsTheSameKey if value == 3 => bench.set("k", 4),
            Behaviour::SetsAnotherKey => bench.set("other", value * 10),
            Behaviour::RecursesWithoutEnd if value < 1_000 => bench.set("k", value + 1),
            _ => {}
        }
        Ok(())
    })
}

impl Cell {
    fn is_told_at_once(self, delivery: Delivery) -> bool {
        self.engine == EngineKind::Map || delivery == Delivery::Sync
    }

    /// Writes, so that a listener that acts once has somebody to tell before and after.
    fn write(self, store: &Store) -> Result<(), StateError> {
        let values = match self.behaviour {
            Behaviour::RecursesWithoutEnd => 1..=1,
            _ => 1..=3,
        };
        match self.writing {
            Writing::Plain => values.into_iter().try_for_each(|n| store.set("k", n)),
            Writing::Batch => store.batch(|tx| values.into_iter().try_for_each(|n| tx.set("k", n))),
        }
    }

    /// The values of the key that are told one by one, were it not for the actor.
    fn steps(self) -> Vec<i32> {
        match (self.behaviour, self.writing) {
            (Behaviour::RecursesWithoutEnd, _) => vec![1],
            (_, Writing::Plain) if self.is_told_at_once(self.delivery) => vec![1, 2, 3],
            _ => vec![3],
        }
    }

    /// What is told to the listeners of the actor's kind and delivery, round by round.
    fn rounds(self) -> Vec<(&'static str, i32)> {
        let mut rounds: Vec<(&str, i32)> = Vec::new();
        let hears_other = matches!(self.kind, Kind::Pattern | Kind::All);
        for n in self.steps().into_iter().chain([10_000]) {
            rounds.push(("k", n));
            match self.behaviour {
                Behaviour::SetsTheSameKey if n == 3 => rounds.push(("k", 4)),
                Behaviour::SetsAnotherKey if hears_other => rounds.push(("other", n * 10)),
                Behaviour::RecursesWithoutEnd if n == 1 => {
                    rounds.extend((2..=ROUNDS + 1).map(|n| ("k", n)));
                }
                _ => {}
            }
        }
        rounds
    }

    /// The course of all calls to the listeners of the actor's kind and delivery.
    fn expected(self) -> Vec<(String, String, i32)> {
        let mut there = TRIO.to_vec();
        let mut course = Vec::new();
        for (at, (key, value)) in self.rounds().into_iter().enumerate() {
            let first = at == 0;
            let mut called = there.clone();
            match self.behaviour {
                Behaviour::UnsubscribesItself if first => there = vec!["first", "last"],
                Behaviour::UnsubscribesALaterOne if first => {
                    called = vec!["first", "actor"];
                    there = called.clone();
                }
                Behaviour::UnsubscribesAnEarlierOne if first => there = vec!["actor", "last"],
                Behaviour::Subscribes if first => there.push("new"),
                _ => {}
            }
            let told = |name: &&str| ((*name).to_owned(), key.to_owned(), value);
            course.extend(called.iter().map(told));
        }
        course
    }

    /// Every value that the key takes, in order.
    fn history(self) -> Vec<i32> {
        let mut history: Vec<i32> = match (self.behaviour, self.writing) {
            (Behaviour::RecursesWithoutEnd, _) => (1..=ROUNDS + 2).collect(),
            (_, Writing::Plain) => vec![1, 2, 3],
            (_, Writing::Batch) => vec![3],
        };
        if self.behaviour == Behaviour::SetsTheSameKey {
            history.push(4);
        }
        history.push(10_000);
        history
    }

    fn subject(self) -> &'static str {
        match self.kind {
            Kind::Key => "key \"k\"",
            Kind::Pattern => "pattern \"*\"",
            Kind::All => "every key",
            Kind::Computed => "a computed value",
        }
    }

    fn run(self) {
        let bench = Bench::new(self.engine);
        let actor = act(self, &bench);
        for (name, act) in TRIO.iter().zip([nothing(), actor, nothing()]) {
            bench.subscribe(name, self.kind, self.delivery, act);
        }
        // Others, to whom all of this must not matter.
        let mut witnesses = Vec::new();
        for kind in KINDS {
            for delivery in DELIVERIES {
                let name = format!("{kind:?} told {delivery:?}");
                bench.subscribe(&name, kind, delivery, nothing());
                witnesses.push((name, kind, delivery));
            }
        }

        self.write(&bench.store).expect("nobody refuses it");
        bench.store.flush();
        let history = self.history();
        let settled = history[history.len() - 2];
        assert_eq!(
            bench.store.get("k"),
            Some(settled),
            "the state before the end"
        );
        bench.set("k", 10_000);
        bench.store.flush();
        assert_eq!(bench.store.get("k"), Some(10_000), "the state at the end");

        self.check_course(&bench);
        for (name, kind, delivery) in &witnesses {
            self.check_witness(&bench, name, *kind, *delivery);
        }
        self.check_reports(&bench);
        // The actor holds the store, which holds the actor.
        bench.store.dispose();
    }

    fn check_course(self, bench: &Bench) {
        let names: Vec<&str> = TRIO.into_iter().chain(["new"]).collect();
        let sets_k = [Behaviour::SetsTheSameKey, Behaviour::RecursesWithoutEnd];
        if self.kind != Kind::Computed || !sets_k.contains(&self.behaviour) {
            assert_eq!(bench.course(&names), self.expected());
            return;
        }
        // A computed value is always that of the present, so whoever is called after the actor is
        // called with what the actor wrote, and not again when that is told.
        let rounds: Vec<i32> = self.rounds().into_iter().map(|(_, n)| n).collect();
        assert_eq!(bench.heard("first", "k"), rounds);
        assert_eq!(bench.heard("actor", "k"), rounds);
        let after: Vec<i32> = match self.behaviour {
            Behaviour::SetsTheSameKey => rounds.iter().copied().filter(|n| *n != 3).collect(),
            _ => (2..=ROUNDS + 2).chain([10_000]).collect(),
        };
        assert_eq!(bench.heard("last", "k"), after);
    }

    /// A witness hears the history in order, some of it summed up, and ends on its end.
    fn check_witness(self, bench: &Bench, name: &str, kind: Kind, delivery: Delivery) {
        let heard = bench.heard(name, "k");
        let mut history = self.history();
        assert_eq!(heard.last(), history.last(), "what {name} heard last");
        let mut rest = history.iter();
        let in_order = heard.iter().all(|value| rest.any(|other| other == value));
        assert!(in_order, "{name} heard {heard:?} of {history:?}");
        if kind == Kind::Computed {
            return;
        }
        let told = lock(&bench.told);
        let own: Vec<_> = told.iter().filter(|told| told.to == name).collect();
        let mut known: BTreeMap<&str, i32> = BTreeMap::new();
        let cycles = self.behaviour == Behaviour::RecursesWithoutEnd;
        for told in own {
            let before = known.insert(&told.key, told.new);
            // What follows a cycle follows the last value written, which was not told.
            if !(cycles && told.new == 10_000) {
                assert_eq!(told.old, before, "the previous value that {name} was told");
            }
        }
        if self.is_told_at_once(delivery) {
            if cycles {
                history.retain(|n| *n != ROUNDS + 2);
            }
            assert_eq!(heard, history, "what {name} heard");
        } else if cycles && self.is_told_at_once(self.delivery) {
            // The cycle was among others, and over before these were told.
            assert_eq!(heard, [ROUNDS + 2, 10_000], "what {name} heard");
        }
        let others = known.get("other").copied();
        let expected =
            (self.behaviour == Behaviour::SetsAnotherKey && kind != Kind::Key).then_some(100_000);
        assert_eq!(others, expected, "what {name} heard of the other key");
    }

    fn check_reports(self, bench: &Bench) {
        let reports = lock(&bench.reports);
        assert_eq!(bench.store.error_count(), reports.len() as u64);
        let reason = match self.behaviour {
            Behaviour::ReturnsAnError => "on purpose",
            Behaviour::Panics => "it panicked: on purpose",
            Behaviour::RecursesWithoutEnd => {
                let is_cycle = |error: &StateError| matches!(error, StateError::Cycle { what } if what.contains("\"k\""));
                assert!(
                    reports.len() == 1 && reports.iter().all(is_cycle),
                    "{reports:?}"
                );
                return;
            }
            _ => {
                assert!(reports.is_empty(), "{reports:?}");
                return;
            }
        };
        let error = StateError::Listener {
            subject: self.subject().to_owned(),
            reason: reason.to_owned(),
        };
        assert_eq!(*reports, vec![error; self.rounds().len()]);
    }
}

/// Runs a behaviour in every cell, and names the cells that fail.
fn run(behaviour: Behaviour) {
    let mut failed = Vec::new();
    for kind in KINDS {
        for writing in WRITINGS {
            for engine in EngineKind::ALL {
                for delivery in DELIVERIES {
                    let cell = Cell {
                        behaviour,
                        kind,
                        writing,
                        engine: *engine,
                        delivery,
                    };
                    println!("{cell:?}");
                    if catch_unwind(AssertUnwindSafe(|| cell.run())).is_err() {
                        failed.push(cell);
                    }
                }
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{} cells failed: {failed:#?}",
        failed.len()
    );
}

macro_rules! behaviours {
    ($($name:ident: $behaviour:ident),+ $(,)?) => {$(
        #[test]
        fn $name() {
            run(Behaviour::$behaviour);
        }
    )+};
}

behaviours! {
    a_listener_may_fail: ReturnsAnError,
    a_listener_may_panic_natively: Panics,
    a_listener_may_unsubscribe_itself: UnsubscribesItself,
    a_listener_may_unsubscribe_a_later_one: UnsubscribesALaterOne,
    a_listener_may_unsubscribe_an_earlier_one: UnsubscribesAnEarlierOne,
    a_listener_may_subscribe: Subscribes,
    a_listener_may_set_its_own_key: SetsTheSameKey,
    a_listener_may_set_another_key: SetsAnotherKey,
    listeners_that_never_settle_end_in_a_cycle: RecursesWithoutEnd,
}

fn each_engine(test: impl Fn(Bench)) {
    for engine in EngineKind::ALL {
        test(Bench::new(*engine));
    }
}

#[test]
fn two_listeners_that_feed_each_other_end_in_one_cycle() {
    each_engine(|bench| {
        let store = bench.store.clone();
        let answer = move |from: &'static str, to: &'static str| {
            let store = store.clone();
            let inner = store.clone();
            let listener = move |n: Option<&i32>, _: &Change| {
                inner.set(to, n.copied().unwrap_or_default() + 1)
            };
            store.subscribe(from, listener).expect("the store is alive")
        };
        let _both = [answer("k", "other"), answer("other", "k")];
        bench.set("k", 1);
        bench.store.flush();
        assert!(matches!(
            lock(&bench.reports)[..],
            [StateError::Cycle { .. }]
        ));
        let last = bench.store.get::<i32>("k").max(bench.store.get("other"));
        assert_eq!(last, Some(ROUNDS + 2));
    });
}

#[test]
fn a_listener_that_causes_ever_more_writes_ends_in_one_cycle() {
    each_engine(|bench| {
        let store = bench.store.clone();
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        let _doubling = bench
            .store
            .subscribe_all(options, move |changes: &ChangeSet| {
                changes.iter().try_for_each(|change| {
                    let n = change.new::<i32>().unwrap_or_default();
                    store.set("k", n + 1)?;
                    store.set("other", n + 1)
                })
            })
            .expect("the store is alive");
        bench.set("k", 1);
        assert!(matches!(
            lock(&bench.reports)[..],
            [StateError::Cycle { .. }]
        ));
    });
}

#[test]
fn a_listener_may_exchange_the_engine() {
    for (from, to) in [
        (EngineKind::Map, EngineKind::Signal),
        (EngineKind::Signal, EngineKind::Map),
    ] {
        let bench = Bench::new(from);
        let acting = bench.clone();
        let exchange: Act = Arc::new(move |_, value| {
            if value == 1 {
                acting.set("k", 2);
                acting
                    .store
                    .set_engine(to)
                    .map_err(|error| error.to_string())?;
                acting.set("k", 3);
            }
            Ok(())
        });
        bench.subscribe("actor", Kind::Key, Delivery::Batched, exchange);
        bench.subscribe("last", Kind::All, Delivery::Batched, nothing());
        bench.set("k", 1);
        bench.store.flush();
        for name in ["actor", "last"] {
            assert_eq!(bench.heard(name, "k"), [1, 2, 3], "{name}, {from} to {to}");
        }
        assert_eq!(bench.store.engine(), to);
        bench.store.dispose();
    }
}

#[test]
fn whoever_subscribes_within_a_turn_hears_that_a_key_went_back() {
    for kind in KINDS {
        let bench = Bench::new(EngineKind::Signal);
        bench.set("k", 1);
        bench.subscribe("before", kind, Delivery::Batched, nothing());
        bench.set("k", 2);
        bench.subscribe("between", kind, Delivery::Batched, nothing());
        bench.set("k", 1);
        bench.store.flush();
        assert_eq!(
            bench.heard("before", "k"),
            [0; 0],
            "{kind:?} saw 1 all the time"
        );
        assert_eq!(bench.heard("between", "k"), [1], "{kind:?} may have seen 2");
    }
}

#[test]
fn a_computed_value_that_came_back_within_a_turn_is_not_told() {
    let bench = Bench::new(EngineKind::Signal);
    let parity = bench.store.computed(|state| k(state) % 2);
    let told = Arc::clone(&bench.told);
    let _subscription = parity
        .subscribe(move |value| {
            lock(&told).push(Told {
                to: "parity".to_owned(),
                key: "k".to_owned(),
                old: None,
                new: *value,
            });
        })
        .expect("the store is alive");
    bench.set("k", 1);
    assert_eq!(parity.get(), Some(1), "somebody looks in between");
    bench.set("k", 2);
    bench.store.flush();
    assert_eq!(bench.heard("parity", "k"), [0; 0]);
    bench.set("k", 3);
    bench.store.flush();
    assert_eq!(bench.heard("parity", "k"), [1]);
}

#[test]
fn a_flush_inside_of_a_batch_or_a_listener_takes_in_what_is_written_after_it() {
    let bench = Bench::new(EngineKind::Signal);
    bench.subscribe("last", Kind::All, Delivery::Batched, nothing());
    let written = bench.store.batch(|tx| {
        tx.flush();
        tx.set("k", 1)
    });
    assert_eq!(written, Ok(()));
    assert_eq!(bench.heard("last", "k"), [1]);

    let acting = bench.clone();
    let flush: Act = Arc::new(move |_, value| {
        if value == 2 {
            acting.store.flush();
            acting.set("other", 3);
        }
        Ok(())
    });
    bench.subscribe("actor", Kind::Key, Delivery::Sync, flush);
    bench.set("k", 2);
    assert_eq!(bench.heard("last", "k"), [1, 2]);
    assert_eq!(bench.heard("last", "other"), [3]);
    bench.store.dispose();
}

#[test]
fn a_turn_that_ends_keeps_no_track_of_keys_that_came_and_went() {
    each_engine(|bench| {
        let store = &bench.store;
        bench.subscribe("all", Kind::All, Delivery::Batched, nothing());
        // Back where it began within one turn.
        bench.set("k", 1);
        assert_eq!(store.delete("k"), Ok(true));
        // Taken back by a batch inside of a batch.
        let outer = store.batch(|tx| {
            let inner = tx.batch(|tx| {
                tx.set("k", 1)?;
                Err::<(), _>(StateError::abort("no"))
            });
            assert!(inner.is_err());
            Ok(())
        });
        assert_eq!(outer, Ok(()));
        // Removed when nobody waits for the end of the turn any more.
        bench.set("k", 1);
        bench.unsubscribe("all");
        assert_eq!(store.delete("k"), Ok(true));
        store.flush();
        assert_eq!(store.slot_count(), 0, "on {}", store.engine());
    });
}
