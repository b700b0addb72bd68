//! What a write costs: which effects run, what is compared, what is cloned. Counted, not timed.

use crate::support::{Reader, on_every_engine};
use reactive_graph::traits::{Read, ReadUntracked, Set, Update};
use reactive_stores::{Store as Derive, StoreFieldIterator};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use universal_state::{ArcFields, Diff, HistoryOptions, Key, Store};

thread_local! {
    static COMPARED: Cell<usize> = const { Cell::new(0) };
    static CLONED: Cell<usize> = const { Cell::new(0) };
}

/// A leaf that counts how often it is compared and cloned.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Leaf(i64);

impl Clone for Leaf {
    fn clone(&self) -> Self {
        CLONED.set(CLONED.get() + 1);
        Self(self.0)
    }
}

impl PartialEq for Leaf {
    fn eq(&self, other: &Self) -> bool {
        COMPARED.set(COMPARED.get() + 1);
        self.0 == other.0
    }
}

/// How many leaves are cloned and compared by a write, readers included.
fn cost(write: impl FnOnce()) -> (usize, usize) {
    CLONED.set(0);
    COMPARED.set(0);
    write();
    (CLONED.take(), COMPARED.take())
}

/// How often each ran since the last call, by its place; only those that did.
fn ran<T: Clone + Send + 'static>(readers: &[Reader<T>]) -> Vec<(usize, usize)> {
    let runs = readers.iter().map(Reader::runs).enumerate();
    runs.filter(|(_, runs)| *runs > 0).collect()
}

/// A struct of a thousand fields.
macro_rules! wide {
    ([] $($leaf:ident)*) => {
        #[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
        struct Wide($($leaf),*);
    };
    ([tenfold $($times:ident)*] $($leaf:ident)*) => {
        wide! {
            [$($times)*]
            $($leaf)* $($leaf)* $($leaf)* $($leaf)* $($leaf)*
            $($leaf)* $($leaf)* $($leaf)* $($leaf)* $($leaf)*
        }
    };
}

wide! { [tenfold tenfold tenfold] Leaf }

const WIDE: Key<Wide> = Key::new("wide");

