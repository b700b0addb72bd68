//! A write of a field takes the way of every write: middleware, listeners, batches.

use crate::support::*;
use reactive_graph::{
    computed::ArcMemo,
    traits::{Get, GetUntracked, Read, ReadUntracked, Set, Update, Write},
};
use std::sync::{Arc, Mutex};
use universal_state::{
    Change, ChangeSet, Delivery, Middleware, Origin, Pattern, StateError, Store, SubscribeOptions,
    Transaction, Veto,
};

/// Refuses users without a name.
struct Named;

impl Middleware for Named {
    fn name(&self) -> &str {
        "named"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        let mut users = transaction.writes().iter().filter_map(|write| write.new());
        match users.all(|user: User| !user.name.is_empty()) {
            true => Ok(()),
            false => Err(Veto::new("a user has a name")),
        }
    }
}

#[test]
fn a_veto_leaves_the_field_as_it_was_and_is_reported() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        store.add_middleware(Named);
        let reported = reports(store);
        let readers = Readers::new(&fields);
        fields.clone().name().set(String::new());
        assert_eq!(
            (readers.name.last().as_str(), readers.runs()),
            ("Ada", [0; 5])
        );
        assert_eq!(fields.clone().name().get_untracked(), "Ada");
        assert_eq!(store.get(USER), Some(ada()));
        assert!(matches!(reported()[..], [StateError::Vetoed { .. }]));
        let vetoed = fields.try_update(|user| user.name.clear());
        assert!(matches!(vetoed, Err(StateError::Vetoed { .. })));
        assert!(reported().is_empty(), "the caller was told");
    });
}

/// One of several writes is refused; those before and after it stand.
#[test]
fn a_veto_in_the_middle_refuses_that_write_alone() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        store.add_middleware(Named);
        let readers = Readers::new(&fields);
        let row = fields.clone();
        let row = Reader::new(move || row.clone().rows().at_key(3).label().get());
        fields.clone().email().set("new".into());
        fields.clone().update(|user| {
            user.name.clear();
            user.rows.rotate_left(1);
        });
        fields.clone().address().city().set("Paris".into());
        assert_eq!((readers.runs(), row.runs()), ([0, 1, 1, 0, 1], 0));
        fields.clone().rows().at_key(3).label().set("three".into());
        assert_eq!(
            (row.runs(), store.get(USER).unwrap().rows[2].label.as_str()),
            (1, "three")
        );
        // In a batch it refuses all.
        let refused = store.batch(|_| {
            fields.clone().email().set("lost".into());
            fields.clone().rows().write().rotate_left(1);
            fields.clone().name().set(String::new());
            fields.clone().rows().at_key(1).label().set("lost".into());
            Ok(())
        });
        assert!(matches!(refused, Err(StateError::Vetoed { .. })));
        readers.whole.runs();
        assert_eq!((readers.runs(), row.runs()), ([0; 5], 0));
        fields.clone().rows().at_key(1).label().set("one".into());
        assert_eq!(store.get(USER).unwrap().rows[0].label, "one");
        assert_eq!(store.get(USER).unwrap().email, "new");
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
                    user.rows.sort_by_key(|row| row.id);
                    write.replace(user);
                }
            }
            Ok(())
        }
    }
    on_every_engine(|store| {
        store.add_middleware(Trim);
        let fields = stored_ada(store);
        let readers = Readers::new(&fields);
        fields.clone().name().set(" Grace ".into());
        assert_eq!(
            (readers.runs(), readers.name.last().as_str()),
            ([1, 0, 0, 0, 1], "Grace")
        );
        fields.clone().name().set(" Grace ".into());
        assert_eq!(readers.runs(), [0; 5], "rewritten to what is there");
        fields.clone().email().set("GRACE@example.org".into());
        assert_eq!(readers.email.last(), "grace@example.org");
        fields.clone().rows().write().insert(0, row(4));
        fields.rows().at_key(4).label().set("four".into());
        let rows = store.get(USER).unwrap().rows;
        assert_eq!((rows[3].id, rows[3].label.as_str()), (4, "four"));
    });
}

