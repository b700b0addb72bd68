//! A write by a cursor takes the way of every write, and tells those who read what it changes.

use crate::support::{
    AddressStoreFields, Reader, Readers, USER, User, UserStoreFields, ada, on_every_engine,
    reports, runs, stored_ada, user,
};
use reactive_graph::{
    computed::ArcMemo,
    owner::Owner,
    traits::{Get, Set},
};
use reactive_stores::StoreFieldIterator;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use universal_state::{
    Change, Delivery, HistoryOptions, Middleware, StateError, SubscribeOptions, ToCursor,
    Transaction, Veto,
};

#[test]
fn a_write_tells_the_readers_of_its_place_and_no_others() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let readers = Readers::new(&user);
        let city = user.clone().address().city().cursor().unwrap();
        let score = |at: usize| user.clone().scores().at_unkeyed(at).cursor().unwrap();
        let cursors = [score(0), score(1)].map(|score| Reader::new(move || score.get()));
        for city_name in ["Paris", "Oslo", "Rome"] {
            city.set(city_name.into()).unwrap();
            assert_eq!((readers.runs(), runs(&cursors)), ([0, 0, 1, 0, 1], [0, 0]));
            assert_eq!(readers.whole.last().address.city, city_name);
        }
        for n in [7, 8] {
            score(1).set(n).unwrap();
            assert_eq!((readers.runs(), runs(&cursors)), ([0, 0, 0, 0, 1], [0, 1]));
            assert_eq!(cursors[1].last(), Some(n));
        }
        // What is part of the place.
        let address = user.clone().address().cursor().unwrap();
        address
            .update(|address| address.street = "Rue".into())
            .unwrap();
        assert_eq!(readers.runs(), [0, 0, 0, 1, 1]);
        // By another door.
        store.update(USER, |user| user.scores[0] = 9).unwrap();
        assert_eq!((readers.runs(), runs(&cursors)), ([0, 0, 0, 0, 1], [1, 0]));
    });
}

#[test]
fn an_equal_write_changes_nothing() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let readers = Readers::new(&user);
        let city = user.address().city().cursor().unwrap();
        let heard = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&heard);
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        let count = move |_: &_| {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let _subscription = store.subscribe_all(options, count).unwrap();
        let version = store.metadata().version;
        for _ in 0..3 {
            city.set("London".into()).unwrap();
            city.update(|_| {}).unwrap();
        }
        assert_eq!(
            (readers.runs(), store.metadata().version),
            ([0; 5], version)
        );
        city.set("Paris".into()).unwrap();
        city.set("Paris".into()).unwrap();
        assert_eq!(
            (heard.load(Ordering::Relaxed), store.metadata().version),
            (1, version + 1)
        );
    });
}

/// What somebody has seen stays as it was seen, whatever is kept for the next write.
#[test]
fn a_change_holds_what_was_and_what_is() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let city = user.address().city().cursor().unwrap();
        let changes: Arc<Mutex<Vec<Change>>> = Arc::default();
        let noted = Arc::clone(&changes);
        let note = move |_: Option<&_>, change: &Change| noted.lock().unwrap().push(change.clone());
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        let _subscription = store.subscribe_with(USER, options, note).unwrap();
        let snapshot = store.snapshot();
        for name in ["a", "b", "c", "d"] {
            city.set(name.into()).unwrap();
        }
        let city_of = |user: Option<User>| user.unwrap().address.city;
        let seen = std::mem::take(&mut *changes.lock().unwrap());
        let seen = seen
            .iter()
            .map(|change| (city_of(change.old()), city_of(change.new())));
        let expected = [("London", "a"), ("a", "b"), ("b", "c"), ("c", "d")];
        assert!(seen.eq(expected.map(|(old, new)| (old.to_owned(), new.to_owned()))));
        store
            .restore(&snapshot, universal_state::Restore::Replace)
            .unwrap();
        assert_eq!(
            (store.get(USER), city.get()),
            (Some(ada()), Some("London".into()))
        );
    });
}

/// Refuses users who live nowhere, and calls Peking by its name.
pub struct Cities;

