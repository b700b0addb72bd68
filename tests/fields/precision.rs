//! Only the readers of what differs run.

use crate::support::*;
use reactive_graph::{
    computed::{ArcMemo, Memo},
    graph::untrack,
    traits::{Get, GetUntracked, Read, ReadUntracked, Set, Track, Write},
};
use universal_state::{EngineKind, Restore};

/// What happens at every door, and the readers that it runs.
#[test]
fn only_the_readers_of_what_differs_run_whatever_the_door() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
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
        assert_eq!(readers.runs(), [1, 0, 0, 1, 1], "a snapshot");
        for engine in EngineKind::ALL.iter().cycle().skip(1).take(3) {
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
        let readers = Readers::new(&stored_ada(store));
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
        let fields = stored_ada(store);
        let readers = Readers::new(&fields);
        store.set(USER, ada()).unwrap();
        store.update(USER, |user| user.name = "Ada".into()).unwrap();
        fields.clone().name().set("Ada".into());
        fields.clone().address().set(ada().address);
        fields.set(ada());
        assert_eq!(readers.runs(), [0; 5]);
        assert_eq!(store.metadata().version, 1);
    });
}

/// A parent that is replaced is told, and of what is in it only what differs.
#[test]
fn a_parent_that_is_replaced_leaves_an_equal_leaf_quiet() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let readers = Readers::new(&fields);
        let address = fields.clone();
        let address = Reader::new(move || address.clone().address().get());
        let mut moved = ada().address;
        moved.street = "Rue".into();
        fields.address().set(moved);
        assert_eq!(readers.runs(), [0, 0, 0, 1, 1]);
        assert_eq!(address.runs(), 1);
    });
}

#[test]
fn an_optional_field_comes_and_goes() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
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

/// Who tracks without reading is told all the same.
#[test]
fn a_field_can_be_tracked_without_being_read() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let f = || fields.clone();
        let (city, whole, root) = (f(), f(), f());
        let city = Reader::new(move || city.clone().address().city().track());
        let address = Reader::new(move || whole.clone().address().track());
        let root = Reader::new(move || root.track());
        fields.clone().address().street().set("Rue".into());
        assert_eq!((city.runs(), address.runs(), root.runs()), (0, 1, 1));
        fields.clone().address().city().set("Paris".into());
        assert_eq!((city.runs(), address.runs(), root.runs()), (1, 1, 1));
        fields.name().set("Grace".into());
        assert_eq!((city.runs(), address.runs(), root.runs()), (0, 0, 1));
    });
}

#[test]
fn what_is_read_untracked_runs_nobody() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let f = fields.clone();
        let reader = Reader::new(move || {
            let email = untrack(|| f.clone().email().get());
            let city = f.clone().address().city().get_untracked();
            let score = f.clone().scores().read_untracked()[0];
            let label = f.clone().rows().at_key(1).label().get_untracked();
            (f.clone().name().get(), email, city, score, label)
        });
        store
            .update(USER, |user| {
                user.email.push('!');
                user.address.city.push('!');
                user.scores[0] = 9;
                user.rows[0].label.push('!');
            })
            .unwrap();
        assert_eq!(reader.runs(), 0);
        fields.name().set("Grace".into());
        assert_eq!(reader.runs(), 1);
        assert_eq!(reader.last().2, "London!");
    });
}

/// A memo of fields is computed when they differ, and who reads it runs when its result does.
#[test]
fn memos_of_fields_are_as_precise_as_effects() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let (first, second) = (fields.clone(), fields.clone());
        let initial = Memo::new(move |_| first.clone().name().read().chars().next());
        let place = ArcMemo::new(move |_| {
            let address = second.clone().address();
            format!(
                "{}, {}",
                address.clone().street().get(),
                address.city().get()
            )
        });
        let sum = ArcMemo::new(move |_| (initial.get(), place.get().len()));
        let reader = Reader::new(move || sum.get());
        fields.clone().name().set("Augusta".into());
        assert_eq!(reader.runs(), 0, "the same initial");
        fields.clone().email().set("x".into());
        assert_eq!(reader.runs(), 0, "another field");
        fields.clone().name().set("Grace".into());
        assert_eq!((reader.runs(), reader.last().0), (1, Some('G')));
        store
            .update(USER, |user| user.address.city.push('!'))
            .unwrap();
        assert_eq!(reader.runs(), 1);
        drop(fields);
    });
}

/// An effect that reads two fields runs once for both, and the value is the same everywhere.
#[test]
fn the_value_and_its_fields_never_disagree_within_a_turn() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let (by_field, same_store) = (fields.clone(), store.clone());
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
            assert_eq!(pair.runs(), 1);
            let (field, whole) = pair.last();
            assert_eq!(field, whole);
            assert_eq!(field, n.to_string());
        }
    });
}

/// Many readers in one turn see one state.
#[test]
fn two_readers_never_see_different_states_in_one_turn() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let f = || fields.clone();
        let (a, b) = (f(), f());
        let a = Reader::new(move || (a.clone().name().get(), a.clone().email().get_untracked()));
        let b = Reader::new(move || (b.clone().name().get_untracked(), b.clone().email().get()));
        for n in 0..4 {
            fields.clone().name().set(format!("name {n}"));
            fields.clone().email().set(format!("email {n}"));
            assert_eq!((a.runs(), b.runs()), (1, 1));
            assert_eq!(a.last(), b.last());
        }
        drop(fields.write());
    });
}
