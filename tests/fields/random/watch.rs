//! Effects, and what each observes.

use super::{
    Checked,
    doc::{
        DOC, Doc, DocStoreFields, Inner, InnerStoreFields, Row, RowStoreFields, Status,
        StatusStoreFields, SubStoreFields, place, sub_place,
    },
    door::{LITE, Lite, LiteRowStoreFields, LiteStoreFields},
};
use crate::support::Reader;
use proptest::prelude::*;
use reactive_graph::{
    computed::ArcMemo,
    traits::{Get, GetUntracked, Read, ReadUntracked, Track},
};
use reactive_stores::{ArcField, DerefField, Field, OptionStoreExt, StoreFieldIterator};
use std::fmt::Debug;
use universal_state::{ArcFields, Store};

type Observed = Box<dyn Fn(&Option<Doc>) -> String>;

/// When an effect may run although what it observes does not differ.
#[derive(Clone, Copy, PartialEq)]
enum Spare {
    Never,
    /// It looks for an item in vain, and keys have come, gone or moved.
    Awaits,
    /// Any row differs: it goes by indices and keys on one way.
    Rows,
}

struct Watch {
    name: String,
    reader: Reader<String>,
    observed: Observed,
    spare: Spare,
}

pub struct Watched(Vec<Watch>);

/// The keys of all collections, in their places.
fn keys(doc: &Option<Doc>) -> String {
    let doc = doc.clone().unwrap_or_default();
    let subs = |row: &Row| row.subs.iter().map(|sub| sub.id).collect::<Vec<_>>();
    let rows: Vec<_> = doc.rows.iter().map(|row| (row.id, subs(row))).collect();
    format!("{rows:?} {:?}", doc.map.keys())
}

impl Watched {
    pub fn new(store: &Store) -> Self {
        let mut watched = Self(Vec::new());
        let fields = store.fields_or(DOC, Doc::default()).unwrap();
        watched.leaves(&fields);
        watched.items(&fields);
        watched.rows(&fields);
        watched.wholes(store, &fields);
        watched.others(store, &fields);
        watched
    }