type Heard = Arc<Mutex<Vec<String>>>;

/// What a set of changes says of the user.
fn describe(change: &Change) -> String {
    let name = |user: Option<User>| user.map_or("-".to_owned(), |user| user.name);
    #[cfg(feature = "json")]
    let paths = change
        .paths()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" ");
    #[cfg(not(feature = "json"))]
    let paths = "";
    format!(
        "{} {} > {} {paths}",
        change.source(),
        name(change.old()),
        name(change.new())
    )
}

/// Listeners of the key, of a pattern and of all, told under one delivery.
fn listeners(
    store: &Store,
    fields: &universal_state::ArcFields<User>,
    delivery: Delivery,
) -> [Heard; 3] {
    let heard: [Heard; 3] = Default::default();
    let options = SubscribeOptions::new().delivery(delivery);
    let note = |at: usize| {
        let (heard, fields) = (Arc::clone(&heard[at]), fields.clone());
        move |change: &Change| {
            // What is heard is what is stored, whole and by field.
            let (user, name) = (
                fields.get_untracked(),
                fields.clone().name().get_untracked(),
            );
            assert_eq!(user.name, name);
            assert_eq!(change.new::<User>().unwrap_or_default(), user);
            heard.lock().unwrap().push(describe(change));
        }
    };
    let (key, pattern, all) = (note(0), note(1), note(2));
    let glob = Pattern::glob("us*").unwrap();
    store
        .subscribe_with(USER, options, move |_: Option<&User>, change| key(change))
        .unwrap()
        .forget();
    store
        .subscribe_pattern(glob, options, move |set: &ChangeSet| {
            set.iter().for_each(&pattern)
        })
        .unwrap()
        .forget();
    store
        .subscribe_all(options, move |set: &ChangeSet| set.iter().for_each(&all))
        .unwrap()
        .forget();
    heard
}

#[test]
fn listeners_hear_of_a_field_what_they_hear_of_any_write() {
    for delivery in [Delivery::Sync, Delivery::Batched] {
        on_every_engine(|store| {
            store.set_with_source(USER, ada(), "start").unwrap();
            store.flush();
            let view = store.with_source("form");
            let fields = view.fields_or(USER, User::default()).unwrap();
            let heard = listeners(store, &fields, delivery);
            let take = || {
                store.flush();
                heard
                    .each_ref()
                    .map(|heard| std::mem::take(&mut *heard.lock().unwrap()))
            };
            let expect = |what: &str| {
                let expected = [what.trim_end().to_owned()];
                let heard = take().map(|all| {
                    all.iter()
                        .map(|one| one.trim_end().to_owned())
                        .collect::<Vec<_>>()
                });
                #[cfg(feature = "json")]
                assert_eq!(heard, [expected.clone(), expected.clone(), expected]);
                #[cfg(not(feature = "json"))]
                assert!(heard.iter().all(|heard| heard.len() == expected.len()));
            };
            fields.clone().name().set("Grace".into());
            expect("form Ada > Grace /name");
            fields.clone().address().city().set("Paris".into());
            expect("form Grace > Grace /address/city");
            fields
                .clone()
                .rows()
                .at_key(2)
                .parts()
                .at_key(1)
                .text()
                .set("x".into());
            expect("form Grace > Grace /rows/1/parts/0/text");
            fields.clone().rows().at_key(2).update(|row| {
                row.label.clear();
                row.marks[1] = 7;
            });
            expect("form Grace > Grace /rows/1/label /rows/1/marks/1");
            fields.clone().scores().write().push(4);
            expect("form Grace > Grace /scores");
            fields.clone().nick().set(Some("G".into()));
            expect("form Grace > Grace /nick");
            store
                .batch(|_| {
                    fields.clone().name().set("Joan".into());
                    fields.clone().email().set("joan".into());
                    Ok(())
                })
                .unwrap();
            expect("form Grace > Joan /email /name");
            fields.clone().name().set("Joan".into());
            assert!(take().concat().is_empty(), "nothing has changed");
        });
    }
}

