//! The fields of a value: which readers run, counted, whatever door a write comes through.
#![cfg(feature = "fields")]

use any_spawner::Executor;
use reactive_graph::{
    effect::Effect,
    owner::Owner,
    traits::{Get, GetUntracked, Read, ReadUntracked, Set, Update, Write},
};
use reactive_stores::{OptionStoreExt, Store as Derive, StoreFieldIterator};
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use universal_state::{
    ArcFields, Delivery, Diff, EngineKind, Key, Middleware, Restore, StateError, Store,
    SubscribeOptions, Transaction, Veto,
};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct User {
    name: String,
    email: String,
    address: Address,
    nick: Option<String>,
    scores: Vec<i32>,
    #[store(key: u32 = |row| row.id)]
    rows: Vec<Row>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Address {
    city: String,
    street: String,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Row {
    id: u32,
    label: String,
}

const USER: Key<User> = Key::new("user");

fn row(id: u32) -> Row {
    Row {
        id,
        label: format!("row {id}"),
    }
}

fn ada() -> User {
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
fn on_every_engine(case: impl Fn(&Store)) {
    // Only the first call of the process can set it.
    let _ = Executor::init_futures_executor();
    for engine in EngineKind::ALL {
        let owner = Owner::new();
        owner.with(|| case(&Store::builder().engine(*engine).on_error(|_| {}).build()));
    }
}

/// Counts the runs of an effect that reads something, and notes what it read last.
struct Reader<T> {
    runs: Arc<AtomicUsize>,
    last: Arc<Mutex<Option<T>>>,
}

impl<T: Clone + Send + 'static> Reader<T> {
    fn new(read: impl Fn() -> T + 'static) -> Self {
        let runs: Arc<AtomicUsize> = Arc::default();
        let last: Arc<Mutex<Option<T>>> = Arc::default();
        let (counted, noted) = (Arc::clone(&runs), Arc::clone(&last));
        Effect::new(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            *noted.lock().unwrap() = Some(read());
        });
        Executor::poll_local();
        let reader = Self { runs, last };
        assert_eq!(reader.runs(), 1, "an effect runs once when it is made");
        reader
    }

    /// How often it ran since the last call.
    fn runs(&self) -> usize {
        Executor::poll_local();
        self.runs.swap(0, Ordering::Relaxed)
    }

    fn last(&self) -> T {
        Executor::poll_local();
        self.last.lock().unwrap().clone().expect("the effect ran")
    }
}

fn user(store: &Store) -> ArcFields<User> {
    store.fields_or(USER, User::default()).unwrap()
}

/// Readers of a name, an e-mail address, a city, a street, and of the whole.
struct Readers {
    name: Reader<String>,
    email: Reader<String>,
    city: Reader<String>,
    street: Reader<String>,
    whole: Reader<User>,
}

impl Readers {
    fn new(fields: &ArcFields<User>) -> Self {
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
    fn runs(&self) -> [usize; 5] {
        [&self.name, &self.email, &self.city, &self.street]
            .map(Reader::runs)
            .into_iter()
            .chain([self.whole.runs()])
            .collect::<Vec<_>>()
            .try_into()
            .unwrap()
    }
}

/// What happens at every door, and the readers that it runs.
#[test]
fn only_the_readers_of_what_differs_run_whatever_the_door() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let fields = user(store);
        let readers = Readers::new(&fields);

        fields.clone().name().set("Grace".into());
        assert_eq!(readers.runs(), [1, 0, 0, 0, 1], "a field");
        fields.clone().address().city().set("Paris".into());
        assert_eq!(readers.runs(), [0, 0, 1, 0, 1], "a nested field");
        store.update(USER, |user| user.email.push('!')).unwrap();
        assert_eq!(readers.runs(), [0, 1, 0, 0, 1], "an update of the whole");
        store.set(USER, ada()).unwrap();
        assert_eq!(readers.runs(), [1, 1, 1, 0, 1], "a whole value");
        let snapshot = store.snapshot();
        store
            .batch(|tx| {
                tx.update(USER, |user| user.name = "Joan".into())?;
                tx.update(USER, |user| user.address.street = "Rue".into())
            })
            .unwrap();
        assert_eq!(readers.runs(), [1, 0, 0, 1, 1], "a batch");
        store.restore(&snapshot, Restore::Replace).unwrap();
        assert_eq!(
            readers.runs(),
            [1, 0, 0, 1, 1],
            "a snapshot that is restored"
        );
        let engines = EngineKind::ALL.iter().cycle().skip(1).take(3);
        for engine in engines {
            store.set_engine(*engine).unwrap();
        }
        assert_eq!(readers.runs(), [0; 5], "an exchange of the engine");
        fields.name().set("Edith".into());
        assert_eq!(readers.runs(), [1, 0, 0, 0, 1], "a field on another engine");
        assert_eq!(readers.whole.last(), store.get(USER).unwrap());
    });
}

