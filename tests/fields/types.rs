//! Every kind of type, and handles that hide it.

use crate::support::*;
use reactive_graph::traits::{Get, GetUntracked, Read, ReadUntracked, Set, Track, Update, Write};
use reactive_stores::{
    ArcField, DerefField, Field, OptionStoreExt, Patch, Store as Derive, StoreFieldIterator,
};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, sync::Arc};
use universal_state::{ArcFields, Diff, Fields, Key, Store};

/// The fields of a key that holds this.
fn stored<T: universal_state::StateValue + Diff + Default>(
    store: &Store,
    value: T,
) -> ArcFields<T> {
    store.set(Key::new("value"), value).unwrap();
    store.fields_or(Key::new("value"), T::default()).unwrap()
}

fn update<T: universal_state::StateValue>(store: &Store, f: impl FnMut(&mut T)) {
    store.update(Key::<T>::new("value"), f).unwrap();
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Options {
    plain: Option<Address>,
    nested: Option<Option<i32>>,
    deep: Option<Inner>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Inner {
    note: Option<String>,
    #[store(key: u32 = |part| part.id)]
    parts: Vec<Part>,
}

#[test]
fn what_is_in_an_option_comes_and_goes_with_it() {
    on_every_engine(|store| {
        let fields = stored(store, Options::default());
        let f = || fields.clone();
        let (some, city, street) = (f(), f(), f());
        let some = Reader::new(move || some.clone().plain().read().is_some());
        let city = Reader::new(move || city.clone().plain().map(|plain| plain.city().get()));
        let street = Reader::new(move || {
            let plain = street.clone().plain().invert();
            plain.map(|plain| plain.street().get())
        });
        let all = || (some.runs(), city.runs(), street.runs());
        fields.clone().plain().set(Some(ada().address));
        assert_eq!(all(), (1, 1, 1));
        // Whoever asks whether there is something depends on all of it, as ever.
        fields.clone().plain().unwrap().city().set("Paris".into());
        assert_eq!((city.last().unwrap(), all()), ("Paris".into(), (1, 1, 1)));
        update(store, |options: &mut Options| options.plain = None);
        assert_eq!((all(), city.last()), ((1, 1, 1), None));
        update(store, |options: &mut Options| options.nested = Some(None));
        assert_eq!(all(), (0, 0, 0));
    });
}

/// A field inside of an option, by a handle that was made while it was there.
#[test]
fn an_unwrapped_field_runs_its_readers_alone() {
    on_every_engine(|store| {
        let deep = Inner {
            note: None,
            parts: vec![part(1), part(2)],
        };
        let plain = Some(ada().address);
        let fields = stored(
            store,
            Options {
                plain,
                deep: Some(deep.clone()),
                nested: None,
            },
        );
        let f = || fields.clone();
        let (city, street, text) = (f(), f(), f());
        let city = Reader::new(move || city.clone().plain().unwrap().city().try_get());
        let street = Reader::new(move || street.clone().plain().unwrap().street().get());
        let text = Reader::new(move || {
            let deep = text.clone().deep().map_untracked(|deep| deep);
            deep.map(|deep| deep.parts().at_key(2).text().get())
        });
        let all = || (city.runs(), street.runs(), text.runs());
        fields.clone().plain().unwrap().city().set("Paris".into());
        assert_eq!(all(), (1, 0, 0));
        fields
            .clone()
            .plain()
            .update(|plain| plain.as_mut().unwrap().street.clear());
        assert_eq!(all(), (0, 1, 0));
        let same_city = Address {
            city: "Paris".into(),
            street: "Rue".into(),
        };
        fields.clone().plain().set(Some(same_city));
        assert_eq!(all(), (0, 1, 0), "another address in the same city");
        fields.clone().deep().unwrap().parts().write().swap(0, 1);
        assert_eq!(all(), (0, 0, 0));
        fields
            .clone()
            .deep()
            .unwrap()
            .parts()
            .at_key(2)
            .text()
            .set("two".into());
        assert_eq!(all(), (0, 0, 1));
        fields.clone().deep().set(None);
        assert_eq!((all(), text.last()), ((0, 0, 1), None));
        drop(deep);
    });
}

#[test]
fn options_can_be_nested() {
    on_every_engine(|store| {
        let fields = stored(store, Options::default());
        let f = || fields.clone();
        let (outer, inner) = (f(), f());
        let outer = Reader::new(move || outer.clone().nested().get());
        let inner = Reader::new(move || inner.clone().nested().map(|nested| nested.get()));
        for next in [Some(None), Some(Some(1)), Some(Some(2)), Some(None)] {
            fields.clone().nested().set(next);
            assert_eq!((outer.runs(), inner.runs()), (1, 1), "{next:?}");
            assert_eq!((outer.last(), inner.last()), (next, next));
        }
        fields.clone().nested().set(Some(Some(7)));
        fields.clone().nested().unwrap().unwrap().set(8);
        assert_eq!((outer.last(), inner.last()), (Some(Some(8)), Some(Some(8))));
        fields.nested().set(None);
        assert_eq!((outer.last(), inner.last()), (None, None));
    });
}

/// A value that is an option itself.
#[test]
fn the_value_may_be_an_option() {
    on_every_engine(|store| {
        let fields = stored(store, Some(ada().address));
        let city = fields.clone();
        let city = Reader::new(move || city.clone().map(|address| address.city().get()));
        fields.clone().unwrap().city().set("Paris".into());
        assert_eq!((city.runs(), city.last().as_deref()), (1, Some("Paris")));
        fields.set(None);
        assert_eq!((city.runs(), city.last()), (1, None));
        assert!(store.has("value"), "nothing is stored, which is something");
    });
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
enum Status {
    #[default]
    Idle,
    Busy(Address),
    Failed {
        reason: String,
    },
    Moved(i32, i32),
}

/// An enum without `Diff` is a leaf, although it has fields.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive)]
enum Opaque {
    #[default]
    Nothing,
    Something(Address),
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Enums {
    status: Status,
    opaque: Opaque,
    opaques: Vec<Opaque>,
    maybe: Option<Opaque>,
}

#[test]
fn the_fields_of_a_variant_come_and_go_with_it() {
    on_every_engine(|store| {
        let fields = stored(store, Enums::default());
        let f = || fields.clone();
        let (idle, city, reason, moved) = (f(), f(), f(), f());
        let idle = Reader::new(move || idle.clone().status().idle());
        let city = Reader::new(move || {
            let busy = city.clone().status().busy_0();
            busy.map(|address| address.city().get())
        });
        let reason = Reader::new(move || {
            reason
                .clone()
                .status()
                .failed_reason()
                .map(|reason| reason.get())
        });
        let moved = Reader::new(move || moved.clone().status().moved_1().map(|by| by.get()));
        let all = || [idle.runs(), city.runs(), reason.runs(), moved.runs()];
        assert!(idle.last());
        fields.clone().status().set(Status::Busy(ada().address));
        assert_eq!((all(), city.last().as_deref()), ([1; 4], Some("London")));
        fields
            .clone()
            .status()
            .busy_0()
            .unwrap()
            .city()
            .set("Paris".into());
        assert_eq!((all(), city.last().as_deref()), ([1; 4], Some("Paris")));
        update(store, |enums: &mut Enums| {
            enums.status = Status::Failed { reason: "x".into() }
        });
        assert_eq!((all(), reason.last().as_deref()), ([1; 4], Some("x")));
        update(store, |enums: &mut Enums| {
            enums.status = Status::Moved(1, 2)
        });
        assert_eq!((all(), moved.last()), ([1; 4], Some(2)));
        fields.clone().status().moved_0().unwrap().set(7);
        assert_eq!(all(), [1; 4]);
        assert_eq!(
            store.get(Key::<Enums>::new("value")).unwrap().status,
            Status::Moved(7, 2)
        );
        fields.opaque().set(Opaque::Something(Address::default()));
        assert_eq!(all(), [0; 4]);
    });
}

/// Of a variant that stays, only the field that differs is told, to who has a handle of it.
#[test]
fn a_field_of_a_variant_runs_its_readers_alone() {
    on_every_engine(|store| {
        let fields = stored(
            store,
            Enums {
                status: Status::Busy(ada().address),
                ..Enums::default()
            },
        );
        let busy = fields.clone().status().busy_0().unwrap();
        let (city, street) = (busy.clone(), busy.clone());
        let city = Reader::new(move || city.clone().city().get());
        let street = Reader::new(move || street.clone().street().get());
        update(store, |enums: &mut Enums| match &mut enums.status {
            Status::Busy(address) => address.city = "Paris".into(),
            _ => unreachable!(),
        });
        assert_eq!((city.runs(), street.runs()), (1, 0));
        busy.street().set("Rue".into());
        assert_eq!((city.runs(), street.runs()), (0, 1));
        drop(fields);
    });
}

#[test]
fn a_type_without_diff_is_a_leaf() {
    on_every_engine(|store| {
        let opaque = Opaque::Something(ada().address);
        let fields = stored(
            store,
            Enums {
                opaque: opaque.clone(),
                opaques: vec![opaque.clone(), Opaque::Nothing],
                maybe: Some(opaque.clone()),
                ..Enums::default()
            },
        );
        let inside = fields.clone().opaque().something_0().unwrap();
        let (city, street) = (inside.clone(), inside.clone());
        let city = Reader::new(move || city.clone().city().try_get());
        let street = Reader::new(move || street.clone().street().try_get());
        let items = [0, 1].map(|at| {
            let fields = fields.clone();
            Reader::new(move || fields.clone().opaques().at_unkeyed(at).get())
        });
        let maybe = fields.clone();
        let maybe = Reader::new(move || maybe.clone().maybe().unwrap().get());
        inside.city().set("Paris".into());
        assert_eq!((city.runs(), street.runs()), (1, 1), "all that is in it");
        assert_eq!((runs(&items), maybe.runs()), ([0, 0], 0));
        fields.clone().opaques().at_unkeyed(1).set(opaque.clone());
        assert_eq!((runs(&items), maybe.runs()), ([0, 1], 0));
        fields.maybe().set(Some(Opaque::Nothing));
        assert_eq!((runs(&items), maybe.runs()), ([0, 0], 1));
        assert_eq!((city.runs(), street.runs()), (0, 0));
    });
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Pair(Address, i32);

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Wrapped<T: Default, U>
where
    U: Clone,
{
    first: T,
    second: U,
    many: VecDeque<T>,
    array: [U; 2],
    tuple: (i32, i32),
}

#[test]
fn tuple_structs_and_generic_ones_have_fields() {
    on_every_engine(|store| {
        let value = Wrapped {
            first: Pair(ada().address, 1),
            second: 1u8,
            many: VecDeque::from([Pair::default(), Pair::default()]),
            array: [1, 2],
            tuple: (1, 2),
        };
        let fields = stored(store, value);
        let f = || fields.clone();
        let (a, b, c, d, e) = (f(), f(), f(), f(), f());
        let readers = [
            Reader::new(move || a.clone().first().field0().city().get()),
            Reader::new(move || b.clone().first().field1().get().to_string()),
            Reader::new(move || c.clone().second().get().to_string()),
            Reader::new(move || d.clone().many().read()[1].1.to_string()),
            Reader::new(move || e.clone().tuple().get().1.to_string()),
        ];
        fields.clone().first().field0().city().set("Paris".into());
        assert_eq!(runs(&readers), [1, 0, 0, 0, 0]);
        fields.clone().first().field1().set(2);
        assert_eq!(runs(&readers), [0, 1, 0, 0, 0]);
        fields.clone().second().set(2);
        assert_eq!(runs(&readers), [0, 0, 1, 0, 0]);
        fields.clone().many().write()[1].1 = 5;
        assert_eq!(runs(&readers), [0, 0, 0, 1, 0]);
        fields.clone().tuple().update(|tuple| tuple.1 = 9);
        assert_eq!(runs(&readers), [0, 0, 0, 0, 1]);
        fields.array().set([7, 7]);
        assert_eq!(runs(&readers), [0; 5]);
    });
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Pointers {
    boxed: Box<Inner>,
    list: Option<Box<List>>,
    /// Shared, so that it is cheap.
    #[serde(with = "shared")]
    arc: Arc<Address>,
    #[store(skip)]
    skipped: String,
    last: i32,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct List {
    item: i32,
    next: Option<Box<List>>,
}

mod shared {
    use super::*;
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(arc: &Arc<Address>, s: S) -> Result<S::Ok, S::Error> {
        Address::serialize(arc, s)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Arc<Address>, D::Error> {
        Address::deserialize(d).map(Arc::new)
    }
}

#[test]
fn what_is_behind_a_pointer_is_a_field() {
    on_every_engine(|store| {
        let tail = |item| Some(Box::new(List { item, next: None }));
        let fields = stored(
            store,
            Pointers {
                list: Some(Box::new(List {
                    item: 1,
                    next: tail(2),
                })),
                boxed: Box::new(Inner {
                    note: None,
                    parts: vec![part(1), part(2)],
                }),
                ..Pointers::default()
            },
        );
        let f = || fields.clone();
        let (boxed, text, second, arc, last) = (f(), f(), f(), f(), f());
        let readers = [
            Reader::new(move || drop(boxed.clone().boxed().deref_field().note().get())),
            Reader::new(move || drop(text.clone().boxed().deref_field().parts().at_key(2).get())),
            Reader::new(move || {
                let first = second.clone().list().unwrap().deref_field();
                first.next().unwrap().deref_field().item().get();
            }),
            Reader::new(move || drop(arc.clone().arc().read().city.clone())),
            Reader::new(move || {
                last.clone().last().get();
            }),
        ];
        fields
            .clone()
            .boxed()
            .deref_field()
            .note()
            .set(Some("x".into()));
        assert_eq!(runs(&readers), [1, 0, 0, 0, 0]);
        fields
            .clone()
            .boxed()
            .deref_field()
            .parts()
            .write()
            .reverse();
        assert_eq!(runs(&readers), [0; 5]);
        fields
            .clone()
            .boxed()
            .deref_field()
            .parts()
            .at_key(2)
            .text()
            .set("two".into());
        assert_eq!(runs(&readers), [0, 1, 0, 0, 0]);
        let first = fields.clone().list().unwrap().deref_field();
        first.clone().item().set(10);
        assert_eq!(runs(&readers), [0; 5]);
        first.next().unwrap().deref_field().item().set(20);
        assert_eq!(runs(&readers), [0, 0, 1, 0, 0]);
        update(store, |value: &mut Pointers| {
            Arc::make_mut(&mut value.arc).city.push('x')
        });
        assert_eq!(runs(&readers), [0, 0, 0, 1, 0]);
        update(store, |value: &mut Pointers| value.skipped.push('x'));
        assert_eq!(
            runs(&readers),
            [0; 5],
            "who reads all of it is told, and nobody else"
        );
        fields.last().set(1);
        assert_eq!(
            runs(&readers),
            [0, 0, 0, 0, 1],
            "the fields behind one that is skipped"
        );
    });
}

/// Handles that hide the way to a field, as they are passed to components.
#[test]
fn erased_handles_read_track_and_write() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let name: ArcField<String> = fields.clone().name().into();
        let city: Field<String> = fields.clone().address().city().into();
        let row: Field<Row> = fields.clone().rows().at_key(2).into();
        let score: ArcField<i32> = fields.clone().scores().at_unkeyed(1).into();
        let address: Field<Address> = fields.clone().address().into();
        let n = name.clone();
        let s = score.clone();
        let readers = [
            Reader::new(move || n.get()),
            Reader::new(move || city.get()),
            Reader::new(move || row.label().get()),
            Reader::new(move || s.get().to_string()),
            Reader::new(move || address.street().get()),
            Reader::new(move || {
                row.track();
                String::new()
            }),
        ];
        name.set("Grace".into());
        assert_eq!(runs(&readers), [1, 0, 0, 0, 0, 0]);
        city.set("Paris".into());
        assert_eq!(runs(&readers), [0, 1, 0, 0, 0, 0]);
        address.street().set("Rue".into());
        assert_eq!(runs(&readers), [0, 0, 0, 0, 1, 0]);
        row.label().set("two".into());
        assert_eq!(runs(&readers), [0, 0, 1, 0, 0, 1]);
        *score.write() = 7;
        assert_eq!(runs(&readers), [0, 0, 0, 1, 0, 0]);
        fields.clone().rows().write().swap(0, 1);
        assert_eq!(runs(&readers), [0; 6], "the row has moved");
        row.update(|row| row.label.push('!'));
        assert_eq!(
            (runs(&readers), row.get_untracked().id),
            ([0, 0, 1, 0, 0, 1], 2)
        );
        let stored = store.get(USER).unwrap();
        assert_eq!((stored.name.as_str(), stored.scores[1]), ("Grace", 7));
        assert_eq!(stored.rows[0].label, "two!");
    });
}

/// An erased handle of an enum asks for triggers in another way.
#[test]
fn an_erased_handle_of_an_enum_tracks_its_variant() {
    on_every_engine(|store| {
        let fields = stored(store, Enums::default());
        let status: Field<Status> = fields.clone().status().into();
        let busy = Reader::new(move || status.busy());
        let twice = Reader::new(move || (status.idle(), status.busy()));
        let city = Reader::new(move || status.busy_0().map(|address| address.city().get()));
        let all = || (busy.runs(), twice.runs(), city.runs());
        for n in 1..4 {
            fields.clone().status().set(Status::Moved(n, 0));
            assert_eq!(all(), (1, 1, 1));
            fields
                .clone()
                .opaque()
                .set(Opaque::Something(Address::default()));
            fields.clone().opaque().set(Opaque::Nothing);
            assert_eq!(all(), (0, 0, 0));
        }
        status.set(Status::Busy(Address::default()));
        assert_eq!((all(), busy.last()), ((1, 1, 1), true));
    });
}

/// A handle that can be copied, and ends with its owner.
#[test]
fn fields_that_can_be_copied_are_the_same_fields() {
    on_every_engine(|store| {
        let fields: Fields<User> = stored_ada(store).into();
        let reader = Reader::new(move || fields.name().get());
        let row = Reader::new(move || fields.rows().at_key(2).label().get());
        fields.name().set("Grace".into());
        assert_eq!((reader.runs(), row.runs()), (1, 0));
        fields.try_update(|user| user.rows.rotate_left(1)).unwrap();
        assert_eq!((reader.runs(), row.runs()), (0, 0));
        fields.rows().at_key(2).label().set("two".into());
        assert_eq!((reader.runs(), row.runs()), (0, 1));
        for label in fields.rows() {
            label.label().update(|label| label.push('!'));
        }
        assert_eq!(fields.read_untracked().rows[0].label, "two!");
    });
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff, Patch)]
struct Patched {
    name: String,
    inner: PatchedInner,
    list: Vec<i32>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff, Patch)]
struct PatchedInner {
    a: i32,
    b: i32,
}

/// A type may derive `Patch` too; patching a field is one more way to write it.
#[test]
fn a_patch_is_a_write_like_any_other() {
    on_every_engine(|store| {
        let fields = stored(store, Patched::default());
        let f = || fields.clone();
        let (name, a, b) = (f(), f(), f());
        let name = Reader::new(move || name.clone().name().get());
        let a = Reader::new(move || a.clone().inner().a().get());
        let b = Reader::new(move || b.clone().inner().b().get());
        let all = || (name.runs(), a.runs(), b.runs());
        fields.patch(Patched {
            inner: PatchedInner { a: 1, b: 0 },
            ..Patched::default()
        });
        assert_eq!((all(), store.metadata().version), ((0, 1, 0), 2));
        fields.clone().inner().patch(PatchedInner { a: 1, b: 7 });
        assert_eq!((all(), store.metadata().version), ((0, 0, 1), 3));
        fields.clone().inner().patch(PatchedInner { a: 1, b: 7 });
        assert_eq!((all(), store.metadata().version), ((0, 0, 0), 3));
        assert_eq!(store.get(Key::<Patched>::new("value")).unwrap().inner.b, 7);
    });
}
