//! A store is shared between threads: nothing is lost, nothing is torn, nothing locks up.
//!
//! What the threads do follows from a seed, which a failure prints; `UNIVERSAL_STATE_SEED` sets it
//! and `UNIVERSAL_STATE_CASES` how much each of them does. How they meet is up to the machine.

#[path = "threads/loading.rs"]
mod loading;
#[path = "seeded/variable.rs"]
mod variable;

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, Hasher, RandomState},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};
use universal_state::{
    Access, Change, ChangeSet, Computed, Delivery, EngineKind, Handle, Key, KeyFault, Landing,
    LoadPhase, LoadStatus, Log, Metadata, Mfe, MfeInfo, Middleware, MiddlewareId, Mismatch,
    Monitor, Origin, Pattern, RegisteredComputed, Request, Restore, Scope, SharedAccess, Snapshot,
    StateError, Store, StoreBuilder, SubscribeOptions, Subscription, Transaction, Validate, Value,
    Veto, View, Warning, Write,
};
use variable::variable;

const THREADS: usize = 8;
const KEYS: [&str; 6] = ["a", "b", "c", "row:1", "row:2", "row:3"];

/// C-SEND-SYNC of the Rust API Guidelines: whatever is public can be shared and sent.
const _: () = {
    const fn shared<T: Send + Sync + ?Sized>() {}
    shared::<(Store, StoreBuilder, View, Scope, Handle<i32>, Key<i32>)>();
    shared::<(
        Computed<i32>,
        Computed<String>,
        RegisteredComputed,
        Subscription,
        SubscribeOptions,
    )>();
    shared::<(
        Snapshot,
        Value,
        Change,
        ChangeSet,
        Origin,
        Metadata,
        Delivery,
    )>();
    shared::<(
        Transaction,
        Write,
        Veto,
        MiddlewareId,
        Log,
        Monitor,
        Validate,
    )>();
    shared::<(StateError, KeyFault, Access, Mismatch, Warning, EngineKind)>();
    shared::<(Request<i32>, Landing, LoadPhase, LoadStatus)>();
    shared::<(Mfe, MfeInfo, SharedAccess, Pattern, Restore)>();
    shared::<dyn Middleware>();
    #[cfg(feature = "collections")]
    shared::<(
        universal_state::OrdMap<i32, i32>,
        universal_state::OrdSet<i32>,
        universal_state::MapHandle<i32, i32>,
        universal_state::SetHandle<i32>,
    )>();
    // A key names its type and holds nothing of it.
    shared::<Key<std::rc::Rc<()>>>();
};

/// How much each thread does.
fn cases() -> usize {
    variable("UNIVERSAL_STATE_CASES").map_or(500, |n| n as usize)
}

/// The seed of a test, printed so that a failure can be replayed.
fn seed() -> u64 {
    let seed = variable("UNIVERSAL_STATE_SEED")
        .unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("UNIVERSAL_STATE_SEED={seed}");
    seed
}

/// Numbers that follow from a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }
}

/// A store on each engine in turn.
fn on_every_engine(test: impl Fn(Store)) {
    for kind in EngineKind::ALL {
        test(Store::builder().engine(*kind).build());
    }
}

/// Runs in several threads at once.
fn in_threads(work: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for at in 0..THREADS {
            let work = &work;
            scope.spawn(move || work(at));
        }
    });
}

fn sync() -> SubscribeOptions {
    SubscribeOptions::new().delivery(Delivery::Sync)
}

/// Runs a batch until no other thread comes between.
fn insist<R>(store: &Store, f: impl Fn(&View) -> Result<R, StateError>) -> R {
    loop {
        match store.batch(&f) {
            Err(StateError::Conflict { .. }) => {}
            result => return result.unwrap(),
        }
    }
}

/// What a listener was told, put together to a state.
#[derive(Clone, Default)]
struct Mirror(Arc<Mutex<BTreeMap<String, usize>>>);

impl Mirror {
    fn of(store: &Store, options: SubscribeOptions) -> (Self, Subscription) {
        let mirror = Self::default();
        let inside = mirror.clone();
        let alone = AtomicBool::new(true);
        let listener = move |changes: &ChangeSet| {
            assert!(alone.swap(false, SeqCst), "two threads deliver at once");
            for change in changes {
                inside.apply(change);
            }
            alone.store(true, SeqCst);
        };
        let subscription = store.subscribe_all(options, listener).unwrap();
        (mirror, subscription)
    }

