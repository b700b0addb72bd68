//! Where a cursor leads, and what happens where nothing is.

use crate::support::{
    AddressStoreFields, Reader, RowStoreFields, USER, User, UserStoreFields, ada, on_every_engine,
    reports, row, stored_ada,
};
use reactive_graph::traits::{Get, GetUntracked, Set, Update};
use reactive_stores::{DerefField, OptionStoreExt, Store as Derive, StoreFieldIterator};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use universal_state::{Access, Diff, Key, MfeInfo, Pattern, Shared, StateError, ToCursor};

fn is_missing(result: Result<(), StateError>) -> bool {
    matches!(result, Err(StateError::Place { .. }))
}

#[test]
fn a_cursor_reads_and_writes_the_place_of_its_field() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let city = user.clone().address().city().cursor().unwrap();
        let score = user.clone().scores().at_unkeyed(1).cursor().unwrap();
        let rows = user.clone().rows().cursor().unwrap();
        let label = user.clone().rows().at_unkeyed(0).label().cursor().unwrap();
        let whole = user.cursor().unwrap();
        city.set("Paris".into()).unwrap();
        score.update(|score| *score += 40).unwrap();
        rows.update(|rows| rows.truncate(1)).unwrap();
        label.set("first".into()).unwrap();
        let mut expected = ada();
        expected.address.city = "Paris".into();
        expected.scores[1] = 42;
        expected.rows.truncate(1);
        expected.rows[0].label = "first".into();
        assert_eq!(store.get(USER), Some(expected.clone()));
        assert_eq!(city.get().as_deref(), Some("Paris"));
        assert_eq!(score.try_with(|score| *score), Ok(Some(42)));
        assert_eq!(rows.get(), Some(expected.rows.clone()));
        assert_eq!(whole.get(), Some(expected));
        whole.set(ada()).unwrap();
        assert_eq!(label.get(), Some(row(1).label));
        assert_eq!((city.get(), score.get()), (Some("London".into()), Some(2)));
    });
}

#[test]
fn as_a_signal_it_reads_and_writes_the_same() {
    fn write(signal: &(impl Set<Value = i32> + Update<Value = i32>)) {
        Set::set(signal, 5);
        signal.update(|n| *n += 1);
        signal.maybe_update(|n| {
            *n = 100;
            false
        });
    }
    fn read(
        signal: &(impl Get<Value = Option<i32>> + GetUntracked<Value = Option<i32>>),
    ) -> [Option<i32>; 2] {
        [Get::get(signal), signal.get_untracked()]
    }
    on_every_engine(|store| {
        let user = stored_ada(store);
        let score = user.scores().at_unkeyed(2).cursor().unwrap();
        write(&score);
        assert_eq!(read(&score), [Some(6); 2]);
        store.delete("user").unwrap();
        let reported = reports(store);
        write(&score);
        assert_eq!(read(&score), [None; 2]);
        assert_eq!(reported().len(), 1, "the set; there was nothing to update");
        assert!(!store.has("user"));
    });
}

#[test]
fn an_item_that_is_missing_reads_as_none_and_cannot_be_written_until_it_comes() {
    on_every_engine(|store| {
        let user = stored_ada(store);
        let score = user.clone().scores().at_unkeyed(3).cursor().unwrap();
        let told = {
            let score = score.clone();
            Reader::new(move || score.get())
        };
        assert_eq!(score.get(), None);
        assert!(is_missing(score.set(1)) && is_missing(score.update(|_| {})));
        assert_eq!(store.get(USER), Some(ada()));
        for n in [4, 5] {
            user.clone().scores().update(|scores| scores.push(n));
            assert_eq!((told.runs(), told.last()), (1, Some(n)));
            score.set(9).unwrap();
            assert_eq!((told.runs(), told.last()), (1, Some(9)));
            user.clone().scores().update(|scores| scores.truncate(3));
            assert_eq!((told.runs(), told.last()), (1, None));
            assert!(is_missing(score.set(1)));
        }
        let reported = reports(store);
        assert_eq!(score.get(), None);
        assert_eq!(reported(), [], "there is nothing wrong with nothing");
    });
}