impl Middleware for Cities {
    fn name(&self) -> &str {
        "cities"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        for write in transaction.writes_mut() {
            let Some(mut user) = write.new::<User>() else {
                continue;
            };
            match &*user.address.city {
                "" => return Err(Veto::new("a user lives somewhere")),
                "Peking" => {
                    user.address.city = "Beijing".into();
                    write.replace(user);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[test]
fn middleware_refuses_and_rewrites() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let readers = Readers::new(&user);
        let city = user.address().city().cursor().unwrap();
        city.set("Oslo".into()).unwrap();
        store.add_middleware(Cities);
        readers.runs();
        let refused = city.set(String::new());
        assert!(
            matches!(refused, Err(StateError::Vetoed { .. })),
            "{refused:?}"
        );
        let reported = reports(store);
        Set::set(&city, String::new());
        assert!(matches!(reported()[..], [StateError::Vetoed { .. }]));
        assert_eq!(
            (readers.runs(), city.get().as_deref()),
            ([0; 5], Some("Oslo"))
        );
        city.set("Peking".into()).unwrap();
        assert_eq!(
            (readers.runs(), readers.city.last()),
            ([0, 0, 1, 0, 1], "Beijing".into())
        );
        assert_eq!(city.get().as_deref(), Some("Beijing"));
    });
}

#[test]
fn in_a_batch_it_is_part_of_the_batch() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let readers = Readers::new(&user);
        let (city, name) = (
            user.clone().address().city().cursor().unwrap(),
            user.name().cursor().unwrap(),
        );
        city.set("Oslo".into()).unwrap();
        readers.runs();
        let version = store.metadata().version;
        let write = |end: Result<(), StateError>| {
            store.batch(|_| {
                city.set("Paris".into())?;
                name.set("Bea".into())?;
                assert_eq!(city.get().as_deref(), Some("Paris"));
                city.update(|city| city.push('!'))?;
                end
            })
        };
        assert!(write(Err(StateError::abort("no"))).is_err());
        assert_eq!(
            (city.get().as_deref(), name.get().as_deref()),
            (Some("Oslo"), Some("Ada"))
        );
        assert_eq!(
            (readers.runs(), store.metadata().version),
            ([0; 5], version)
        );
        write(Ok(())).unwrap();
        assert_eq!(
            (readers.runs(), store.metadata().version),
            ([1, 0, 1, 0, 1], version + 1)
        );
        assert_eq!(city.get().as_deref(), Some("Paris!"));
    });
}

#[test]
fn a_history_takes_it_back() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let history = store.history(HistoryOptions::new()).unwrap();
        let city = user.address().city().cursor().unwrap();
        for name in ["a", "b", "c"] {
            city.set(name.into()).unwrap();
        }
        history.undo().unwrap();
        assert_eq!(city.get().as_deref(), Some("b"));
        history.undo().unwrap();
        city.set("d".into()).unwrap();
        history.undo().unwrap();
        assert_eq!(city.get().as_deref(), Some("a"));
    });
}

#[test]
fn a_memo_follows_it() {
    on_every_engine(|store| {
        let score = stored_ada(store).scores().at_unkeyed(0).cursor().unwrap();
        let read = score.clone();
        let memo = ArcMemo::new(move |_| read.get().map(|n| n * 2));
        let read = score.clone();
        let computed = store.computed(move |_| read.get());
        for n in [3, 4] {
            score.set(n).unwrap();
            assert_eq!(
                (memo.get(), computed.get().flatten()),
                (Some(n * 2), Some(n))
            );
        }
    });
}

/// An effect that makes its cursor anew is told as one that has it.
#[test]
fn a_cursor_that_is_dropped_in_the_effect_that_read_it_still_tells_it() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let other = store.clone();
        let reader = Reader::new(move || user(&other).name().cursor().unwrap().get());
        for name in ["a", "b"] {
            store.update(USER, |user| user.name = name.into()).unwrap();
            assert_eq!((reader.runs(), reader.last().as_deref()), (1, Some(name)));
            store.update(USER, |user| user.email.push('x')).unwrap();
            assert_eq!(reader.runs(), 0);
        }
    });
}

#[test]
fn it_outlives_its_owner_and_keeps_no_key() {
    on_every_engine(|store| {
        let owner = Owner::new();
        let name = owner.with(|| stored_ada(store).name().cursor().unwrap());
        owner.cleanup();
        name.set("Bea".into()).unwrap();
        assert_eq!(name.get().as_deref(), Some("Bea"));
        store.delete("user").unwrap();
        assert_eq!(name.get().as_deref(), Some(""), "that of the default");
    });
}
