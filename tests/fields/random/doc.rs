//! The value of the random tests, and what can be done to it.

use proptest::prelude::*;
use reactive_stores::Store as Derive;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use universal_state::{Diff, Key};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
pub struct Doc {
    pub name: String,
    pub count: i32,
    pub maybe: Option<Inner>,
    pub list: Vec<i32>,
    #[store(key: u32 = |row| row.id)]
    pub rows: Vec<Row>,
    pub status: Status,
    pub boxed: Box<Inner>,
    #[store(key: u32 = |(key, _)| *key)]
    pub map: BTreeMap<u32, Inner>,
}

#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
pub struct Inner {
    pub a: i32,
    pub b: i32,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
pub struct Row {
    pub id: u32,
    pub n: i32,
    pub marks: Vec<i32>,
    #[store(key: u32 = |sub| sub.id)]
    pub subs: Vec<Sub>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
pub struct Sub {
    pub id: u32,
    pub n: i32,
}

/// Not known field by field.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize, Derive)]
pub enum Status {
    #[default]
    Idle,
    Busy(i32),
}

pub const DOC: Key<Doc> = Key::new("doc");

/// A change of one place. Indices wrap around.
#[derive(Debug, Clone)]
pub enum Edit {
    Name(i32),
    Count(i32),
    Maybe(Option<Inner>),
    MaybeA(i32),
    List(ListEdit),
    Item(usize, i32),
    Rows(RowsEdit),
    /// A row by its key.
    Row(u32, RowEdit),
    /// A row by its index.
    RowAt(usize, RowEdit),
    Status(Status),
    StatusBusy(i32),
    Boxed(Inner),
    BoxedB(i32),
    Entry(u32, i32),
    Map(u32, Option<Inner>),
}

#[derive(Debug, Clone)]
pub enum ListEdit {
    Push(i32),
    Insert(usize, i32),
    Remove(usize),
    Swap(usize, usize),
    Clear,
}

#[derive(Debug, Clone)]
pub enum RowsEdit {
    Push(Row),
    Insert(usize, Row),
    Remove(usize),
    Replace(usize, Row),
    Swap(usize, usize),
    Rotate(usize),
    Clear,
    /// Two rows swap and one changes.
    SwapAndChange(usize, usize, i32),
    /// Rows rotate, and the parts of one swap.
    RotateAndSwapSubs(usize, usize),
}

#[derive(Debug, Clone)]
pub enum RowEdit {
    Id(u32),
    N(i32),
    Whole(Row),
    Mark(usize, i32),
    Marks(ListEdit),
    SubN(u32, i32),
    SubAt(usize, i32),
    Subs(SubsEdit),
}

#[derive(Debug, Clone)]
pub enum SubsEdit {
    Push(Sub),
    Remove(usize),
    Swap(usize, usize),
}

fn n() -> impl Strategy<Value = i32> {
    0..8
}

fn id() -> impl Strategy<Value = u32> {
    0..5u32
}

fn at() -> impl Strategy<Value = usize> {
    0..6usize
}

fn inner() -> impl Strategy<Value = Inner> {
    (0..3, 0..3).prop_map(|(a, b)| Inner { a, b })
}

fn sub() -> impl Strategy<Value = Sub> {
    (0..3u32, 0..3).prop_map(|(id, n)| Sub { id, n })
}

fn row() -> impl Strategy<Value = Row> {
    let (marks, subs) = (
        prop::collection::vec(0..3, 0..3),
        prop::collection::vec(sub(), 0..4),
    );
    (id(), 0..3, marks, subs).prop_map(|(id, n, marks, subs)| Row { id, n, marks, subs })
}

fn list_edit() -> impl Strategy<Value = ListEdit> {
    prop_oneof![
        3 => n().prop_map(ListEdit::Push),
        1 => (at(), n()).prop_map(|(at, n)| ListEdit::Insert(at, n)),
        1 => at().prop_map(ListEdit::Remove),
        1 => (at(), at()).prop_map(|(a, b)| ListEdit::Swap(a, b)),
        1 => Just(ListEdit::Clear),
    ]
}

fn rows_edit() -> impl Strategy<Value = RowsEdit> {
    prop_oneof![
        6 => row().prop_map(RowsEdit::Push),
        2 => (at(), row()).prop_map(|(at, row)| RowsEdit::Insert(at, row)),
        2 => at().prop_map(RowsEdit::Remove),
        1 => (at(), row()).prop_map(|(at, row)| RowsEdit::Replace(at, row)),
        2 => (at(), at()).prop_map(|(a, b)| RowsEdit::Swap(a, b)),
        2 => at().prop_map(RowsEdit::Rotate),
        1 => Just(RowsEdit::Clear),
        2 => (at(), at(), n()).prop_map(|(a, b, n)| RowsEdit::SwapAndChange(a, b, n)),
        1 => (at(), at()).prop_map(|(a, b)| RowsEdit::RotateAndSwapSubs(a, b)),
    ]
}

fn row_edit() -> impl Strategy<Value = RowEdit> {
    let subs = prop_oneof![
        3 => sub().prop_map(SubsEdit::Push),
        1 => at().prop_map(SubsEdit::Remove),
        2 => (at(), at()).prop_map(|(a, b)| SubsEdit::Swap(a, b)),
    ];
    prop_oneof![
        1 => id().prop_map(RowEdit::Id),
        4 => n().prop_map(RowEdit::N),
        1 => row().prop_map(RowEdit::Whole),
        1 => (at(), n()).prop_map(|(at, n)| RowEdit::Mark(at, n)),
        1 => list_edit().prop_map(RowEdit::Marks),
        3 => (0..3u32, n()).prop_map(|(id, n)| RowEdit::SubN(id, n)),
        1 => (at(), n()).prop_map(|(at, n)| RowEdit::SubAt(at, n)),
        3 => subs.prop_map(RowEdit::Subs),
    ]
}

pub fn edit() -> impl Strategy<Value = Edit> {
    let status = prop_oneof![Just(Status::Idle), (0..3).prop_map(Status::Busy)];
    prop_oneof![
        2 => (0..3).prop_map(Edit::Name),
        2 => n().prop_map(Edit::Count),
        2 => prop::option::of(inner()).prop_map(Edit::Maybe),
        2 => (0..3).prop_map(Edit::MaybeA),
        4 => list_edit().prop_map(Edit::List),
        3 => (at(), n()).prop_map(|(at, n)| Edit::Item(at, n)),
        10 => rows_edit().prop_map(Edit::Rows),
        8 => (id(), row_edit()).prop_map(|(id, edit)| Edit::Row(id, edit)),
        3 => (at(), row_edit()).prop_map(|(at, edit)| Edit::RowAt(at, edit)),
        1 => status.prop_map(Edit::Status),
        1 => (0..3).prop_map(Edit::StatusBusy),
        1 => inner().prop_map(Edit::Boxed),
        1 => (0..3).prop_map(Edit::BoxedB),
        2 => (id(), 0..3).prop_map(|(id, n)| Edit::Entry(id, n)),
        2 => (id(), prop::option::of(inner())).prop_map(|(id, inner)| Edit::Map(id, inner)),
    ]
}

/// An index of a list that is not empty.
pub fn index(at: usize, len: usize) -> Option<usize> {
    (len > 0).then(|| at % len)
}

/// Where the row with a key is: of several, the last.
pub fn place(rows: &[Row], id: u32) -> Option<usize> {
    rows.iter().rposition(|row| row.id == id)
}

pub fn sub_place(subs: &[Sub], id: u32) -> Option<usize> {
    subs.iter().rposition(|sub| sub.id == id)
}

fn swap<T>(items: &mut [T], a: usize, b: usize) {
    if let (Some(a), Some(b)) = (index(a, items.len()), index(b, items.len())) {
        items.swap(a, b);
    }
}

impl ListEdit {
    pub fn apply(&self, list: &mut Vec<i32>) {
        match *self {
            Self::Push(n) => list.push(n),
            Self::Insert(at, n) => list.insert(at.min(list.len()), n),
            Self::Remove(at) => drop(index(at, list.len()).map(|at| list.remove(at))),
            Self::Swap(a, b) => swap(list, a, b),
            Self::Clear => list.clear(),
        }
    }
}

impl RowsEdit {
    pub fn apply(&self, rows: &mut Vec<Row>) {
        match self {
            Self::Push(row) => rows.push(row.clone()),
            Self::Insert(at, row) => rows.insert((*at).min(rows.len()), row.clone()),
            Self::Remove(at) => drop(index(*at, rows.len()).map(|at| rows.remove(at))),
            Self::Replace(at, row) => {
                if let Some(at) = index(*at, rows.len()) {
                    rows[at] = row.clone();
                }
            }
            Self::Swap(a, b) => swap(rows, *a, *b),
            Self::Rotate(by) => {
                let by = index(*by, rows.len()).unwrap_or(0);
                rows.rotate_left(by);
            }
            Self::Clear => rows.clear(),
            Self::SwapAndChange(a, b, n) => {
                swap(rows, *a, *b);
                if let Some(at) = index(*a, rows.len()) {
                    rows[at].n = *n;
                }
            }
            Self::RotateAndSwapSubs(by, of) => {
                Self::Rotate(*by).apply(rows);
                if let Some(at) = index(*of, rows.len()) {
                    rows[at].subs.reverse();
                }
            }
        }
    }
}

impl SubsEdit {
    pub fn apply(&self, subs: &mut Vec<Sub>) {
        match self {
            Self::Push(sub) => subs.push(sub.clone()),
            Self::Remove(at) => drop(index(*at, subs.len()).map(|at| subs.remove(at))),
            Self::Swap(a, b) => swap(subs, *a, *b),
        }
    }
}

impl RowEdit {
    /// Whether there is something to be written.
    fn apply(&self, row: &mut Row) -> bool {
        match self {
            Self::Id(id) => row.id = *id,
            Self::N(n) => row.n = *n,
            Self::Whole(whole) => row.clone_from(whole),
            Self::Mark(at, n) => match index(*at, row.marks.len()) {
                Some(at) => row.marks[at] = *n,
                None => return false,
            },
            Self::Marks(edit) => edit.apply(&mut row.marks),
            Self::SubN(id, n) => match sub_place(&row.subs, *id) {
                Some(at) => row.subs[at].n = *n,
                None => return false,
            },
            Self::SubAt(at, n) => match index(*at, row.subs.len()) {
                Some(at) => row.subs[at].n = *n,
                None => return false,
            },
            Self::Subs(edit) => edit.apply(&mut row.subs),
        }
        true
    }
}

impl Edit {
    /// Changes a value. Whether there is something to be written.
    pub fn apply(&self, doc: &mut Doc) -> bool {
        match self {
            Self::Name(n) => doc.name = n.to_string(),
            Self::Count(n) => doc.count = *n,
            Self::Maybe(maybe) => doc.maybe = *maybe,
            Self::MaybeA(n) => match &mut doc.maybe {
                Some(maybe) => maybe.a = *n,
                None => return false,
            },
            Self::List(edit) => edit.apply(&mut doc.list),
            Self::Item(at, n) => match index(*at, doc.list.len()) {
                Some(at) => doc.list[at] = *n,
                None => return false,
            },
            Self::Rows(edit) => edit.apply(&mut doc.rows),
            Self::Row(id, edit) => match place(&doc.rows, *id) {
                Some(at) => return edit.apply(&mut doc.rows[at]),
                None => return false,
            },
            Self::RowAt(at, edit) => match index(*at, doc.rows.len()) {
                Some(at) => return edit.apply(&mut doc.rows[at]),
                None => return false,
            },
            Self::Status(status) => doc.status = *status,
            Self::StatusBusy(n) => match &mut doc.status {
                Status::Busy(busy) => *busy = *n,
                Status::Idle => return false,
            },
            Self::Boxed(inner) => *doc.boxed = *inner,
            Self::BoxedB(n) => doc.boxed.b = *n,
            Self::Entry(id, n) => match doc.map.get_mut(id) {
                Some(inner) => inner.b = *n,
                None => return false,
            },
            Self::Map(id, Some(inner)) => drop(doc.map.insert(*id, *inner)),
            Self::Map(id, None) => drop(doc.map.remove(id)),
        }
        true
    }
}