#[cfg(feature = "json")]
#[test]
fn json_and_pointers_move_fields_too() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let readers = Readers::new(&user(store));
        store
            .set_at("user", "/address/city", "Oslo".to_owned())
            .unwrap();
        assert_eq!(readers.runs(), [0, 0, 1, 0, 1]);
        let mut json = (*store.try_get_json("user").unwrap().unwrap()).clone();
        json["name"] = "Grace".into();
        store.set_json("user", json).unwrap();
        assert_eq!(readers.runs(), [1, 0, 0, 0, 1]);
        assert_eq!(readers.name.last(), "Grace");
    });
}

#[test]
fn an_equal_write_runs_nobody() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let readers = Readers::new(&user(store));
        store.set(USER, ada()).unwrap();
        store.update(USER, |user| user.name = "Ada".into()).unwrap();
        assert_eq!(readers.runs(), [0; 5]);
        assert_eq!(store.metadata().version, 1);
    });
}

#[test]
fn a_field_of_a_missing_key_reads_the_default_and_can_be_written() {
    on_every_engine(|store| {
        let fields = user(store);
        let readers = Readers::new(&fields);
        assert_eq!(readers.name.last(), "");
        assert!(store.is_empty());
        fields.clone().name().set("Ada".into());
        assert_eq!(readers.runs(), [1, 0, 0, 0, 1]);
        assert_eq!(
            store.get(USER).map(|user| user.name).as_deref(),
            Some("Ada")
        );
        store.delete("user").unwrap();
        assert_eq!(readers.runs(), [1, 0, 0, 0, 1], "deleted");
        assert_eq!(readers.name.last(), "");
        store.set(USER, ada()).unwrap();
        assert_eq!(readers.runs(), [1, 1, 1, 1, 1], "made again");
        drop((readers, fields));
        store.delete("user").unwrap();
    });
}

#[test]
fn without_a_default_a_missing_key_is_none() {
    on_every_engine(|store| {
        let fields = store.fields(USER).unwrap();
        let (is_some, name) = (fields.clone(), fields.clone());
        let is_some = Reader::new(move || is_some.read().is_some());
        let name = Reader::new(move || name.clone().map(|user| user.name().get()));
        assert_eq!((is_some.last(), name.last()), (false, None));

        fields.set(Some(ada()));
        assert_eq!((is_some.runs(), name.runs()), (1, 1));
        assert_eq!(name.last().as_deref(), Some("Ada"));
        assert_eq!(store.get(USER), Some(ada()));

        fields.clone().unwrap().name().set("Grace".into());
        assert_eq!(name.last().as_deref(), Some("Grace"));
        assert_eq!(store.get(USER).unwrap().name, "Grace");

        fields.set(None);
        assert!(!store.has("user"));
        assert_eq!((is_some.last(), name.last()), (false, None));
    });
}

#[test]
fn an_optional_field_comes_and_goes() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let fields = user(store);
        let (nick, name) = (fields.clone(), fields.clone());
        let nick = Reader::new(move || nick.clone().nick().get());
        let name = Reader::new(move || name.clone().name().get());
        for next in [Some("Countess"), Some("Ada"), None] {
            store
                .update(USER, |user| user.nick = next.map(str::to_owned))
                .unwrap();
            assert_eq!((nick.runs(), name.runs()), (1, 0));
            assert_eq!(nick.last().as_deref(), next);
        }
        fields.nick().set(Some("A".into()));
        assert_eq!((nick.runs(), name.runs()), (1, 0));
    });
}