#[test]
fn a_write_to_one_of_a_thousand_fields_runs_its_readers() {
    on_every_engine(|store| {
        store.set(WIDE, Wide::default()).unwrap();
        let fields = store.fields_or(WIDE, Wide::default()).unwrap();
        let read = |read: fn(ArcFields<Wide>) -> i64| {
            let fields = fields.clone();
            Reader::new(move || read(fields.clone()))
        };
        let readers = [
            read(|wide| wide.field0().read().0),
            read(|wide| wide.field499().read().0),
            read(|wide| wide.field998().read().0),
            read(|wide| wide.field999().read().0),
            read(|wide| wide.read().998.0),
        ];
        let (cloned, compared) = cost(|| {
            fields.clone().field998().set(Leaf(7));
            assert_eq!(ran(&readers), [(2, 1), (4, 1)]);
        });
        assert_eq!(
            cloned,
            1000 + 1,
            "the value, once, and the field, for the next write"
        );
        assert_eq!(compared, 1, "the field");
        let (cloned, compared) = cost(|| {
            fields.clone().field0().set(Leaf(7));
            assert_eq!(ran(&readers), [(0, 1), (4, 1)]);
        });
        assert_eq!((cloned, compared), (1, 1), "the field");
        store.update(WIDE, |wide| wide.999 = Leaf(1)).unwrap();
        assert_eq!(ran(&readers), [(3, 1), (4, 1)]);
        assert_eq!(store.get(WIDE).unwrap().998.0, 7);
    });
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Tree {
    groups: Vec<Group>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Group {
    leaves: Vec<Leaf>,
    title: String,
}

const TREE: Key<Tree> = Key::new("tree");
const SIDE: usize = 100;

fn tree(store: &Store) -> ArcFields<Tree> {
    let leaves = || (0..SIDE).map(|_| Leaf(0)).collect();
    let groups = (0..SIDE).map(|_| Group {
        leaves: leaves(),
        title: String::new(),
    });
    let groups = groups.collect();
    store.set(TREE, Tree { groups }).unwrap();
    store.fields_or(TREE, Tree::default()).unwrap()
}

/// A reader of a leaf, by the number of its group and its number in the group.
fn leaf(tree: &ArcFields<Tree>, group: usize, leaf: usize) -> Reader<i64> {
    let tree = tree.clone();
    Reader::start(move || {
        let group = tree.clone().groups().at_unkeyed(group);
        group.leaves().at_unkeyed(leaf).read().0
    })
}

fn write(tree: &ArcFields<Tree>, group: usize, leaf: usize, n: i64) {
    let group = tree.clone().groups().at_unkeyed(group);
    group.leaves().at_unkeyed(leaf).set(Leaf(n));
}

/// The first write clones the value. Then what nobody has any more is kept up with it.
#[test]
fn a_write_to_one_of_ten_thousand_leaves_costs_one_leaf() {
    on_every_engine(|store| {
        let tree = tree(store);
        let cost = |n| cost(|| write(&tree, 42, 42, n));
        assert_eq!(cost(1), (SIDE * SIDE + 1, 1), "the first");
        assert_eq!(cost(2), (1, 1), "nobody reads");
        let one = leaf(&tree, 42, 42);
        assert_eq!((one.runs(), cost(3), one.runs()), (1, (1, 1), 1));
        let elsewhere = leaf(&tree, 99, 99);
        assert_eq!(
            (elsewhere.runs(), cost(4), elsewhere.runs()),
            (1, (1, 1), 0)
        );
        let whole = tree.clone();
        let whole = Reader::new(move || whole.read().groups[42].leaves[42].0);
        assert_eq!(
            (cost(5), whole.last()),
            ((1, 1), 5),
            "above a leaf is what differs"
        );
        assert_eq!((one.last(), elsewhere.last()), (5, 0));
        assert_eq!(
            cost_of_nothing(&tree),
            SIDE * SIDE + 1,
            "an equal write compares the value once"
        );
        assert_eq!(cost(6), (1, 1), "and ends nothing");
    });
}

/// While somebody has the previous value, or is to see it, the next one is made of a clone.
#[test]
fn a_value_that_somebody_has_is_cloned_by_the_next_write() {
    on_every_engine(|store| {
        let tree = tree(store);
        let cost = |n| cost(|| write(&tree, 42, 42, n)).0;
        assert_eq!((cost(1), cost(2)), (SIDE * SIDE + 1, 1));
        let snapshot = store.snapshot();
        assert_eq!((cost(3), cost(4)), (0, SIDE * SIDE + 1));
        let kept = snapshot.get(TREE).unwrap();
        assert_eq!(kept.groups[42].leaves[42].0, 2, "a snapshot stays");
        assert_eq!((cost(5), cost(6)), (1, 1));

        let history = store.history(HistoryOptions::new()).unwrap();
        assert_eq!((cost(7), cost(8)), (0, SIDE * SIDE));
        history.undo().unwrap();
        assert_eq!(store.get(TREE).unwrap().groups[42].leaves[42].0, 7);
        drop(history);

        write(&tree, 42, 42, 9);
        store
            .update(TREE, |tree| tree.groups[0].leaves[0] = Leaf(5))
            .unwrap();
        write(&tree, 42, 42, 10);
        let now = store.get(TREE).unwrap();
        assert_eq!(
            (now.groups[0].leaves[0].0, now.groups[42].leaves[42].0),
            (5, 10)
        );
    });
}

fn cost_of_nothing(tree: &ArcFields<Tree>) -> usize {
    let before = tree.read_untracked().groups[42].leaves[42].0;
    cost(|| write(tree, 42, 42, before)).1
}

/// A reader of every leaf, of some groups, and of the whole.
#[test]
fn a_write_to_one_of_ten_thousand_leaves_runs_exactly_who_reads_it() {
    on_every_engine(|store| {
        let tree = tree(store);
        let leaves: Vec<_> = (0..SIDE * SIDE)
            .map(|n| leaf(&tree, n / SIDE, n % SIDE))
            .collect();
        assert_eq!(
            ran(&leaves).len(),
            SIDE * SIDE,
            "each runs for the first time"
        );
        let groups = [0, 7, 99].map(|at| {
            let tree = tree.clone();
            Reader::new(move || tree.clone().groups().at_unkeyed(at).read().leaves.len())
        });
        let whole = tree.clone();
        let whole = Reader::new(move || whole.read().groups.len());
        for (group, leaf) in [(7, 3), (0, 0), (99, 99), (50, 50)] {
            let (cloned, compared) = cost(|| write(&tree, group, leaf, 1));
            let told = |at| usize::from([0, 7, 99][at] == group);
            assert_eq!(ran(&leaves), [(group * SIDE + leaf, 1)]);
            assert_eq!(
                groups.each_ref().map(Reader::runs),
                [told(0), told(1), told(2)]
            );
            assert_eq!(whole.runs(), 1);
            assert!([1, SIDE * SIDE + 1].contains(&cloned), "{cloned}");
            assert_eq!(compared, 1);
        }
        store.update(TREE, |tree| tree.groups.swap(1, 2)).unwrap();
        assert_eq!((ran(&leaves), whole.runs()), (vec![], 0), "they are equal");
        store.update(TREE, |tree| tree.groups.swap(7, 8)).unwrap();
        assert_eq!(ran(&leaves), [(7 * SIDE + 3, 1), (8 * SIDE + 3, 1)]);
        store
            .update(TREE, |tree| tree.groups[99].leaves.truncate(99))
            .unwrap();
        store
            .update(TREE, |tree| tree.groups[99].leaves.push(Leaf(5)))
            .unwrap();
        assert_eq!(ran(&leaves), [(SIDE * SIDE - 1, 1)]);
    });
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Table {
    #[store(key: usize = |row| row.id)]
    rows: Vec<Line>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Line {
    id: usize,
    leaf: Leaf,
}

/// A row's effect for each of ten thousand rows, and one of the list.
#[test]
fn a_write_to_one_of_ten_thousand_rows_runs_its_effect() {
    const TABLE: Key<Table> = Key::new("table");
    const ROWS: usize = 10_000;
    on_every_engine(|store| {
        let line = |id| Line { id, leaf: Leaf(0) };
        let rows = (0..ROWS).map(line).collect();
        store.set(TABLE, Table { rows }).unwrap();
        let table = store.fields_or(TABLE, Table::default()).unwrap();
        let effects: Vec<_> = (0..ROWS)
            .map(|id| {
                let table = table.clone();
                Reader::start(move || {
                    let leaf = table.clone().rows().at_key(id).leaf();
                    leaf.try_read().map(|leaf| leaf.0)
                })
            })
            .collect();
        assert_eq!(ran(&effects).len(), ROWS);
        let list = table.clone();
        let list = Reader::new(move || list.clone().rows().into_iter().count());

        let (cloned, compared) = cost(|| table.clone().rows().at_key(4_711).leaf().set(Leaf(7)));
        assert_eq!((ran(&effects), list.runs()), (vec![(4_711, 1)], 1));
        assert_eq!(cloned, ROWS);
        // The pipe and the list up to the row; all rows, to see that none has moved; and the leaf, for
        // its readers, and because it might hold rows too.
        assert_eq!(compared, 2 * 4_712 + ROWS + 2);
        store
            .update(TABLE, |table| table.rows[9_999].leaf = Leaf(1))
            .unwrap();
        assert_eq!((ran(&effects), list.runs()), (vec![(9_999, 1)], 1));
        store
            .update(TABLE, |table| table.rows.insert(0, line(ROWS)))
            .unwrap();
        assert_eq!(
            (ran(&effects), list.runs(), list.last()),
            (vec![], 1, ROWS + 1)
        );
        store
            .update(TABLE, |table| {
                table.rows.reverse();
                table.rows[1].leaf = Leaf(9);
                table.rows.retain(|row| row.id != 5_000);
            })
            .unwrap();
        assert_eq!(
            (ran(&effects), list.runs()),
            (vec![(5_000, 1), (9_998, 1)], 1)
        );
        table.rows().at_key(9_998).leaf().update(|leaf| leaf.0 += 1);
        assert_eq!((ran(&effects), list.runs()), (vec![(9_998, 1)], 1));
        assert_eq!(effects[9_998].last(), Some(10));
        assert_eq!(store.get(TABLE).unwrap().rows.len(), ROWS);
    });
}
