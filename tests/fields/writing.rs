//! Who writes a field does not read it.

use crate::support::*;
use reactive_graph::{
    computed::ArcMemo,
    traits::{Get, GetUntracked, Read, ReadUntracked, Set, Track, Update, UpdateUntracked, Write},
};
use reactive_stores::{DerefField, Store as Derive, StoreFieldIterator};
use serde::{Deserialize, Serialize};
use universal_state::{ArcFields, Diff, Key, Store};

/// Changes all that there is, from outside.
fn change_all(store: &Store) {
    store
        .update(USER, |user| {
            user.name.push('!');
            user.email.push('!');
            user.address.city.push('!');
            user.nick = Some("nick".into());
            user.scores.iter_mut().for_each(|score| *score += 1);
            user.rows.iter_mut().for_each(|row| {
                row.label.push('!');
                row.marks.iter_mut().for_each(|mark| *mark += 1);
                row.parts.iter_mut().for_each(|part| part.text.push('!'));
            });
        })
        .unwrap();
}

/// Each way to write, in an effect that reads nothing.
#[test]
fn an_effect_does_not_depend_on_what_it_writes() {
    type Write = (&'static str, fn(&Store, ArcFields<User>));
    const WRITES: &[Write] = &[
        ("a field", |_, user| user.name().set("x".into())),
        ("an update", |_, user| {
            user.name().update(|name| name.push('x'))
        }),
        ("a guard", |_, user| user.address().city().write().push('x')),
        ("an untracked guard", |_, user| {
            user.address().city().write_untracked().push('x');
        }),
        ("an untracked update", |_, user| {
            user.address()
                .update_untracked(|address| address.city.push('x'));
        }),
        ("a maybe", |_, user| {
            user.name().maybe_update(|name| {
                name.push('x');
                false
            });
        }),
        ("a guard that is not used", |_, user| {
            drop(user.name().write())
        }),
        ("the whole", |_, user| {
            user.update(|user| user.name.push('x'))
        }),
        ("the whole, tried", |_, user| {
            user.try_update(|user| user.name.push('x')).unwrap()
        }),
        ("an item", |_, user| {
            user.scores().at_unkeyed(0).update(|n| *n += 1)
        }),
        ("a list", |_, user| user.scores().write().push(1)),
        ("a row", |_, user| {
            user.rows().at_key(2).update(|row| row.label.push('x'))
        }),
        ("a field of a row", |_, user| {
            user.rows().at_key(2).label().update(|l| l.push('x'))
        }),
        ("a field of a row by index", |_, user| {
            user.rows()
                .at_unkeyed(1)
                .label()
                .update(|label| label.push('x'));
        }),
        ("an item of a row", |_, user| {
            user.rows()
                .at_key(2)
                .marks()
                .at_unkeyed(1)
                .update(|mark| *mark += 1);
        }),
        ("an item of a row by index", |_, user| {
            user.rows()
                .at_unkeyed(1)
                .marks()
                .at_unkeyed(1)
                .update(|mark| *mark += 1);
        }),
        ("rows", |_, user| user.rows().write().rotate_left(1)),
        ("rows, untracked", |_, user| {
            user.rows().write_untracked().rotate_left(1)
        }),
        ("parts", |_, user| {
            user.rows().at_key(2).parts().write().rotate_left(1)
        }),
        ("parts of a row by index", |_, user| {
            user.rows().at_unkeyed(1).parts().write().rotate_left(1);
        }),
        ("a part", |_, user| {
            user.rows()
                .at_key(2)
                .parts()
                .at_key(1)
                .text()
                .update(|text| text.push('x'));
        }),
        ("a row that is not there", |_, user| {
            user.rows().at_key(99).label().set("x".into())
        }),
        ("one after the other", |_, user| {
            user.clone().rows().at_key(2).parts().write().rotate_left(1);
            user.clone()
                .rows()
                .at_key(2)
                .parts()
                .at_key(1)
                .text()
                .set("x".into());
            user.clone().scores().at_unkeyed(1).update(|n| *n += 1);
            user.rows()
                .at_key(1)
                .marks()
                .at_unkeyed(0)
                .update(|n| *n += 1);
        }),
        ("two at a time", |_, user| {
            let (name, rows) = (user.clone().name(), user.clone().rows());
            let (mut name, mut rows) = (name.write(), rows.write());
            rows.rotate_left(1);
            name.push('x');
        }),
        ("in a batch", |store, user| {
            let result = store.batch(|_| {
                user.clone().name().update(|name| name.push('x'));
                user.clone()
                    .rows()
                    .at_key(2)
                    .parts()
                    .at_key(1)
                    .text()
                    .set("x".into());
                user.clone().rows().write().rotate_left(1);
                user.scores().at_unkeyed(0).update(|n| *n += 1);
                Ok(())
            });
            result.unwrap();
        }),
        ("then an untracked read", |_, user| {
            user.clone().name().set("x".into());
            let _ = user.clone().email().get_untracked();
            user.clone().rows().write().rotate_left(1);
            let _ = user.clone().rows().at_key(1).label().get_untracked();
            user.clone().scores().at_unkeyed(0).set(3);
            let _ = user.clone().scores().at_unkeyed(1).get_untracked();
            user.rows().at_key(1).label().set("x".into());
        }),
        ("while something is read untracked", |_, user| {
            let name = user.clone().name();
            let mut name = name.write();
            name.push_str(&user.email().read_untracked());
        }),
        ("before an untracked read is used", |_, user| {
            let name = user.clone().name();
            let mut guard = name.write();
            let email = user.email().get_untracked();
            *guard = email;
        }),
    ];
    on_every_engine(|store| {
        for (name, write) in WRITES {
            by_itself(|| {
                let fields = stored_ada(store);
                let same = store.clone();
                let effect = Reader::new(move || write(&same, fields.clone()));
                change_all(store);
                assert_eq!(effect.runs(), 0, "{name}");
                store.delete("user").unwrap();
                assert_eq!(effect.runs(), 0, "{name}, deleted");
            });
        }
    });
}

/// What is read beside a write is depended on, in whatever order.
#[test]
fn an_effect_that_writes_depends_on_what_it_reads() {
    type Effect = (&'static str, fn(&Store, ArcFields<User>));
    const EFFECTS: &[Effect] = &[
        ("read, then write", |_, user| {
            let name = user.clone().name().get();
            user.address().city().set(name);
        }),
        ("write, then read", |_, user| {
            user.clone().rows().write().rotate_left(1);
            user.name().get();
        }),
        ("write, then track", |_, user| {
            user.clone().scores().at_unkeyed(0).set(7);
            user.name().track();
        }),
        ("write it, then read it", |_, user| {
            user.clone().name().set("x".into());
            user.name().get();
        }),
        ("read while a guard is not used yet", |_, user| {
            let city = user.clone().address().city();
            let mut city = city.write();
            *city = user.name().get();
        }),
        ("track while a guard is not used yet", |_, user| {
            let city = user.clone().address().city();
            let mut city = city.write();
            user.name().track();
            city.push('x');
        }),
        ("read while the guard of all is not used yet", |_, user| {
            let mut whole = user.write();
            let name = user.clone().name().get();
            whole.address.city = name;
        }),
        ("read what is in what is being written", |_, user| {
            let address = user.clone().address();
            let guard = address.write();
            user.clone().address().city().get();
            user.name().get();
            drop(guard);
        }),
        ("read while two guards are not used yet", |_, user| {
            let (city, rows) = (user.clone().address().city(), user.clone().rows());
            let (mut city, mut rows) = (city.write(), rows.write());
            *city = user.name().get();
            rows.rotate_left(1);
        }),
        ("read while a guard is used", |_, user| {
            let city = user.clone().address().city();
            let mut city = city.write();
            city.push('x');
            city.push_str(&user.name().read());
        }),
        ("read after a guard was leaked", |_, user| {
            std::mem::forget(user.write());
            user.name().get();
        }),
        ("read in a batch", |store, user| {
            let result = store.batch(|_| {
                let name = user.clone().name().get();
                user.rows().at_key(2).label().set(name);
                Ok(())
            });
            result.unwrap();
        }),
        ("read a row by its key in a batch", |store, user| {
            let result = store.batch(|tx| {
                tx.set("other", 1)?;
                user.clone().rows().at_key(1).label().get();
                Ok(())
            });
            result.unwrap();
            user.name().get();
        }),
    ];
    on_every_engine(|store| {
        for (name, f) in EFFECTS {
            by_itself(|| {
                let fields = stored_ada(store);
                let (same, user) = (store.clone(), fields.clone());
                let effect = Reader::start(move || f(&same, user.clone()));
                // What it writes may be what it reads.
                assert!(matches!(effect.runs(), 1 | 2), "{name}: it settles");
                fields.name().set("Grace".into());
                assert!(matches!(effect.runs(), 1 | 2), "{name}");
            });
        }
    });
}

/// An effect that keeps one field in step with another.
#[test]
fn an_effect_can_derive_one_field_from_another() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let (from, to) = (fields.clone(), fields.clone());
        let effect = Reader::new(move || {
            let name = from.clone().name().get();
            to.clone().nick().set(Some(name.to_lowercase()));
        });
        let nick = fields.clone();
        let nick = Reader::new(move || nick.clone().nick().get());
        assert_eq!(nick.last().as_deref(), Some("ada"));
        fields.clone().name().set("Grace".into());
        assert_eq!(
            (effect.runs(), nick.runs(), nick.last().as_deref()),
            (1, 1, Some("grace"))
        );
        fields.nick().set(None);
        assert_eq!((effect.runs(), nick.runs()), (0, 1));
    });
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Boxes {
    one: Box<Address>,
    #[expect(clippy::vec_box, reason = "boxes are what is tested")]
    many: Vec<Box<i32>>,
    other: i32,
}

