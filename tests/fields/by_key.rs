//! Rows by their key: they keep their readers wherever they stand.

use crate::support::*;
use reactive_graph::traits::{Get, GetUntracked, Read, ReadUntracked, Set, Track, Update, Write};
use reactive_stores::Store as Derive;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use universal_state::{ArcFields, Diff, Key, Store};

/// A reader of the label of a row, if it is there.
fn label(fields: &ArcFields<User>, id: u32) -> Reader<Option<String>> {
    let fields = fields.clone();
    Reader::new(move || fields.clone().rows().at_key(id).label().try_get())
}

/// A reader of the text of a part of a row, if it is there.
fn text(fields: &ArcFields<User>, row: u32, part: u32) -> Reader<Option<String>> {
    let fields = fields.clone();
    Reader::new(move || {
        let row = fields.clone().rows().at_key(row);
        row.parts().at_key(part).text().try_get()
    })
}

/// A reader of the order of the rows.
fn order(fields: &ArcFields<User>) -> Reader<Vec<u32>> {
    let fields = fields.clone();
    Reader::new(move || {
        let rows = fields.clone().rows().into_iter();
        rows.map(|row| row.id().get_untracked()).collect()
    })
}

fn update(store: &Store, f: impl FnMut(&mut Vec<Row>)) {
    let mut f = f;
    store.update(USER, |user| f(&mut user.rows)).unwrap();
}

#[test]
fn rows_keep_their_readers_wherever_they_stand() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let (order, labels) = (order(&fields), [1, 2, 3].map(|id| label(&fields, id)));
        let all = || (order.runs(), runs(&labels));

        update(store, |rows| rows[1].label = "two".into());
        assert_eq!(all(), (1, [0, 1, 0]), "a row");
        fields.clone().rows().at_key(3).label().set("three".into());
        assert_eq!(all(), (1, [0, 0, 1]), "a row through its field");
        update(store, |rows| rows.swap(0, 2));
        assert_eq!(all(), (1, [0, 0, 0]), "a new order");
        assert_eq!(order.last(), [3, 2, 1]);
        update(store, |rows| rows.insert(0, row(9)));
        assert_eq!(all(), (1, [0, 0, 0]), "an insertion");
        update(store, |rows| rows.insert(2, row(8)));
        assert_eq!(all(), (1, [0, 0, 0]), "an insertion in the middle");
        assert_eq!(order.last(), [9, 3, 8, 2, 1]);
        update(store, |rows| rows[4].label = "one".into());
        assert_eq!(all(), (1, [1, 0, 0]), "a row that has moved");
        fields.clone().rows().at_key(3).label().set("drei".into());
        assert_eq!(all(), (1, [0, 0, 1]), "and through its field");
        update(store, |rows| drop(rows.remove(0)));
        assert_eq!(all(), (1, [0, 0, 0]), "a removal");
        update(store, |rows| drop(rows.remove(2)));
        assert_eq!(all(), (1, [0, 1, 0]), "its own removal");
        assert_eq!((order.last(), labels[1].last()), (vec![3, 8, 1], None));
        update(store, |rows| rows.reverse());
        assert_eq!(
            (order.runs(), labels[0].runs(), labels[2].runs()),
            (1, 0, 0)
        );
    });
}

/// One write swaps rows and changes one of them.
#[test]
fn a_row_that_moves_and_changes_runs_its_readers_alone() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let labels = [1, 2, 3].map(|id| label(&fields, id));
        let marks = [1, 2, 3].map(|id| {
            let fields = fields.clone();
            Reader::new(move || fields.clone().rows().at_key(id).marks().try_get())
        });
        update(store, |rows| {
            rows.swap(0, 2);
            rows[0].label = "three".into();
        });
        assert_eq!((runs(&labels), runs(&marks)), ([0, 0, 1], [0, 0, 0]));
        update(store, |rows| {
            rows.rotate_left(1);
            rows[0].marks.push(3);
            rows.push(row(4));
            rows[2].label = "drei".into();
        });
        assert_eq!((runs(&labels), runs(&marks)), ([0, 0, 1], [0, 1, 0]));
        fields.clone().rows().update(|rows| {
            rows.reverse();
            rows.retain(|row| row.id != 1);
        });
        assert_eq!((runs(&labels), runs(&marks)), ([1, 0, 0], [1, 0, 0]));
        drop(fields);
    });
}

/// A row that is replaced by one with another key is gone.
#[test]
fn a_row_that_is_replaced_is_another() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let labels = [1, 2, 7].map(|id| label(&fields, id));
        assert_eq!(labels[2].last(), None);
        update(store, |rows| rows[1] = row(7));
        assert_eq!(labels[0].runs(), 0);
        assert_eq!((labels[1].runs(), labels[1].last()), (1, None));
        assert_eq!(
            (labels[2].runs(), labels[2].last().unwrap()),
            (1, "row 7".into())
        );
        fields.clone().rows().at_key(7).id().set(2);
        assert_eq!(labels[0].runs(), 0);
        assert_eq!(
            (labels[1].runs(), labels[1].last().unwrap()),
            (1, "row 7".into())
        );
        assert_eq!((labels[2].runs(), labels[2].last()), (1, None));
        drop(fields);
    });
}