    /// Each change begins where the last one of its key ended.
    fn apply(&self, change: &Change) {
        let mut state = self.0.lock().unwrap();
        let old = match change.new() {
            Some(new) => state.insert(change.key().to_owned(), new),
            None => state.remove(change.key()),
        };
        assert_eq!(old, change.old(), "{change:?}");
    }

    fn state(&self) -> BTreeMap<String, usize> {
        self.0.lock().unwrap().clone()
    }
}

fn contents(snapshot: &Snapshot) -> BTreeMap<String, usize> {
    let entries = snapshot.iter();
    entries
        .map(|(key, value)| (key.to_owned(), value.to().unwrap()))
        .collect()
}

#[test]
fn no_update_is_lost() {
    on_every_engine(|store| {
        in_threads(|at| {
            let handle = store.handle::<usize>("n").unwrap();
            for n in 0..cases() {
                match (at + n) % 3 {
                    0 => store.update_or("n", 0, |n: &mut usize| *n += 1).unwrap(),
                    1 => handle.update_or(0, |n| *n += 1).unwrap(),
                    _ => insist(&store, |tx| {
                        let n: usize = tx.get("n").unwrap_or(0);
                        tx.set("n", n + 1)
                    }),
                }
            }
        });
        assert_eq!(store.get("n"), Some(THREADS * cases()));
        assert_eq!(store.metadata().version, (THREADS * cases()) as u64);
    });
}

#[test]
fn no_snapshot_and_no_listener_sees_half_of_a_batch() {
    const SUM: i64 = 1000;
    on_every_engine(|store| {
        store.set_many([("a", SUM), ("b", 0)]).unwrap();
        let whole = |snapshot: &Snapshot| {
            let of = |key| snapshot.get::<i64>(key).unwrap();
            assert_eq!(of("a") + of("b"), SUM);
        };
        let _all = store.subscribe_all(sync(), |changes: &ChangeSet| {
            let sum = |of: fn(&Change) -> Option<i64>| changes.iter().filter_map(of).sum::<i64>();
            assert_eq!((changes.len(), sum(Change::new)), (2, SUM));
        });
        in_threads(|at| {
            for n in 0..cases() {
                if at % 2 == 0 {
                    insist(&store, |tx| {
                        let [a, b] = ["a", "b"].map(|key| tx.get::<i64>(key).unwrap());
                        tx.set_many([("a", a - 1 - n as i64), ("b", b + 1 + n as i64)])
                    });
                } else {
                    whole(&store.snapshot());
                }
            }
        });
        whole(&store.snapshot());
        assert_eq!(store.error_count(), 0, "a listener that panics is reported");
    });
}

#[test]
fn what_was_told_adds_up_to_what_is_stored() {
    on_every_engine(|store| {
        let (each, _each) = Mirror::of(&store, sync());
        let (turns, _turns) = Mirror::of(&store, SubscribeOptions::new());
        let seed = seed();
        let total = store.register_computed("total", |view| {
            let of = |key| view.get::<usize>(key).unwrap_or(0);
            KEYS.into_iter().map(of).sum::<usize>() + of("twice")
        });
        in_threads(|at| {
            let mut random = Random(seed.wrapping_add(at as u64));
            for _ in 0..cases() {
                meddle(&store, &mut random);
            }
        });
        store.flush();
        let stored = contents(&store.snapshot());
        assert_eq!(each.state(), stored, "seed {seed}");
        assert_eq!(turns.state(), stored, "seed {seed}");
        let sum: usize = KEYS.into_iter().filter_map(|key| stored.get(key)).sum();
        assert_eq!(stored["total"], sum, "seed {seed}");
        let keys: Vec<_> = stored.into_keys().collect();
        assert_eq!(
            (store.keys(), store.len()),
            (keys.clone(), keys.len()),
            "seed {seed}"
        );
        assert!(store.mfes().is_empty(), "every scope was dropped");
        assert_eq!(
            (store.listener_count(), store.error_count()),
            (2, 0),
            "seed {seed}"
        );
        drop(total);
        // Where two threads let go of a key at once, whoever comes next gives it up.
        for key in KEYS.into_iter().chain(["@x/own", "@y/own", "@z/own"]) {
            store.delete(key).unwrap();
        }
        store.flush();
        drop(store.snapshot());
        assert_eq!(store.slot_count(), 0, "seed {seed}");
    });
}