/// Pointers ask for triggers as writers of items do, and are told apart.
#[test]
fn a_pointer_that_is_tracked_before_a_write_is_read() {
    const BOXES: Key<Boxes> = Key::new("boxes");
    on_every_engine(|store| {
        let many = vec![Box::new(1), Box::new(2)];
        store
            .set(
                BOXES,
                Boxes {
                    many,
                    ..Boxes::default()
                },
            )
            .unwrap();
        let fields = store.fields_or(BOXES, Boxes::default()).unwrap();
        let f = || fields.clone();
        let (one, item, write) = (f(), f(), f());
        let one = Reader::new(move || {
            one.clone().one().deref_field().track();
            one.clone().other().update(|other| *other += 1);
            one.clone()
                .one()
                .deref_field()
                .street()
                .update(|street| street.clear());
        });
        let item = Reader::new(move || {
            let item = || item.clone().many().at_unkeyed(1).deref_field();
            item().track();
            item().update_untracked(|n| *n += 0);
        });
        let write = Reader::new(move || {
            write
                .clone()
                .many()
                .at_unkeyed(0)
                .deref_field()
                .update(|n| *n += 1);
        });
        let all = || (one.runs(), item.runs(), write.runs());
        fields
            .clone()
            .one()
            .deref_field()
            .city()
            .set("Paris".into());
        assert_eq!(all(), (1, 0, 0));
        store.update(BOXES, |boxes| *boxes.many[1] = 3).unwrap();
        assert_eq!(all(), (0, 1, 0));
        store.update(BOXES, |boxes| *boxes.many[0] = 7).unwrap();
        assert_eq!(all(), (0, 0, 0));
        fields.other().set(99);
        assert_eq!(all(), (0, 0, 0));
    });
}

