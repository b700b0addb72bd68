//! Items by their index.

use crate::support::*;
use reactive_graph::traits::{Get, GetUntracked, Read, ReadUntracked, Set, Update, Write};
use reactive_stores::{Store as Derive, StoreFieldIterator};
use serde::{Deserialize, Serialize};
use universal_state::{ArcFields, Diff, Key};

fn items<const N: usize>(fields: &ArcFields<User>) -> [Reader<Option<i32>>; N] {
    std::array::from_fn(|at| {
        let fields = fields.clone();
        Reader::new(move || {
            // An item that is not there panics.
            let is_there = fields.clone().scores().read_untracked().len() > at;
            is_there.then(|| fields.clone().scores().at_unkeyed(at).get())
        })
    })
}

#[test]
fn an_item_is_a_field() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let readers = items::<3>(&fields);
        fields.clone().scores().at_unkeyed(1).set(20);
        assert_eq!(runs(&readers), [0, 1, 0]);
        store.update(USER, |user| user.scores[2] = 30).unwrap();
        assert_eq!(runs(&readers), [0, 0, 1]);
        assert_eq!(store.get(USER).unwrap().scores, [1, 20, 30]);
    });
}

/// The list differs, and of the items those whose place holds another value.
#[test]
fn a_list_that_grows_and_shrinks_runs_the_readers_of_the_places_that_differ() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let list = fields.clone();
        let list = Reader::new(move || list.clone().scores().get());
        let length = fields.clone();
        let length = Reader::new(move || length.clone().scores().read().len());
        let readers = items::<3>(&fields);
        let all = || (list.runs(), length.runs(), runs(&readers));
        let scores = || fields.clone().scores();

        scores().write().push(4);
        assert_eq!(all(), (1, 1, [0, 0, 0]), "push");
        scores().write().pop();
        assert_eq!(all(), (1, 1, [0, 0, 0]), "pop");
        scores().write().insert(1, 9);
        assert_eq!(all(), (1, 1, [0, 1, 1]), "insert: [1, 9, 2, 3]");
        scores().write().remove(1);
        assert_eq!(all(), (1, 1, [0, 1, 1]), "remove: [1, 2, 3]");
        scores().write().splice(0..2, [1, 7, 8]);
        assert_eq!(all(), (1, 1, [0, 1, 1]), "splice: [1, 7, 8, 3]");
        scores().write().swap(0, 3);
        assert_eq!(all(), (1, 1, [1, 0, 0]), "swap: [3, 7, 8, 1]");
        scores().write().truncate(3);
        assert_eq!(all(), (1, 1, [0, 0, 0]), "truncate behind what is read");
        scores().write().clear();
        assert_eq!(all(), (1, 1, [1, 1, 1]), "clear");
        assert_eq!(readers[0].last(), None);
        assert_eq!(store.get(USER).unwrap().scores, [0; 0]);
    });
}

#[test]
fn a_list_can_be_updated_in_place() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
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

/// As in any store of `reactive_stores`, who iterates depends on the list and all in it.
#[test]
fn who_iterates_over_items_depends_on_the_list() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let list = fields.clone();
        let list = Reader::new(move || {
            let items = list.clone().scores().iter_unkeyed();
            items.map(|item| item.get_untracked()).collect::<Vec<_>>()
        });
        fields.clone().scores().at_unkeyed(1).set(20);
        assert_eq!((list.runs(), list.last()), (1, vec![1, 20, 3]));
        fields.clone().scores().write().pop();
        assert_eq!((list.runs(), list.last()), (1, vec![1, 20]));
        fields.name().set("Grace".into());
        assert_eq!(list.runs(), 0);
    });
}