#[test]
fn a_batch_of_field_writes_is_one_transaction() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let readers = Readers::new(&fields);
        store.flush();
        let heard = listeners(store, &fields, Delivery::Sync);
        store
            .batch(|_| {
                fields.clone().name().set("Grace".into());
                fields.clone().address().city().set("New York".into());
                Ok(())
            })
            .unwrap();
        assert_eq!(heard.map(|heard| heard.lock().unwrap().len()), [1; 3]);
        assert_eq!(readers.runs(), [1, 0, 1, 0, 1]);
        let stored = store.get(USER).unwrap();
        assert_eq!(
            (stored.name.as_str(), stored.address.city.as_str()),
            ("Grace", "New York")
        );
    });
}

#[test]
fn a_batch_that_fails_leaves_the_fields_as_they_were() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let readers = Readers::new(&fields);
        let failed: Result<(), _> = store.batch(|_| {
            fields.clone().name().set("Grace".into());
            assert_eq!(fields.clone().name().get_untracked(), "Grace");
            fields.clone().rows().write().clear();
            assert!(
                fields
                    .clone()
                    .rows()
                    .at_key(1)
                    .try_get_untracked()
                    .is_none()
            );
            Err(StateError::abort("no"))
        });
        assert!(failed.is_err());
        assert_eq!(readers.runs(), [0; 5]);
        assert_eq!(fields.clone().name().get_untracked(), "Ada");
        assert_eq!(fields.rows().at_key(1).label().get_untracked(), "row 1");
        assert_eq!(store.get(USER), Some(ada()));
    });
}

/// A batch sees what it wrote, by whatever way, and nobody else does.
#[test]
fn a_batch_reads_its_own_fields() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let user = || fields.clone();
        let readers = Readers::new(&fields);
        let third = user();
        let third = Reader::new(move || third.clone().rows().at_key(3).label().get());
        store
            .batch(|tx| {
                user().rows().write().remove(0);
                assert_eq!(user().rows().at_key(3).label().get_untracked(), "row 3");
                user().rows().at_key(3).label().set("three".into());
                assert!(
                    user()
                        .rows()
                        .at_key(1)
                        .label()
                        .try_get_untracked()
                        .is_none()
                );
                user().rows().at_key(1).label().set("lost".into());
                tx.update(USER, |user| user.rows.insert(0, row(9)))?;
                assert_eq!(
                    user()
                        .rows()
                        .at_key(9)
                        .parts()
                        .at_key(2)
                        .text()
                        .get_untracked(),
                    "part 2"
                );
                user().rows().at_key(9).parts().write().clear();
                assert!(
                    user()
                        .rows()
                        .at_key(9)
                        .parts()
                        .at_key(2)
                        .try_get_untracked()
                        .is_none()
                );
                let ids: Vec<u32> = user().rows().into_iter().map(|row| row.key()).collect();
                assert_eq!(ids, [9, 2, 3]);
                let whole: User = tx.get(USER).unwrap();
                assert_eq!(
                    (whole.rows[2].label.as_str(), &whole),
                    ("three", &*user().read_untracked())
                );
                // What was read in a batch that was undone is not there either.
                let nested: Result<(), _> = tx.batch(|_| {
                    user().rows().write().truncate(1);
                    user().name().set("lost".into());
                    assert!(user().rows().at_key(3).try_get_untracked().is_none());
                    Err(StateError::abort("no"))
                });
                assert!(nested.is_err());
                assert_eq!(user().rows().at_key(3).label().get_untracked(), "three");
                tx.batch(|_| {
                    user().address().city().set("Paris".into());
                    Ok(())
                })?;
                assert_eq!(readers.runs(), [0; 5], "nobody outside has heard of it");
                Ok(())
            })
            .unwrap();
        assert_eq!((readers.runs(), third.runs()), ([0, 0, 1, 0, 1], 1));
        assert_eq!(third.last(), "three");
        store
            .update(USER, |user| user.rows[2].label = "drei".into())
            .unwrap();
        assert_eq!((third.runs(), third.last().as_str()), (1, "drei"));
    });
}