#[test]
fn an_item_by_index_is_a_field() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let fields = user(store);
        let item = |at: usize| {
            let fields = fields.clone();
            Reader::new(move || fields.clone().scores().at_unkeyed(at).get())
        };
        let items = [item(0), item(1), item(2)];
        let runs = || items.each_ref().map(Reader::runs);
        fields.clone().scores().at_unkeyed(1).set(20);
        assert_eq!(runs(), [0, 1, 0]);
        store.update(USER, |user| user.scores[2] = 30).unwrap();
        assert_eq!(runs(), [0, 0, 1]);
        assert_eq!(store.get(USER).unwrap().scores, [1, 20, 30]);
    });
}

#[test]
fn the_rows_of_a_keyed_collection_keep_their_identity() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let fields = user(store);
        let list = fields.clone();
        let list = Reader::new(move || {
            let rows = list.clone().rows().into_iter();
            rows.map(|row| row.id().get_untracked()).collect::<Vec<_>>()
        });
        let label = |id: u32| {
            let fields = fields.clone();
            Reader::new(move || fields.clone().rows().at_key(id).label().get())
        };
        let labels = [label(1), label(2), label(3)];
        let runs = || labels.each_ref().map(Reader::runs);

        store
            .update(USER, |user| user.rows[1].label = "two".into())
            .unwrap();
        assert_eq!((runs(), labels[1].last().as_str()), ([0, 1, 0], "two"));
        fields.clone().rows().at_key(3).label().set("three".into());
        assert_eq!((runs(), labels[2].last().as_str()), ([0, 0, 1], "three"));
        assert_eq!(store.get(USER).unwrap().rows[2].label, "three");
        list.runs();

        store.update(USER, |user| user.rows.swap(0, 2)).unwrap();
        assert_eq!(list.runs(), 1, "a new order is a change of the list");
        assert_eq!(list.last(), [3, 2, 1]);
        assert_eq!(runs(), [0, 0, 0], "and of no row");

        store
            .update(USER, |user| user.rows.insert(0, row(9)))
            .unwrap();
        assert_eq!((list.last(), runs()), (vec![9, 3, 2, 1], [0, 0, 0]));
        store
            .update(USER, |user| user.rows[3].label = "one".into())
            .unwrap();
        assert_eq!((runs(), labels[0].last().as_str()), ([1, 0, 0], "one"));
    });
}

/// Refuses users without a name.
struct Named;

impl Middleware for Named {
    fn name(&self) -> &str {
        "named"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        match transaction
            .writes()
            .iter()
            .filter_map(|write| write.new())
            .all(|user: User| !user.name.is_empty())
        {
            true => Ok(()),
            false => Err(Veto::new("a user has a name")),
        }
    }
}

#[test]
fn a_veto_restores_the_field_and_is_reported() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        store.add_middleware(Named);
        let reported = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&reported);
        store.set_reporter(move |error| sink.lock().unwrap().push(error.clone()));
        let fields = user(store);
        let name = fields.clone();
        let name = Reader::new(move || name.clone().name().get());
        fields.clone().name().set(String::new());
        assert_eq!(name.last(), "Ada");
        assert_eq!(fields.name().get_untracked(), "Ada");
        assert_eq!(store.get(USER), Some(ada()));
        assert!(matches!(
            reported.lock().unwrap()[..],
            [StateError::Vetoed { .. }]
        ));
    });
}

#[test]
fn a_value_that_middleware_rewrites_is_what_the_fields_show() {
    struct Trim;
    impl Middleware for Trim {
        fn name(&self) -> &str {
            "trim"
        }
        fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
            for write in transaction.writes_mut() {
                if let Some(mut user) = write.new::<User>() {
                    user.name = user.name.trim().to_owned();
                    user.email = user.email.to_lowercase();
                    write.replace(user);
                }
            }
            Ok(())
        }
    }
    on_every_engine(|store| {
        store.add_middleware(Trim);
        store.set(USER, ada()).unwrap();
        let fields = user(store);
        let readers = Readers::new(&fields);
        fields.clone().name().set(" Grace ".into());
        assert_eq!(readers.name.last(), "Grace");
        assert_eq!(store.get(USER).unwrap().name, "Grace");
        fields.email().set("GRACE@example.org".into());
        assert_eq!(readers.email.last(), "grace@example.org");
    });
}