#[test]
fn an_option_that_is_none_reads_as_none_and_cannot_be_written_through() {
    on_every_engine(|store| {
        let user = store.fields(USER).unwrap();
        let name = user.clone().unwrap().name().cursor().unwrap();
        let nick = user.clone().unwrap().nick().unwrap().cursor().unwrap();
        assert_eq!((name.get(), nick.get()), (None, None));
        assert!(is_missing(name.set("Ada".into())) && !store.has("user"));
        store.set(USER, ada()).unwrap();
        assert_eq!((name.get(), nick.get()), (Some("Ada".into()), None));
        assert!(is_missing(nick.set("A".into())));
        store
            .update(USER, |user| user.nick = Some("A".into()))
            .unwrap();
        nick.set("B".into()).unwrap();
        name.set("Bea".into()).unwrap();
        let stored = store.get(USER).unwrap();
        assert_eq!((&*stored.name, stored.nick.as_deref()), ("Bea", Some("B")));
        // The root itself: what it is part of is the key.
        let root = user.cursor().unwrap();
        root.set(None).unwrap();
        assert!(!store.has("user"));
        root.set(Some(ada())).unwrap();
        assert_eq!(store.get(USER), Some(ada()));
    });
}

#[test]
fn while_the_key_is_missing_the_default_stands_for_it() {
    on_every_engine(|store| {
        let fields = store.fields_or(USER, ada()).unwrap();
        let city = fields.address().city().cursor().unwrap();
        assert_eq!(city.get().as_deref(), Some("London"));
        assert!(!store.has("user"));
        city.set("Paris".into()).unwrap();
        let mut expected = ada();
        expected.address.city = "Paris".into();
        assert_eq!(store.get(USER), Some(expected));
        store.delete("user").unwrap();
        assert_eq!(city.get().as_deref(), Some("London"));
    });
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Drawing {
    shape: Shape,
    boxed: Box<i32>,
    layer: Shared<Layer>,
    pair: (i32, i32),
    named: BTreeMap<String, i32>,
    opaque: Opaque,
    opaques: Vec<Opaque>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, Derive, Diff)]
enum Shape {
    Circle(i32),
    Square { side: i32 },
    Oblong(i32, i32),
    None,
}

