//! Undo and redo of what was written field by field.

use crate::support::*;
use reactive_graph::traits::{Get, Set, Update, Write};
use universal_state::{HistoryOptions, Restore, StateError, Store};

/// The rows of the user by their keys, and a part of one.
struct Watched {
    readers: Readers,
    labels: [Reader<Option<String>>; 3],
    part: Reader<Option<String>>,
}

impl Watched {
    fn new(store: &Store) -> Self {
        let fields = user(store);
        let labels = [1, 2, 3].map(|id| {
            let fields = fields.clone();
            Reader::new(move || fields.clone().rows().at_key(id).label().try_get())
        });
        let part = fields.clone();
        let part = Reader::new(move || {
            let row = part.clone().rows().at_key(3);
            row.parts().at_key(1).text().try_get()
        });
        Self {
            readers: Readers::new(&fields),
            labels,
            part,
        }
    }

    fn runs(&self) -> ([usize; 5], [usize; 3], usize) {
        (self.readers.runs(), runs(&self.labels), self.part.runs())
    }
}

#[test]
fn each_write_of_a_field_is_a_step() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let history = store.history(HistoryOptions::new()).unwrap();
        let watched = Watched::new(store);
        fields.clone().name().set("Grace".into());
        fields.clone().rows().write().rotate_left(1);
        fields.clone().rows().at_key(2).label().set("two".into());
        fields.clone().name().set("Grace".into());
        store
            .batch(|_| {
                fields
                    .clone()
                    .rows()
                    .at_key(3)
                    .parts()
                    .at_key(1)
                    .text()
                    .set("x".into());
                fields.clone().rows().write().rotate_left(1);
                fields.clone().address().city().set("Paris".into());
                Ok(())
            })
            .unwrap();
        assert_eq!(history.len(), 4);
        watched.runs();

        history.undo().unwrap();
        assert_eq!(watched.runs(), ([0, 0, 1, 0, 1], [0, 0, 0], 1), "the batch");
        history.undo().unwrap();
        assert_eq!(watched.runs(), ([0, 0, 0, 0, 1], [0, 1, 0], 0), "a row");
        history.undo().unwrap();
        assert_eq!(
            watched.runs(),
            ([0, 0, 0, 0, 1], [0, 0, 0], 0),
            "their order"
        );
        history.redo().unwrap();
        assert_eq!(watched.runs(), ([0, 0, 0, 0, 1], [0, 0, 0], 0));
        history.go_to(0).unwrap();
        assert_eq!(watched.runs(), ([1, 0, 0, 0, 1], [0, 0, 0], 0));
        assert_eq!(
            (store.get(USER), watched.readers.whole.last()),
            (Some(ada()), ada())
        );
        history.go_to(4).unwrap();
        assert_eq!(watched.runs(), ([1, 0, 1, 0, 1], [0, 1, 0], 1));
        assert_eq!(watched.part.last().as_deref(), Some("x"));
        fields.clone().rows().at_key(1).label().set("one".into());
        assert_eq!(
            (history.can_redo(), watched.runs()),
            (false, ([0, 0, 0, 0, 1], [1, 0, 0], 0))
        );
        assert_eq!(store.get(USER).unwrap().rows.last().unwrap().label, "two");
    });
}

/// A key that is made by a field is removed by undoing it, and its readers see the default.
#[test]
fn the_making_of_a_key_can_be_undone() {
    on_every_engine(|store| {
        let history = store.history(HistoryOptions::new()).unwrap();
        let watched = Watched::new(store);
        let fields = user(store);
        fields.clone().rows().update(|rows| rows.push(row(2)));
        assert_eq!(watched.runs().1[1], 1);
        fields.rows().at_key(2).label().set("two".into());
        watched.runs();
        history.go_to(0).unwrap();
        assert!(store.is_empty());
        let (readers, labels, _) = watched.runs();
        assert_eq!((readers, labels[1]), ([0, 0, 0, 0, 1], 1));
        history.go_to(2).unwrap();
        assert_eq!(watched.labels[1].last().as_deref(), Some("two"));
    });
}

#[test]
fn snapshots_bring_back_fields() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        store.set("other", 1).unwrap();
        let snapshot = store.snapshot();
        let watched = Watched::new(store);
        for mode in [Restore::Replace, Restore::Merge] {
            fields.clone().rows().write().rotate_left(1);
            fields.clone().rows().at_key(2).label().set("two".into());
            fields.clone().email().set("x".into());
            watched.runs();
            store.restore(&snapshot, mode).unwrap();
            assert_eq!(watched.runs(), ([0, 1, 0, 0, 1], [0, 1, 0], 0), "{mode:?}");
            assert_eq!(store.get(USER), Some(ada()));
        }
        let without = {
            let empty = Store::new();
            empty.set("other", 2).unwrap();
            empty.snapshot()
        };
        store.restore(&without, Restore::Merge).unwrap();
        assert_eq!(watched.runs(), ([0; 5], [0; 3], 0), "what it lacks stays");
        store.restore(&without, Restore::Replace).unwrap();
        assert_eq!(watched.runs(), ([1; 5], [1; 3], 1));
        store.restore(&snapshot, Restore::Merge).unwrap();
        assert_eq!(watched.runs(), ([1; 5], [1; 3], 1));
        assert_eq!(watched.labels[2].last().as_deref(), Some("row 3"));
    });
}

/// What somebody else has written since is left alone.
#[test]
fn a_step_that_was_overwritten_is_not_undone() {
    on_every_engine(|store| {
        let fields = stored_ada(store);
        let history = store.history(HistoryOptions::new()).unwrap();
        fields.clone().name().set("Grace".into());
        history.pause();
        fields.clone().email().set("x".into());
        history.resume();
        let moved = history.undo().unwrap();
        assert_eq!(moved.skipped, ["user"], "a key is undone as a whole");
        assert_eq!(store.get(USER).unwrap().name, "Grace");
        let refused: Result<(), _> = store.batch(|_| {
            fields.clone().name().set("lost".into());
            history.undo()?;
            Ok(())
        });
        assert!(matches!(refused, Err(StateError::Reentrant { .. })));
        assert_eq!(fields.name().get(), "Grace");
    });
}