/// Who looks for a row in vain is told when it comes.
#[test]
fn a_row_that_is_not_there_yet_is_awaited() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let (label, text) = (label(&fields, 9), text(&fields, 9, 2));
        let whole = fields.clone();
        let whole = Reader::new(move || whole.clone().rows().at_key(9).try_get());
        let tracked = fields.clone();
        let tracked = Reader::new(move || tracked.clone().rows().at_key(9).track());
        assert_eq!(
            (label.last(), text.last(), whole.last()),
            (None, None, None)
        );
        fields.clone().rows().at_key(9).label().set("lost".into());
        assert_eq!(store.get(USER), Some(ada()), "there is nothing to write to");

        update(store, |rows| rows.push(row(9)));
        assert_eq!(
            (label.runs(), text.runs(), whole.runs(), tracked.runs()),
            (1, 1, 1, 1)
        );
        assert_eq!(label.last().as_deref(), Some("row 9"));
        assert_eq!(text.last().as_deref(), Some("part 2"));
        assert_eq!(whole.last(), Some(row(9)));
        update(store, |rows| rows[0].label = "one".into());
        assert_eq!(
            (label.runs(), text.runs(), whole.runs(), tracked.runs()),
            (0, 0, 0, 0)
        );
        update(store, |rows| rows.truncate(1));
        assert_eq!(
            (label.runs(), text.runs(), whole.runs(), tracked.runs()),
            (1, 1, 1, 1)
        );
        store.delete("user").unwrap();
        store.set(USER, ada()).unwrap();
        update(store, |rows| rows.insert(0, row(9)));
        assert_eq!(label.last().as_deref(), Some("row 9"));
    });
}

/// Of rows with one key the last counts.
#[test]
fn of_rows_with_one_key_the_last_counts() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let (first, second) = (label(&fields, 1), label(&fields, 2));
        update(store, |rows| {
            rows.push(Row {
                label: "again".into(),
                ..row(1)
            })
        });
        assert_eq!((first.runs(), first.last().as_deref()), (1, Some("again")));
        update(store, |rows| rows[0].label = "hidden".into());
        assert_eq!(first.runs(), 0);
        fields.clone().rows().at_key(1).label().set("seen".into());
        assert_eq!((first.runs(), first.last().as_deref()), (1, Some("seen")));
        assert_eq!(store.get(USER).unwrap().rows[3].label, "seen");
        update(store, |rows| rows.swap(1, 3));
        assert_eq!((first.runs(), second.runs()), (0, 0), "hidden, seen, 3, 2");
        update(store, |rows| drop(rows.remove(1)));
        assert_eq!((first.runs(), first.last().as_deref()), (1, Some("hidden")));
        assert_eq!(second.runs(), 0);
    });
}

/// Rows with rows in them, both moved and changed in one write.
#[test]
fn keyed_collections_can_be_nested() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let readers = [(1, 1), (1, 2), (2, 1), (3, 2)].map(|(row, part)| text(&fields, row, part));
        let labels = [1, 2].map(|id| label(&fields, id));
        update(store, |rows| {
            rows.rotate_left(1);
            rows[2].parts.swap(0, 1);
        });
        assert_eq!((runs(&readers), runs(&labels)), ([0; 4], [0; 2]), "2, 3, 1");
        update(store, |rows| {
            rows.swap(0, 2);
            rows[0].parts[1].text = "one".into();
            rows[2].parts.insert(0, part(7));
            rows[2].label = "two".into();
        });
        assert_eq!(
            (runs(&readers), runs(&labels)),
            ([1, 0, 0, 0], [0, 1]),
            "1, 3, 2"
        );
        let part_of_three = fields.clone().rows().at_key(3).parts().at_key(2).text();
        part_of_three.set("three".into());
        assert_eq!((runs(&readers), runs(&labels)), ([0, 0, 0, 1], [0; 2]));
        fields.clone().rows().at_key(2).parts().write().reverse();
        assert_eq!((runs(&readers), runs(&labels)), ([0; 4], [0; 2]));
        update(store, |rows| drop(rows.remove(0)));
        assert_eq!((runs(&readers), runs(&labels)), ([1, 1, 0, 0], [1, 0]));
        part_of_three.set("drei".into());
        assert_eq!(runs(&readers), [0, 0, 0, 1]);
        assert_eq!(store.get(USER).unwrap().rows[0].parts[1].text, "drei");
    });
}