impl Default for Shape {
    fn default() -> Self {
        Self::Circle(1)
    }
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Layer {
    cells: Vec<i32>,
}

/// A type that does not know its parts.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive)]
struct Opaque {
    inner: i32,
}

const DRAWING: Key<Drawing> = Key::new("drawing");

#[test]
fn an_enum_in_another_variant_has_no_such_place() {
    on_every_engine(|store| {
        store.set(DRAWING, Drawing::default()).unwrap();
        let drawing = store.fields_or(DRAWING, Drawing::default()).unwrap();
        let radius = drawing.clone().shape().circle_0().unwrap();
        let radius = radius.cursor().unwrap();
        radius.set(2).unwrap();
        assert_eq!(radius.get(), Some(2));
        for other in [Shape::Square { side: 7 }, Shape::Oblong(7, 7), Shape::None] {
            drawing.clone().shape().set(other.clone());
            assert_eq!(radius.get(), None, "{other:?}");
            assert!(is_missing(radius.set(3)), "{other:?}");
            assert_eq!(store.get(DRAWING).unwrap().shape, other);
        }
        drawing.clone().shape().set(Shape::Square { side: 7 });
        let side = drawing.clone().shape().square_side().unwrap();
        let side = side.cursor().unwrap();
        assert_eq!((side.get(), radius.get()), (Some(7), None));
        drawing.clone().shape().set(Shape::Circle(5));
        assert_eq!((side.get(), radius.get()), (None, Some(5)));
    });
}

#[test]
fn a_cursor_goes_through_pointers_and_to_types_that_do_not_know_their_parts() {
    on_every_engine(|store| {
        let cells = vec![1, 2];
        let drawing = Drawing {
            layer: Layer { cells }.into(),
            opaques: vec![Opaque { inner: 1 }],
            ..Drawing::default()
        };
        store.set(DRAWING, drawing.clone()).unwrap();
        let fields = || store.fields_or(DRAWING, Drawing::default()).unwrap();
        let boxed = fields().boxed().deref_field().cursor().unwrap();
        let layer = fields().layer().deref_field();
        let cell = layer.clone().cells().at_unkeyed(1).cursor().unwrap();
        let (shared, layer) = (fields().layer().cursor().unwrap(), layer.cursor().unwrap());
        let pair = fields().pair().cursor().unwrap();
        let named = fields().named().cursor().unwrap();
        let opaque = fields().opaque().cursor().unwrap();
        let item = fields().opaques().at_unkeyed(0).cursor().unwrap();
        boxed.set(3).unwrap();
        cell.set(4).unwrap();
        layer.update(|layer| layer.cells.push(5)).unwrap();
        pair.set((6, 7)).unwrap();
        named.set([("a".into(), 8)].into()).unwrap();
        opaque.set(Opaque { inner: 9 }).unwrap();
        item.set(Opaque { inner: 10 }).unwrap();
        let now = store.get(DRAWING).unwrap();
        assert_eq!(
            (*now.boxed, &*now.layer.cells, now.pair),
            (3, &[1, 4, 5][..], (6, 7))
        );
        assert_eq!(
            (now.named["a"], now.opaque.inner, now.opaques[0].inner),
            (8, 9, 10)
        );
        shared.set(drawing.layer).unwrap();
        assert_eq!(cell.get(), Some(2));
    });
}

#[test]
fn a_way_through_a_type_that_does_not_know_its_parts_has_no_cursor() {
    on_every_engine(|store| {
        store.set(DRAWING, Drawing::default()).unwrap();
        let drawing = store.fields_or(DRAWING, Drawing::default()).unwrap();
        let inner = drawing.clone().opaque().inner().cursor();
        assert!(is_missing(inner.map(drop)));
        drawing.clone().shape().set(Shape::Oblong(1, 2));
        let width = drawing.shape().oblong_0().unwrap().cursor();
        assert!(is_missing(width.map(drop)), "two fields have one index");
    });
}

/// A grant may be taken back, and come again.
#[test]
fn who_has_no_right_reads_nothing_and_changes_nothing() {
    on_every_engine(|store| {
        let scope = |id| {
            store
                .register_mfe(MfeInfo::new(id, "leptos", "1.0.0"))
                .unwrap()
        };
        let (shop, cart) = (scope("shop"), scope("cart"));
        shop.set(USER, ada()).unwrap();
        let fields = || cart.peer("shop").fields_or(USER, User::default());
        assert!(matches!(fields(), Err(StateError::Denied { .. })));
        let grant = |access| store.grant("cart", access, Pattern::glob("@shop/user").unwrap());
        grant(Access::Read);
        let name = fields().unwrap().name().cursor().unwrap();
        assert_eq!(name.get().as_deref(), Some("Ada"));
        for same in ["Ada", "Bea"] {
            let denied = name.set(same.into());
            assert!(
                matches!(denied, Err(StateError::Denied { .. })),
                "{denied:?}"
            );
        }
        assert_eq!(shop.get(USER), Some(ada()));
        grant(Access::Write);
        name.set("Bea".into()).unwrap();
        assert_eq!(shop.get(USER).unwrap().name, "Bea");
        store.revoke("cart");
        assert!(matches!(name.try_get(), Err(StateError::Denied { .. })));
        let denied = name.set("Cid".into());
        assert!(
            matches!(denied, Err(StateError::Denied { .. })),
            "{denied:?}"
        );
        assert_eq!(
            (name.get(), shop.get(USER).unwrap().name),
            (None, "Bea".into())
        );
    });
}

#[cfg(feature = "json")]
#[test]
fn a_value_of_another_type_is_read_if_it_decodes_and_never_lost() {
    on_every_engine(|store| {
        let json = serde_json::to_value(ada()).unwrap();
        store.set_json("user", json).unwrap();
        let name = crate::support::user(store).name().cursor().unwrap();
        assert_eq!(name.get().as_deref(), Some("Ada"));
        name.set("Bea".into()).unwrap();
        let bea = User {
            name: "Bea".into(),
            ..ada()
        };
        assert_eq!(store.get(USER), Some(bea));
        store.set("user", "none of ours".to_owned()).unwrap();
        let reported = reports(store);
        assert_eq!(name.get(), None);
        assert!(matches!(reported()[..], [StateError::Type { .. }]));
        assert!(matches!(
            name.set("Cid".into()),
            Err(StateError::Type { .. })
        ));
        assert!(matches!(name.update(|_| {}), Err(StateError::Type { .. })));
        assert_eq!(store.get::<String>("user").as_deref(), Some("none of ours"));
    });
}