    /// An effect that reads something, and what of a value it observes.
    fn add<T: Debug + 'static>(
        &mut self,
        name: impl Into<String>,
        spare: Spare,
        read: impl Fn() -> T + 'static,
        observed: impl Fn(&Option<Doc>) -> T + 'static,
    ) {
        let reader = Reader::new(move || format!("{:?}", read()));
        self.0.push(Watch {
            name: name.into(),
            reader,
            observed: Box::new(move |doc| format!("{:?}", observed(doc))),
            spare,
        });
    }

    /// The same of the root with the default.
    fn of<T: Debug + 'static>(
        &mut self,
        name: impl Into<String>,
        spare: Spare,
        fields: &ArcFields<Doc>,
        read: impl Fn(ArcFields<Doc>) -> T + 'static,
        observed: impl Fn(&Doc) -> T + 'static,
    ) {
        let fields = fields.clone();
        let default = Doc::default();
        let observed = move |doc: &Option<Doc>| observed(doc.as_ref().unwrap_or(&default));
        self.add(name, spare, move || read(fields.clone()), observed);
    }

    fn leaves(&mut self, f: &ArcFields<Doc>) {
        use Spare::Never;
        self.of("name", Never, f, |f| f.name().get(), |doc| doc.name.clone());
        self.of("count", Never, f, |f| f.count().get(), |doc| doc.count);
        self.of("maybe", Never, f, |f| f.maybe().get(), |doc| doc.maybe);
        self.of(
            "mapped",
            Never,
            f,
            |f| f.maybe().map(|maybe| maybe.get()),
            |doc| doc.maybe,
        );
        let a = |f: ArcFields<Doc>| {
            let a = f.clone().maybe().unwrap().a();
            a.track();
            f.maybe().map_untracked(|_| a.get_untracked())
        };
        self.of("maybe a", Never, f, a, |doc| doc.maybe.map(|maybe| maybe.a));
        let b = |f: ArcFields<Doc>| {
            let b = f.clone().maybe().unwrap().b();
            b.track();
            f.maybe().map_untracked(|_| b.get_untracked())
        };
        self.of("maybe b", Never, f, b, |doc| doc.maybe.map(|maybe| maybe.b));
        self.of("status", Never, f, |f| f.status().get(), |doc| doc.status);
        let busy = |f: ArcFields<Doc>| (f.clone().status().busy(), f.status().get_untracked());
        let is_busy = |doc: &Doc| (matches!(doc.status, Status::Busy(_)), doc.status);
        self.of("variant", Never, f, busy, is_busy);
        let busy = |f: ArcFields<Doc>| f.status().busy_0().map(|busy| busy.get());
        let observed = |doc: &Doc| match doc.status {
            Status::Busy(n) => Some(n),
            Status::Idle => None,
        };
        self.of("busy", Never, f, busy, observed);
        let status: Field<Status> = f.clone().status().into();
        let erased = move |_| (status.busy(), status.get_untracked());
        self.of("erased variant", Never, f, erased, is_busy);
        let pointer = |f: ArcFields<Doc>| f.boxed().deref_field().a().get();
        self.of("behind a pointer", Never, f, pointer, |doc| doc.boxed.a);
        let tracked = |f: ArcFields<Doc>| {
            let boxed = f.boxed().deref_field();
            boxed.track();
            boxed.get_untracked()
        };
        self.of("a pointer, tracked", Never, f, tracked, |doc| *doc.boxed);
        let two = |f: ArcFields<Doc>| (f.clone().name().get(), f.boxed().deref_field().b().get());
        self.of("two fields", Never, f, two, |doc| {
            (doc.name.clone(), doc.boxed.b)
        });
    }

    fn items(&mut self, f: &ArcFields<Doc>) {
        use Spare::Never;
        self.of("list", Never, f, |f| f.list().get(), |doc| doc.list.clone());
        let iterated = |f: ArcFields<Doc>| {
            let items = f.list().iter_unkeyed();
            items.map(|item| item.get_untracked()).collect::<Vec<_>>()
        };
        self.of("list, iterated", Never, f, iterated, |doc| doc.list.clone());
        for at in 0..3 {
            let item = move |f: ArcFields<Doc>| {
                let item = f.clone().list().at_unkeyed(at);
                item.track();
                let is_there = f.list().read_untracked().len() > at;
                is_there.then(|| item.get_untracked())
            };
            let observed = move |doc: &Doc| doc.list.get(at).copied();
            self.of(format!("item {at}"), Never, f, item, observed);
            let row = move |f: ArcFields<Doc>| {
                let n = f.clone().rows().at_unkeyed(at).n();
                n.track();
                let is_there = f.rows().read_untracked().len() > at;
                is_there.then(|| n.get_untracked())
            };
            let observed = move |doc: &Doc| doc.rows.get(at).map(|row| row.n);
            self.of(format!("row at {at}"), Never, f, row, observed);
        }
        let mixed = |f: ArcFields<Doc>| {
            let row = f.clone().rows().at_unkeyed(0);
            // There is nothing to be read by a key in a row that is not there.
            match f.rows().read().is_empty() {
                true => None,
                false => row.subs().at_key(1).n().try_get(),
            }
        };
        let observed = |doc: &Doc| {
            let row = doc.rows.first()?;
            Some(row.subs[sub_place(&row.subs, 1)?].n)
        };
        self.of("by index and key", Spare::Rows, f, mixed, observed);
    }

    fn rows(&mut self, f: &ArcFields<Doc>) {
        use Spare::{Awaits, Never};
        self.of("rows", Never, f, |f| f.rows().get(), |doc| doc.rows.clone());
        let order = |f: ArcFields<Doc>| {
            let rows = f.rows().into_iter();
            rows.map(|row| row.get_untracked()).collect::<Vec<_>>()
        };
        // Of rows with one key it shows the last.
        let observed = |doc: &Doc| {
            let last = |row: &Row| doc.rows[place(&doc.rows, row.id).unwrap()].clone();
            (
                doc.rows.clone(),
                doc.rows.iter().map(last).collect::<Vec<_>>(),
            )
        };
        let order = move |f: ArcFields<Doc>| (f.clone().rows().get_untracked(), order(f));
        self.of("rows, iterated", Never, f, order, observed);
        let row = |doc: &Doc, id| place(&doc.rows, id).map(|at| doc.rows[at].clone());
        for id in 0..4 {
            let n = move |f: ArcFields<Doc>| f.rows().at_key(id).n().try_get();
            let observed = move |doc: &Doc| row(doc, id).map(|row| row.n);
            self.of(format!("row {id} n"), Awaits, f, n, observed);
            let marks = move |f: ArcFields<Doc>| f.rows().at_key(id).marks().try_get();
            let observed = move |doc: &Doc| row(doc, id).map(|row| row.marks);
            self.of(format!("row {id} marks"), Awaits, f, marks, observed);
            let inside = move |f: ArcFields<Doc>| f.map().at_key(id).try_read().map(|inner| *inner);
            let observed = move |doc: &Doc| doc.map.get(&id).copied();
            self.of(format!("entry {id}"), Awaits, f, inside, observed);
            let b = move |f: ArcFields<Doc>| f.map().at_key(id).b().try_get();
            let observed = move |doc: &Doc| doc.map.get(&id).map(|inner| inner.b);
            self.of(format!("entry {id} b"), Awaits, f, b, observed);
            for sub in 0..2 {
                let n =
                    move |f: ArcFields<Doc>| f.rows().at_key(id).subs().at_key(sub).n().try_get();
                let observed = move |doc: &Doc| {
                    let subs = row(doc, id)?.subs;
                    Some(subs[sub_place(&subs, sub)?].n)
                };
                self.of(format!("row {id} sub {sub}"), Awaits, f, n, observed);
            }
        }
        let whole = |f: ArcFields<Doc>| f.rows().at_key(1).try_get();
        self.of("row 1", Awaits, f, whole, move |doc| row(doc, 1));
        let subs = |f: ArcFields<Doc>| f.rows().at_key(1).subs().try_get();
        self.of("row 1 subs", Awaits, f, subs, move |doc| {
            row(doc, 1).map(|row| row.subs)
        });
        let erased: ArcField<Row> = f.clone().rows().at_key(2).into();
        let erased = move |_| erased.clone().n().try_get();
        self.of("erased row", Awaits, f, erased, move |doc| {
            row(doc, 2).map(|row| row.n)
        });
        let map = |f: ArcFields<Doc>| f.map().get();
        self.of("map", Never, f, map, |doc| doc.map.clone());
    }

    fn wholes(&mut self, store: &Store, f: &ArcFields<Doc>) {
        use Spare::Never;
        self.of("whole", Never, f, |f| f.get(), Doc::clone);
        self.of(
            "whole, tracked",
            Never,
            f,
            |f| {
                f.track();
                f.get_untracked()
            },
            Doc::clone,
        );
        let optional = store.fields(DOC).unwrap();
        let (whole, count) = (optional.clone(), optional.clone());
        self.add("optional", Never, move || whole.get(), Option::clone);
        let count = move || {
            let field = count.clone().unwrap().count();
            field.track();
            count.clone().map_untracked(|_| field.get_untracked())
        };
        self.add("optional count", Never, count, |doc| {
            doc.as_ref().map(|doc| doc.count)
        });
        let mapped = move || optional.clone().map(|doc| doc.get());
        self.add("optional, mapped", Never, mapped, Option::clone);
    }

    fn others(&mut self, store: &Store, f: &ArcFields<Doc>) {
        use Spare::{Awaits, Never};
        let same = f.clone();
        let sum = ArcMemo::new(move |_| same.clone().list().read().iter().sum::<i32>());
        let parity = ArcMemo::new(move |_| sum.get() % 2 == 0);
        let observed = |doc: &Doc| doc.list.iter().sum::<i32>() % 2 == 0;
        self.of("memos", Never, f, move |_| parity.get(), observed);
        let default = Doc {
            count: 5,
            maybe: Some(Inner::default()),
            ..Doc::default()
        };
        let other = store.fields_or(DOC, default.clone()).unwrap();
        let (count, maybe) = (other.clone(), other);
        let (default_count, default_maybe) = (default.count, default.maybe);
        self.add(
            "another default's count",
            Never,
            move || count.clone().count().get(),
            move |doc| doc.as_ref().map_or(default_count, |doc| doc.count),
        );
        self.add(
            "another default's maybe",
            Never,
            move || maybe.clone().maybe().get(),
            move |doc| doc.as_ref().map_or(default_maybe, |doc| doc.maybe),
        );
        let lite = store.fields_or(LITE, Lite::default()).unwrap();
        let count = lite.clone();
        self.of(
            "another type's count",
            Never,
            f,
            move |_| count.clone().count().get(),
            |doc| doc.count,
        );
        for id in [1, 2] {
            let lite = lite.clone();
            let n = move |_| lite.clone().rows().at_key(id).n().try_get();
            let observed = move |doc: &Doc| place(&doc.rows, id).map(|at| doc.rows[at].n);
            self.of(format!("another type's row {id}"), Awaits, f, n, observed);
        }
    }

    /// Each effect ran if and only if what it observes differs, and has seen what is there.
    pub fn ran(&self, before: &Option<Doc>, after: &Option<Doc>) -> Checked {
        let rows = |doc: &Option<Doc>| doc.clone().unwrap_or_default().rows;
        let keys_moved = keys(before) != keys(after);
        for watch in &self.0 {
            let Watch { name, observed, .. } = watch;
            let (old, new, runs) = (observed(before), observed(after), watch.reader.runs());
            let spare = match watch.spare {
                Spare::Never => false,
                Spare::Awaits => new == "None" && keys_moved,
                Spare::Rows => rows(before) != rows(after),
            };
            let expected = usize::from(old != new);
            prop_assert!(
                runs == expected || (spare && runs == 1),
                "{} ran {} times: {} > {}",
                name,
                runs,
                old,
                new
            );
            prop_assert_eq!(watch.reader.last(), new, "{}", name);
        }
        Ok(())
    }
}