/// The list that is the value itself.
#[test]
fn an_effect_does_not_depend_on_the_items_of_the_value_that_it_writes() {
    const LIST: Key<Vec<Address>> = Key::new("list");
    on_every_engine(|store| {
        store.set(LIST, vec![Address::default(); 2]).unwrap();
        let fields = store.fields_or(LIST, Vec::new()).unwrap();
        let (item, city) = (fields.clone(), fields.clone());
        let item = Reader::new(move || item.clone().at_unkeyed(0).update(|a| a.city.push('x')));
        let city = Reader::new(move || {
            city.clone()
                .at_unkeyed(0)
                .city()
                .update(|city| city.push('y'));
        });
        store.update(LIST, |list| list[0].city.push('z')).unwrap();
        assert_eq!((item.runs(), city.runs()), (0, 0));
        drop(fields);
    });
}

/// A memo that is computed in the middle of a write has its own dependencies.
#[test]
fn a_memo_that_is_read_while_writing_reads_for_itself() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let f = || fields.clone();
        let (in_memo, in_effect) = (f(), f());
        let memo = ArcMemo::new(move |_| in_memo.clone().email().get());
        let same = memo.clone();
        let effect = Reader::new(move || {
            let name = in_effect.clone().name();
            let mut name = name.write();
            *name = same.get();
        });
        assert_eq!(store.get(USER).unwrap().name, "ada@example.org");
        fields.clone().name().set("Ada".into());
        assert_eq!(effect.runs(), 0);
        fields.clone().email().set("new".into());
        assert_eq!((effect.runs(), memo.get_untracked().as_str()), (1, "new"));
        assert_eq!(store.get(USER).unwrap().name, "new");
    });
}