/// A handle of a row is a handle of that row, wherever it stands by then.
#[test]
fn a_row_that_was_iterated_over_is_found_after_it_moved() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let rows: Vec<_> = fields.clone().rows().into_iter().collect();
        let backwards: Vec<_> = fields.clone().rows().into_iter().rev().collect();
        assert_eq!(rows[0].key(), backwards[2].key());
        update(store, |rows| rows.rotate_left(1));
        assert_eq!(rows[0].clone().label().get_untracked(), "row 1");
        rows[2].clone().label().set("three".into());
        assert_eq!(store.get(USER).unwrap().rows[1].label, "three");
        rows[1].update(|row| row.label = "two".into());
        assert_eq!(store.get(USER).unwrap().rows[0].label, "two");
        update(store, |rows| rows.clear());
        assert!(rows[0].clone().label().try_get_untracked().is_none());
        rows[0].clone().label().set("gone".into());
        assert_eq!(store.get(USER).unwrap().rows, []);
    });
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Shelf {
    #[store(key: String = |(key, _)| key.clone())]
    hashed: HashMap<String, Part>,
    #[store(key: u32 = |(key, _)| *key)]
    ordered: BTreeMap<u32, Row>,
    title: String,
}

/// Entries of maps are known by their keys.
#[test]
fn the_entries_of_maps_are_rows() {
    const SHELF: Key<Shelf> = Key::new("shelf");
    on_every_engine(|store| {
        let shelf = Shelf {
            hashed: (0..20).map(|id| (id.to_string(), part(id))).collect(),
            ordered: (0..5).map(|id| (id * 10, row(id))).collect(),
            title: String::new(),
        };
        store.set(SHELF, shelf.clone()).unwrap();
        let fields = store.fields_or(SHELF, Shelf::default()).unwrap();
        let hashed = ["3", "7", "x"].map(|key| {
            let fields = fields.clone();
            Reader::new(move || {
                fields
                    .clone()
                    .hashed()
                    .at_key(key.to_owned())
                    .text()
                    .try_get()
            })
        });
        let ordered = [10, 20].map(|key| {
            let fields = fields.clone();
            Reader::new(move || {
                let row = fields.clone().ordered().at_key(key);
                row.parts().at_key(1).text().try_get()
            })
        });
        let keys = fields.clone();
        let keys = Reader::new(move || keys.clone().ordered().read().len());
        let all = || (runs(&hashed), runs(&ordered), keys.runs());

        fields
            .clone()
            .hashed()
            .at_key("3".into())
            .text()
            .set("three".into());
        assert_eq!(all(), ([1, 0, 0], [0, 0], 0));
        assert_eq!(store.get(SHELF).unwrap().hashed["3"].text, "three");
        store
            .update(SHELF, |shelf| drop(shelf.hashed.remove("1")))
            .unwrap();
        assert_eq!((hashed[0].runs(), hashed[1].runs()), (0, 0));
        assert!(hashed[2].runs() <= 1, "it still waits for its key");
        store
            .update(SHELF, |shelf| {
                drop(shelf.hashed.insert("x".into(), part(77)))
            })
            .unwrap();
        assert_eq!(all(), ([0, 0, 1], [0, 0], 0));
        assert_eq!(hashed[2].last().as_deref(), Some("part 77"));
        // Another map with another order.
        let rebuilt = store.get(SHELF).unwrap();
        let mut rebuilt = Shelf {
            hashed: rebuilt.hashed.into_iter().collect(),
            ..rebuilt
        };
        rebuilt.hashed.get_mut("7").unwrap().text = "seven".into();
        rebuilt.ordered.insert(5, row(5));
        rebuilt.ordered.get_mut(&20).unwrap().parts[0].text = "twenty".into();
        store.set(SHELF, rebuilt).unwrap();
        assert_eq!(all(), ([0, 1, 0], [0, 1], 1));
        #[cfg(feature = "json")]
        {
            store
                .set_at("shelf", "/ordered/10/parts/0/text", "ten".to_owned())
                .unwrap();
            assert_eq!(all(), ([0, 0, 0], [1, 0], 1));
        }
        fields.clone().title().set("T".into());
        assert_eq!(all(), ([0, 0, 0], [0, 0], 0));
        store.update(SHELF, |shelf| shelf.hashed.clear()).unwrap();
        assert_eq!(all(), ([1, 1, 1], [0, 0], 0));
        drop(fields.read_untracked());
    });
}

/// Rows as a whole, and their list, beside their fields.
#[test]
fn a_row_as_a_whole_is_told_of_all_that_is_in_it() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let (row, list) = (fields.clone(), fields.clone());
        let row = Reader::new(move || row.clone().rows().at_key(2).get());
        let list = Reader::new(move || list.clone().rows().get());
        update(store, |rows| rows[1].parts[0].text = "x".into());
        assert_eq!((row.runs(), list.runs()), (1, 1));
        update(store, |rows| rows.swap(0, 1));
        assert_eq!((row.runs(), list.runs()), (0, 1));
        update(store, |rows| rows[1].label = "one".into());
        assert_eq!((row.runs(), list.runs()), (0, 1));
        let mut second = fields.clone().rows().at_key(2).get_untracked();
        second.marks.clear();
        fields.clone().rows().at_key(2).set(second);
        assert_eq!((row.runs(), list.runs(), row.last().marks.len()), (1, 1, 0));
        fields.name().set("x".into());
        assert_eq!((row.runs(), list.runs()), (0, 0));
    });
}
