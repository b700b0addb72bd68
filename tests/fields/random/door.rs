//! The ways by which a value is edited, and those by which it is seen.

use super::{
    Checked,
    doc::{
        DOC, Doc, DocStoreFields, Edit, InnerStoreFields, Row, RowEdit, RowStoreFields, RowsEdit,
        StatusStoreFields, SubStoreFields, index, place, sub_place,
    },
};
use proptest::prelude::*;
use reactive_graph::traits::{GetUntracked, Track, Update, Write};
use reactive_stores::{
    DerefField, OptionStoreExt, Store as Derive, StoreField, StoreFieldIterator,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use universal_state::{ArcFields, Diff, Fields, Key, Store};

#[derive(Debug, Clone, Copy)]
pub enum Door {
    /// A field of the root with a default.
    Field,
    /// The same, by a root that can be copied.
    Copied,
    /// A field of the optional root.
    Optional,
    /// The whole value, by a guard of the root.
    Guard,
    TryUpdate,
    Update,
    Set,
    Pointer,
}

pub fn door() -> impl Strategy<Value = Door> {
    prop_oneof![
        5 => Just(Door::Field),
        1 => Just(Door::Copied),
        2 => Just(Door::Optional),
        1 => Just(Door::Guard),
        1 => Just(Door::TryUpdate),
        2 => Just(Door::Update),
        1 => Just(Door::Set),
        3 => Just(Door::Pointer),
    ]
}

/// What another team knows of the value.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
pub struct Lite {
    pub count: i32,
    #[store(key: u32 = |row| row.id)]
    pub rows: Vec<LiteRow>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
pub struct LiteRow {
    pub id: u32,
    pub n: i32,
}

pub const LITE: Key<Lite> = Key::new("doc");

pub struct Ways {
    fields: ArcFields<Doc>,
    copied: Fields<Doc>,
    optional: ArcFields<Option<Doc>>,
    lite: ArcFields<Lite>,
}

impl Ways {
    pub fn new(store: &Store) -> Self {
        let fields = store.fields_or(DOC, Doc::default()).unwrap();
        Self {
            copied: fields.clone().into(),
            fields,
            optional: store.fields(DOC).unwrap(),
            lite: store.fields_or(LITE, Lite::default()).unwrap(),
        }
    }

    /// What an edit makes of what is there.
    pub fn after(&self, door: Door, edit: &Edit, now: &Option<Doc>) -> Option<Doc> {
        let mut doc = now.clone().unwrap_or_default();
        let is_written = edit.apply(&mut doc);
        let needs_a_value = matches!(door, Door::Optional | Door::Update | Door::Pointer);
        let takes_all = matches!(
            door,
            Door::Guard | Door::TryUpdate | Door::Update | Door::Set
        );
        match (needs_a_value && now.is_none()) || !(is_written || takes_all) {
            true => now.clone(),
            false => Some(doc),
        }
    }

    /// Does an edit to what is there. What is refused is reported, or handed back and dropped.
    pub fn write(&self, store: &Store, door: Door, edit: &Edit, now: &Option<Doc>) {
        let doc = now.clone().unwrap_or_default();
        match door {
            Door::Field => through(self.fields.clone(), edit, &doc),
            Door::Copied => through(self.copied, edit, &doc),
            Door::Optional => {
                let inside = self.optional.clone().map_untracked(|inside| inside);
                if let Some(inside) = inside {
                    through(inside, edit, &doc);
                }
            }
            Door::Guard => {
                edit.apply(&mut self.fields.write());
            }
            Door::TryUpdate => {
                let apply = |doc: &mut Doc| {
                    edit.apply(doc);
                };
                let _ = self.fields.try_update(apply);
            }
            Door::Update => {
                let apply = |doc: &mut Doc| {
                    edit.apply(doc);
                };
                let _ = store.update(DOC, apply);
            }
            Door::Set => {
                let mut doc = doc;
                edit.apply(&mut doc);
                drop(store.set(DOC, doc));
            }
            Door::Pointer => {
                let mut new = doc.clone();
                if edit.apply(&mut new) {
                    point(store, edit, &doc, &new);
                }
            }
        }
    }

    /// Fields, pointers and other types show what the model holds.
    pub fn agree(&self, store: &Store, expected: &Option<Doc>) -> Checked {
        let Self {
            fields, optional, ..
        } = self;
        let doc = expected.clone().unwrap_or_default();
        prop_assert_eq!(&fields.get_untracked(), &doc);
        prop_assert_eq!(&self.copied.get_untracked(), &doc);
        prop_assert_eq!(&optional.get_untracked(), expected);
        let json = expected
            .as_ref()
            .map(|doc| serde_json::to_value(doc).unwrap());
        let stored = store.try_get_json("doc").unwrap();
        prop_assert_eq!(stored.as_deref(), json.as_ref());
        let lite = Lite {
            count: doc.count,
            rows: doc
                .rows
                .iter()
                .map(|row| LiteRow {
                    id: row.id,
                    n: row.n,
                })
                .collect(),
        };
        prop_assert_eq!(&self.lite.get_untracked(), &lite);

        let f = || fields.clone();
        prop_assert_eq!(&f().name().get_untracked(), &doc.name);
        prop_assert_eq!(f().boxed().deref_field().b().get_untracked(), doc.boxed.b);
        prop_assert_eq!(
            f().maybe().map_untracked(|maybe| maybe.a().get_untracked()),
            doc.maybe.map(|maybe| maybe.a)
        );
        prop_assert_eq!(
            store.get_at::<i32>("doc", "/count"),
            expected.as_ref().map(|doc| doc.count)
        );
        for (at, n) in doc.list.iter().enumerate() {
            prop_assert_eq!(f().list().at_unkeyed(at).get_untracked(), *n);
            prop_assert_eq!(store.get_at("doc", &format!("/list/{at}")), Some(*n));
        }
        for (at, row) in doc.rows.iter().enumerate() {
            prop_assert_eq!(&f().rows().at_unkeyed(at).get_untracked(), row);
        }
        for id in 0..5 {
            let at = place(&doc.rows, id);
            let row = || f().rows().at_key(id);
            let expected = at.map(|at| doc.rows[at].clone());
            prop_assert_eq!(row().try_get_untracked(), expected);
            prop_assert_eq!(
                self.lite.clone().rows().at_key(id).n().try_get_untracked(),
                at.map(|at| doc.rows[at].n)
            );
            prop_assert_eq!(
                f().map().at_key(id).try_get_untracked(),
                doc.map.get(&id).copied()
            );
            for sub in 0..3 {
                let sub_at = at.and_then(|at| Some((at, sub_place(&doc.rows[at].subs, sub)?)));
                let n = sub_at.map(|(at, sub)| doc.rows[at].subs[sub].n);
                prop_assert_eq!(row().subs().at_key(sub).n().try_get_untracked(), n);
                if let Some((at, sub)) = sub_at {
                    let pointer = format!("/rows/{at}/subs/{sub}/n");
                    prop_assert_eq!(store.get_at("doc", &pointer), n);
                }
            }
        }
        Ok(())
    }
}

/// Edits a value through the field that holds the place.
fn through<F>(root: F, edit: &Edit, doc: &Doc)
where
    F: StoreField<Value = Doc> + Track + Clone + Send + Sync + 'static,
{
    // What is not there is not written.
    let _ = match edit {
        Edit::Name(n) => root.name().try_update(|name| *name = n.to_string()),
        Edit::Count(n) => root.count().try_update(|count| *count = *n),
        Edit::Maybe(maybe) => root.maybe().try_update(|old| *old = *maybe),
        Edit::MaybeA(n) => {
            let update = |a: &mut i32| *a = *n;
            let maybe = root.maybe();
            maybe
                .map_untracked(|maybe| maybe.a().try_update(update))
                .flatten()
        }
        Edit::List(edit) => root.list().try_update(|list| edit.apply(list)),
        Edit::Item(at, n) => index(*at, doc.list.len())
            .and_then(|at| root.list().at_unkeyed(at).try_update(|item| *item = *n)),
        Edit::Rows(edit) => root.rows().try_update(|rows| edit.apply(rows)),
        Edit::Row(id, edit) => {
            let row = place(&doc.rows, *id).map(|at| &doc.rows[at]);
            through_row(root.rows().at_key(*id), edit, row)
        }
        Edit::RowAt(at, edit) => index(*at, doc.rows.len())
            .and_then(|at| through_row(root.rows().at_unkeyed(at), edit, Some(&doc.rows[at]))),
        Edit::Status(status) => root.status().try_update(|old| *old = *status),
        Edit::StatusBusy(n) => {
            let busy = root.status().busy_0();
            busy.and_then(|busy| busy.try_update(|busy| *busy = *n))
        }
        Edit::Boxed(inner) => root.boxed().try_update(|boxed| **boxed = *inner),
        Edit::BoxedB(n) => root.boxed().deref_field().b().try_update(|b| *b = *n),
        Edit::Entry(id, n) => root.map().at_key(*id).b().try_update(|b| *b = *n),
        Edit::Map(id, inner) => root.map().try_update(|map| match inner {
            Some(inner) => drop(map.insert(*id, *inner)),
            None => drop(map.remove(id)),
        }),
    };
}

/// Edits a row, which need not be there.
fn through_row<R>(field: R, edit: &RowEdit, row: Option<&Row>) -> Option<()>
where
    R: StoreField<Value = Row> + Write<Value = Row> + Track + Clone + 'static,
{
    match edit {
        RowEdit::Id(id) => field.id().try_update(|old| *old = *id),
        RowEdit::N(n) => field.n().try_update(|old| *old = *n),
        RowEdit::Whole(whole) => {
            field.try_write()?.clone_from(whole);
            Some(())
        }
        RowEdit::Mark(at, n) => {
            let at = index(*at, row?.marks.len())?;
            field.marks().at_unkeyed(at).try_update(|mark| *mark = *n)
        }
        RowEdit::Marks(edit) => field.marks().try_update(|marks| edit.apply(marks)),
        RowEdit::SubN(id, n) => field.subs().at_key(*id).n().try_update(|old| *old = *n),
        RowEdit::SubAt(at, n) => {
            let at = index(*at, row?.subs.len())?;
            field.subs().at_unkeyed(at).n().try_update(|old| *old = *n)
        }
        RowEdit::Subs(edit) => field.subs().try_update(|subs| edit.apply(subs)),
    }
}

/// Writes the place that an edit changes, or removes it.
fn point(store: &Store, edit: &Edit, old: &Doc, new: &Doc) {
    let row_place = |at: usize, edit: &RowEdit| {
        let row = &old.rows[at];
        let inside = match edit {
            RowEdit::Id(_) => "/id".to_owned(),
            RowEdit::N(_) => "/n".to_owned(),
            RowEdit::Whole(_) => String::new(),
            RowEdit::Mark(at, _) => format!("/marks/{}", at % row.marks.len()),
            RowEdit::Marks(_) => "/marks".to_owned(),
            RowEdit::SubN(id, _) => format!("/subs/{}/n", sub_place(&row.subs, *id).unwrap()),
            RowEdit::SubAt(at, _) => format!("/subs/{}/n", at % row.subs.len()),
            RowEdit::Subs(_) => "/subs".to_owned(),
        };
        format!("/rows/{at}{inside}")
    };
    let pointer = match edit {
        Edit::Name(_) => "/name".to_owned(),
        Edit::Count(_) => "/count".to_owned(),
        Edit::Maybe(_) => "/maybe".to_owned(),
        Edit::MaybeA(_) => "/maybe/a".to_owned(),
        Edit::List(_) => "/list".to_owned(),
        Edit::Item(at, _) => format!("/list/{}", at % old.list.len()),
        Edit::Rows(RowsEdit::Remove(at)) if !old.rows.is_empty() => {
            let _ = store.delete_at("doc", &format!("/rows/{}", at % old.rows.len()));
            return;
        }
        Edit::Rows(_) => "/rows".to_owned(),
        Edit::Row(id, edit) => row_place(place(&old.rows, *id).unwrap(), edit),
        Edit::RowAt(at, edit) => row_place(at % old.rows.len(), edit),
        Edit::Status(_) | Edit::StatusBusy(_) => "/status".to_owned(),
        Edit::Boxed(_) => "/boxed".to_owned(),
        Edit::BoxedB(_) => "/boxed/b".to_owned(),
        Edit::Entry(id, _) => format!("/map/{id}/b"),
        Edit::Map(id, Some(_)) => format!("/map/{id}"),
        Edit::Map(id, None) => {
            let _ = store.delete_at("doc", &format!("/map/{id}"));
            return;
        }
    };
    let json: Json = serde_json::to_value(new).unwrap();
    let _ = store.set_at("doc", &pointer, json.pointer(&pointer).unwrap().clone());
}