/// Does one thing or another.
fn meddle(store: &Store, random: &mut Random) {
    let key = KEYS[random.below(KEYS.len())];
    let n = random.below(5);
    match random.below(18) {
        0..4 => store.set(key, n).unwrap(),
        4..6 => drop(store.delete(key).unwrap()),
        6 => drop(store.update(key, |n: &mut usize| *n += 1).unwrap()),
        7 => insist(store, |tx| {
            let sum = tx.get::<usize>("a").unwrap_or(0) + n;
            tx.set("b", sum)?;
            tx.delete(key).map(drop)
        }),
        8 => store.set_many([("a", n), ("b", n), (key, n)]).unwrap(),
        9 => {
            let result = store.batch(|tx| {
                tx.set(key, n)?;
                Err::<(), _>(StateError::abort("no"))
            });
            assert_eq!(result, Err(StateError::abort("no")));
        }
        10 => {
            let snapshot = store.snapshot();
            if n == 0 {
                store.restore(&snapshot, Restore::Merge).unwrap();
            }
            assert!(snapshot.len() <= 6 + 3 + 2 && store.keys().len() <= 6 + 3 + 2);
            if let Some(total) = snapshot.get::<usize>("total") {
                let known = KEYS.into_iter().chain(["twice"]);
                let sum: usize = known.filter_map(|key| snapshot.get::<usize>(key)).sum();
                assert_eq!(total, sum, "all of one version");
            }
        }
        11 => {
            let pattern = Pattern::glob("row:*").unwrap();
            let noop = |_: &ChangeSet| ();
            let _key = store.subscribe_with(key, sync(), |_: Option<&usize>, _: &Change| ());
            let _rows = store.subscribe_pattern(pattern, SubscribeOptions::new(), noop);
            let sum = store.computed(|view| view.get("a").unwrap_or(0) + view.keys().len());
            let _sum = sum.subscribe(|_: &usize| ());
            store.set(key, n).unwrap();
            assert!(sum.get().is_some());
        }
        12 => store
            .set_engine(EngineKind::ALL[n % EngineKind::ALL.len()])
            .unwrap(),
        13 => match store.register_mfe(MfeInfo::new(["x", "y", "z"][n % 3], "test", "1")) {
            Ok(scope) => {
                scope.set("own", n).unwrap();
            }
            Err(error) => assert!(matches!(error, StateError::MfeTaken { .. }), "{error}"),
        },
        14 => {
            let handle = store.handle::<usize>(key).unwrap();
            handle.set(n).unwrap();
            assert!(handle.try_get().is_ok());
        }
        15 | 16 => {
            let twice = |view: &View| view.get::<usize>("a").unwrap_or(0) * 2;
            match store.register_computed("twice", twice) {
                Ok(_registered) => {
                    let listener = |_: Option<&usize>, _: &Change| ();
                    let _twice = store.subscribe_with("twice", sync(), listener).unwrap();
                    store.set("a", n).unwrap();
                    assert!(
                        store
                            .get("twice")
                            .is_some_and(|n: usize| n.is_multiple_of(2))
                    );
                    assert!(matches!(
                        store.set("twice", 1),
                        Err(StateError::ReadOnly { .. })
                    ));
                }
                Err(error) => assert!(matches!(error, StateError::KeyTaken { .. }), "{error}"),
            }
        }
        _ => store.flush(),
    }
}

#[test]
fn a_key_that_a_batch_has_read_must_not_change_elsewhere() {
    let conflict = |key: &str| Err(StateError::Conflict { key: key.into() });
    let elsewhere = |store: &Store, write: fn(&Store) -> Result<(), StateError>| {
        thread::scope(|scope| scope.spawn(|| write(store).unwrap()).join().unwrap());
    };
    on_every_engine(|store| {
        store.set_many([("n", 1), ("m", 1)]).unwrap();
        let read = store.batch(|tx| {
            let n: i32 = tx.get("n").unwrap();
            elsewhere(&store, |store| store.set("n", 5));
            tx.set("m", n + 1)
        });
        assert_eq!((read, store.get("m")), (conflict("n"), Some(1)));

        let updated = store.batch(|tx| {
            tx.update("n", |n: &mut i32| *n += 1)?;
            elsewhere(&store, |store| store.set("n", 7));
            Ok(())
        });
        assert_eq!((updated, store.get("n")), (conflict("n"), Some(7)));

        let missing = store.batch(|tx| {
            assert_eq!(tx.get::<i32>("new"), None);
            elsewhere(&store, |store| store.set("new", 1));
            tx.set("new", 2)
        });
        assert_eq!((missing, store.get("new")), (conflict("new"), Some(1)));

        let blind = store.batch(|tx| {
            tx.set("n", 8)?;
            elsewhere(&store, |store| store.set("n", 9));
            assert_eq!(tx.get("n"), Some(8), "its own write");
            tx.set("m", 8)
        });
        assert_eq!(
            (blind, store.get("n"), store.get("m")),
            (Ok(()), Some(8), Some(8))
        );

        let same = store.batch(|tx| {
            let n: i32 = tx.get("n").unwrap();
            elsewhere(&store, |store| store.set("n", 9));
            tx.set("n", n + 1)
        });
        assert_eq!(
            (same, store.get("n")),
            (conflict("n"), Some(9)),
            "one of two increments"
        );

        let cleared = store.batch(|tx| {
            tx.clear()?;
            elsewhere(&store, |store| store.set("n", 10));
            Ok(())
        });
        assert_eq!((cleared, store.len()), (Ok(()), 0), "whatever was there");

        store.set("n", 9).unwrap();
        let unrelated = store.batch(|tx| {
            let n: i32 = tx.get("n").unwrap();
            elsewhere(&store, |store| store.set("m", 1));
            tx.set("new", n)
        });
        assert_eq!((unrelated, store.get("new")), (Ok(()), Some(9)));
    });
}