#[test]
fn a_batch_that_fails_leaves_the_fields_as_they_were() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let fields = user(store);
        let readers = Readers::new(&fields);
        let failed: Result<(), _> = store.batch(|_| {
            fields.clone().name().set("Grace".into());
            assert_eq!(fields.clone().name().get_untracked(), "Grace");
            Err(StateError::abort("no"))
        });
        assert!(failed.is_err());
        assert_eq!(readers.name.last(), "Ada");
        assert_eq!(fields.name().get_untracked(), "Ada");
        assert_eq!(store.get(USER), Some(ada()));
    });
}

#[test]
fn a_batch_of_field_writes_is_one_transaction() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let fields = user(store);
        let readers = Readers::new(&fields);
        let sets = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sets);
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        let _subscription = store
            .subscribe_all(options, move |changes| {
                assert_eq!(changes.len(), 1);
                counted.fetch_add(1, Ordering::Relaxed);
            })
            .unwrap();
        store
            .batch(|_| {
                fields.clone().name().set("Grace".into());
                fields.clone().address().city().set("New York".into());
                Ok(())
            })
            .unwrap();
        assert_eq!(sets.load(Ordering::Relaxed), 1);
        assert_eq!(readers.runs(), [1, 0, 1, 0, 1]);
        let stored = store.get(USER).unwrap();
        assert_eq!(
            (stored.name.as_str(), stored.address.city.as_str()),
            ("Grace", "New York")
        );
    });
}

#[cfg(feature = "json")]
#[test]
fn guards_that_overlap_keep_what_each_wrote() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let fields = user(store);
        let readers = Readers::new(&fields);
        let (name_field, city_field) = (fields.clone().name(), fields.clone().address().city());
        let mut name = name_field.write();
        let mut city = city_field.write();
        *name = "Grace".into();
        *city = "Paris".into();
        store
            .update(USER, |user| user.email = "new@example.org".into())
            .unwrap();
        drop(name);
        drop(city);
        let stored = store.get(USER).unwrap();
        assert_eq!(stored.name, "Grace");
        assert_eq!(stored.address.city, "Paris");
        assert_eq!(stored.email, "new@example.org");
        assert_eq!(readers.whole.last(), stored);
        assert_eq!(readers.email.last(), "new@example.org");
    });
}

#[test]
fn the_value_and_its_fields_never_disagree_within_a_turn() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let fields = user(store);
        let by_field = fields.clone();
        let same_store = store.clone();
        let pair = Reader::new(move || {
            let name = by_field.clone().name().get();
            (name, same_store.get(USER).unwrap().name)
        });
        for n in 0..5 {
            if n % 2 == 0 {
                fields.clone().name().set(n.to_string());
            } else {
                store
                    .update(USER, |user| user.name = n.to_string())
                    .unwrap();
            }
            let (field, whole) = pair.last();
            assert_eq!(field, whole);
            assert_eq!(field, n.to_string());
        }
    });
}

#[test]
fn readers_of_one_type_share_a_graph_and_leave_nothing_behind() {
    on_every_engine(|store| {
        for _ in 0..100 {
            let (a, b) = (user(store), user(store));
            assert_eq!(a.name().read_untracked().as_str(), "");
            drop(b);
        }
    });
}

#[test]
fn a_field_can_be_updated_in_place() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let fields = user(store);
        let scores = fields.clone();
        let scores = Reader::new(move || scores.clone().scores().get());
        fields.clone().scores().update(|scores| scores.push(4));
        assert_eq!((scores.runs(), scores.last()), (1, vec![1, 2, 3, 4]));
        fields.clone().scores().write().remove(0);
        assert_eq!((scores.runs(), scores.last()), (1, vec![2, 3, 4]));
        fields.scores().set(vec![2, 9, 4]);
        assert_eq!((scores.runs(), scores.last()), (1, vec![2, 9, 4]));
        assert_eq!(store.get(USER).unwrap().scores, [2, 9, 4]);
    });
}

#[test]
fn fields_that_are_made_for_one_look_go_on_telling() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let given = store.clone();
        let name = Reader::new(move || user(&given).name().get());
        for n in 0..3 {
            store
                .update(USER, |user| user.name = n.to_string())
                .unwrap();
            assert_eq!((name.runs(), name.last()), (1, n.to_string()));
            store
                .update(USER, |user| user.email = n.to_string())
                .unwrap();
            assert_eq!(name.runs(), 0);
        }
    });
}