/// Rows that are read by their place follow the place.
#[test]
fn rows_by_index_stay_where_they_are() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let label = |at: usize| {
            let fields = fields.clone();
            Reader::new(move || fields.clone().rows().at_unkeyed(at).label().get())
        };
        let labels = [label(0), label(1), label(2)];
        store.update(USER, |user| user.rows.swap(0, 2)).unwrap();
        assert_eq!(runs(&labels), [1, 0, 1]);
        assert_eq!(labels[0].last(), "row 3");
        store
            .update(USER, |user| user.rows.insert(1, row(2)))
            .unwrap();
        assert_eq!(runs(&labels), [0, 0, 1], "3, 2, 2, 1");
        fields.rows().at_key(3).label().set("three".into());
        assert_eq!(runs(&labels), [1, 0, 0]);
        store.update(USER, |user| user.rows.rotate_left(2)).unwrap();
        assert_eq!(runs(&labels), [1, 1, 1], "2, 1, 3, 2");
        assert_eq!(labels[1].last(), "row 1");
    });
}

/// A row by its index, and in it a part by its key; and the other way round.
#[test]
fn indices_and_keys_can_be_mixed_on_one_way() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        store
            .update(USER, |user| user.rows[0].parts[0].text = "first".into())
            .unwrap();
        let (outer, inner) = (fields.clone(), fields.clone());
        let outer = Reader::new(move || {
            let row = outer.clone().rows().at_unkeyed(0);
            row.parts().at_key(1).text().get()
        });
        let inner = Reader::new(move || {
            let row = inner.clone().rows().at_key(1);
            row.parts().at_unkeyed(0).text().get()
        });
        store.update(USER, |user| user.rows.swap(0, 1)).unwrap();
        assert_eq!((outer.runs(), outer.last().as_str()), (1, "part 1"));
        assert_eq!(inner.last(), "first");
        store
            .update(USER, |user| user.rows[1].parts.swap(0, 1))
            .unwrap();
        assert_eq!(inner.last(), "part 2");
        assert_eq!(outer.last(), "part 1");
        store.update(USER, |user| user.name.push('!')).unwrap();
        outer.runs();
        inner.runs();
        store.update(USER, |user| user.email.push('!')).unwrap();
        assert_eq!((outer.runs(), inner.runs()), (0, 0), "another field");
        drop(fields);
    });
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Point {
    x: i32,
    y: i32,
}

/// The value of a key may be a list.
#[test]
fn the_items_of_a_list_that_is_the_value_are_fields() {
    const POINTS: Key<Vec<Point>> = Key::new("points");
    on_every_engine(|store| {
        store.set(POINTS, vec![Point::default(); 3]).unwrap();
        let fields = store.fields_or(POINTS, Vec::new()).unwrap();
        let x = |at: usize| {
            let fields = fields.clone();
            Reader::new(move || fields.clone().at_unkeyed(at).x().get())
        };
        let readers = [x(0), x(1), x(2)];
        fields.clone().at_unkeyed(1).x().set(5);
        assert_eq!(runs(&readers), [0, 1, 0]);
        fields.clone().at_unkeyed(2).y().set(5);
        assert_eq!(runs(&readers), [0, 0, 0]);
        fields.write().insert(0, Point { x: 7, y: 7 });
        assert_eq!(runs(&readers), [1, 1, 1], "7, 0, 5, 0");
        assert_eq!(store.get(POINTS).unwrap()[2].x, 5);
    });
}

/// Lists of lists of lists.
#[test]
fn lists_can_be_nested() {
    const GRID: Key<Vec<Vec<Vec<i32>>>> = Key::new("grid");
    on_every_engine(|store| {
        store.set(GRID, vec![vec![vec![0; 2]; 2]; 2]).unwrap();
        let fields = store.fields_or(GRID, Vec::new()).unwrap();
        let cell = |at: [usize; 3]| {
            let fields = fields.clone();
            Reader::new(move || {
                let row = fields.clone().at_unkeyed(at[0]);
                row.at_unkeyed(at[1]).at_unkeyed(at[2]).get()
            })
        };
        let cells = [cell([0, 0, 0]), cell([0, 1, 0]), cell([1, 1, 1])];
        fields
            .clone()
            .at_unkeyed(0)
            .at_unkeyed(1)
            .at_unkeyed(0)
            .set(1);
        assert_eq!(runs(&cells), [0, 1, 0]);
        store.update(GRID, |grid| grid[1][1][1] = 2).unwrap();
        assert_eq!(runs(&cells), [0, 0, 1]);
        fields.at_unkeyed(0).write().swap(0, 1);
        assert_eq!(runs(&cells), [1, 1, 0]);
    });
}