#[test]
fn a_key_that_a_batch_has_written_may_be_registered_elsewhere() {
    on_every_engine(|store| {
        let registered = Mutex::new(None);
        let written = store.batch(|tx| {
            tx.set_many([("n", 1), ("total", 1)])?;
            thread::scope(|scope| {
                scope.spawn(|| {
                    let total = store.register_computed("total", |_| 7).unwrap();
                    *registered.lock().unwrap() = Some(total);
                });
            });
            Ok(())
        });
        let key = "total".to_owned();
        let by = "the store's owner".to_owned();
        assert_eq!(written, Err(StateError::ReadOnly { key, by }));
        assert_eq!((store.get::<i32>("n"), store.get("total")), (None, Some(7)));
    });
}

#[test]
fn nobody_sees_a_value_computed_from_half_of_a_batch() {
    on_every_engine(|store| {
        let is_whole = |view: &View| view.get::<usize>("a") == view.get::<usize>("b");
        let _whole = store.register_computed("whole", is_whole).unwrap();
        let plain = store.computed(is_whole);
        let (here, first) = (store.clone(), AtomicBool::new(true));
        let both = store.computed(move |view| {
            let a: Option<usize> = view.get("a");
            if first.swap(false, SeqCst) {
                let write = || here.set_many([("a", 1_usize), ("b", 1)]);
                thread::scope(|scope| scope.spawn(write).join().unwrap()).unwrap();
            }
            (a, view.get::<usize>("b"))
        });
        assert_eq!(both.get(), Some((Some(1), Some(1))));
        in_threads(|at| {
            for n in 0..cases() {
                if at % 4 == 0 {
                    store.set_many([("a", at * n), ("b", at * n)]).unwrap();
                } else {
                    assert_eq!(store.get("whole"), Some(true));
                    assert_eq!(plain.get(), Some(true));
                    assert_eq!(store.snapshot().get("whole"), Some(true));
                }
            }
        });
    });
}

#[test]
fn an_id_is_given_to_one_of_those_who_ask_at_once() {
    on_every_engine(|store| {
        let won = AtomicUsize::new(0);
        let scopes = Mutex::new(Vec::new());
        in_threads(|at| {
            let info = MfeInfo::new("shop", "test", at.to_string());
            if let Ok(scope) = store.register_mfe(info) {
                won.fetch_add(1, SeqCst);
                scopes.lock().unwrap().push(scope);
            }
        });
        assert_eq!((won.into_inner(), store.mfes().len()), (1, 1));
    });
}

#[test]
fn a_computed_value_is_right_whoever_asks() {
    on_every_engine(|store| {
        let double = store.computed(|view| view.get("n").unwrap_or(0_usize) * 2);
        let inner = double.clone();
        let next = store.computed(move |_| inner.get().unwrap_or(0) + 1);
        in_threads(|at| {
            for _ in 0..cases() {
                if at % 2 == 0 {
                    store.update_or("n", 0, |n: &mut usize| *n += 1).unwrap();
                } else {
                    assert_eq!(next.get().unwrap() % 2, 1);
                }
            }
        });
        let n = THREADS / 2 * cases();
        assert_eq!((double.get(), next.get()), (Some(n * 2), Some(n * 2 + 1)));
    });
}