/// A memo of fields that is computed in a batch is right after it, whatever becomes of it.
#[test]
fn a_memo_that_was_computed_in_a_batch_looks_again() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let user = || fields.clone();
        for succeeds in [true, false] {
            let (a, b, c) = (user(), user(), user());
            let name = ArcMemo::new(move |_| a.clone().name().get());
            let label = ArcMemo::new(move |_| b.clone().rows().at_key(2).label().try_get());
            let rows = ArcMemo::new(move |_| c.clone().rows().read().len());
            let seen = || {
                (
                    name.get_untracked(),
                    label.get_untracked(),
                    rows.get_untracked(),
                )
            };
            let result = store.batch(|_| {
                user().name().set("draft".into());
                user().rows().write().remove(0);
                user().rows().at_key(2).label().set("draft".into());
                assert_eq!(seen(), ("draft".into(), Some("draft".into()), 2));
                user().rows().write().remove(0);
                match succeeds {
                    true => Ok(()),
                    false => Err(StateError::abort("no")),
                }
            });
            assert_eq!(result.is_ok(), succeeds);
            let expected = match succeeds {
                true => ("draft".to_owned(), None, 1),
                false => ("Ada".to_owned(), Some("row 2".to_owned()), 3),
            };
            assert_eq!(seen(), expected);
            store.set(USER, ada()).unwrap();
            assert_eq!(seen(), ("Ada".into(), Some("row 2".into()), 3));
            store.update(USER, |user| user.rows.rotate_left(1)).unwrap();
            user().rows().at_key(2).label().set("two".into());
            assert_eq!(seen().1.as_deref(), Some("two"));
            store.set(USER, ada()).unwrap();
        }
    });
}

/// A listener may write fields; a middleware and a computed value may not.
#[test]
fn fields_are_written_only_where_writes_are_allowed() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let writer = fields.clone();
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        let _follows = store.subscribe_with(USER, options, move |user: Option<&User>, _| {
            let name = user.map(|user| user.name.to_lowercase());
            writer.clone().nick().set(name);
        });
        fields.clone().name().set("Grace".into());
        assert_eq!(store.get(USER).unwrap().nick.as_deref(), Some("grace"));

        let reported = reports(store);
        let inside = fields.clone();
        let computed = store.computed(move |_| {
            inside.clone().name().set("computed".into());
            inside.clone().name().get_untracked()
        });
        assert_eq!(computed.get().as_deref(), Some("Grace"));
        assert!(matches!(reported()[..], [StateError::Reentrant { .. }]));
        fields.name().set("Joan".into());
        assert_eq!(
            computed.get().as_deref(),
            Some("Joan"),
            "it follows the fields it reads"
        );
    });
}

/// The door through which a field is written is that of its view.
#[test]
fn a_field_is_written_in_the_name_of_its_view() {
    on_every_engine(|store| {
        store.set(USER, ada()).unwrap();
        let shop = store
            .register_mfe(universal_state::MfeInfo::new("shop", "leptos", "1"))
            .unwrap();
        let doors = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&doors);
        let options = SubscribeOptions::new().delivery(Delivery::Sync);
        let note = move |_: Option<&User>, change: &Change| {
            sink.lock()
                .unwrap()
                .push((change.origin().clone(), change.source().to_owned()));
        };
        store.subscribe_with(USER, options, note).unwrap().forget();
        let shared = shop.shared().with_source("cart");
        shared
            .fields_or(USER, User::default())
            .unwrap()
            .name()
            .set("Grace".into());
        user(store).name().set("Joan".into());
        let doors = std::mem::take(&mut *doors.lock().unwrap());
        assert!(
            matches!(&doors[0], (Origin::Mfe(id), source) if &**id == "shop" && source == "cart")
        );
        assert_eq!(doors[1].0, Origin::Local);
    });
}
