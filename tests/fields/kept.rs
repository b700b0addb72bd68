//! A write is made in what the last one left behind. Whatever else is called around it, the value
//! that is stored is the one that was written, and nothing old comes back with the next write.

#![allow(
    clippy::vec_box,
    clippy::replace_box,
    reason = "a box is a place that fields go through"
)]

use crate::support::{Reader, on_every_engine};
use reactive_graph::{
    effect::ImmediateEffect,
    traits::{Get, GetUntracked, IsDisposed, Notify, Read, Set, Track, Update, Write},
};
use reactive_stores::{
    ArcField, DerefField, Field, Store as Derive, StoreField, StoreFieldIterator,
};
use serde::{Deserialize, Serialize};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI32, AtomicUsize, Ordering},
};
use universal_state::{
    ArcFields, Change, Diff, Fields, Key, Middleware, Shared, Store, Transaction, Veto,
};

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Tree {
    title: String,
    groups: Vec<Group>,
    boxes: Vec<Box<i32>>,
    kind: Kind,
    maybe: Option<Group>,
    pair: (i32, i32),
    shared: Vec<Shared<Group>>,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
struct Group {
    leaves: Vec<i32>,
    note: String,
}

#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
enum Kind {
    #[default]
    None,
    One(Group),
    Two {
        group: Group,
    },
}

const TREE: Key<Tree> = Key::new("tree");

fn group(n: i32) -> Group {
    Group {
        leaves: (n * 10..n * 10 + 4).collect(),
        note: format!("note {n}"),
    }
}

fn tree() -> Tree {
    Tree {
        title: "title".into(),
        groups: (0..4).map(group).collect(),
        boxes: (0..4).map(Box::new).collect(),
        kind: Kind::One(group(5)),
        maybe: Some(group(6)),
        pair: (1, 2),
        shared: (0..4).map(|n| group(n).into()).collect(),
    }
}

/// The fields of a tree, of which a copy is kept, and the same tree without a store.
fn kept(store: &Store) -> (ArcFields<Tree>, Model) {
    store.set(TREE, tree()).unwrap();
    let fields = store.fields_or(TREE, Tree::default()).unwrap();
    let mut model = Model {
        store: store.clone(),
        tree: tree(),
        n: 1_000,
    };
    model.goes_on(&fields);
    (fields, model)
}

struct Model {
    store: Store,
    tree: Tree,
    n: i32,
}

impl Model {
    fn check(&self) {
        assert_eq!(self.store.get(TREE).as_ref(), Some(&self.tree));
    }

    /// The value is what it should be, and so it is after writes elsewhere, of which each is made in
    /// what was left by the last but one.
    fn goes_on(&mut self, fields: &ArcFields<Tree>) {
        self.check();
        for _ in 0..3 {
            self.n += 1;
            let leaf = fields.clone().groups().at_unkeyed(3).leaves();
            leaf.at_unkeyed(3).set(self.n);
            self.tree.groups[3].leaves[3] = self.n;
            self.check();
        }
    }
}

#[test]
fn a_field_of_any_kind_is_kept() {
    on_every_engine(|store| {
        let (fields, mut model) = kept(store);
        let f = || fields.clone();
        macro_rules! write {
            ($field:expr, $place:expr, $value:expr) => {
                $field.set($value);
                $place = $value;
                model.check();
                model.goes_on(&fields);
            };
        }
        write!(f().title(), model.tree.title, "new".into());
        write!(f().groups().at_unkeyed(1), model.tree.groups[1], group(11));
        write!(
            f().groups().at_unkeyed(1).note(),
            model.tree.groups[1].note,
            "x".into()
        );
        write!(f().groups(), model.tree.groups, (0..6).map(group).collect());
        write!(f().groups().at_unkeyed(5), model.tree.groups[5], group(7));
        write!(f().boxes().at_unkeyed(2), model.tree.boxes[2], Box::new(9));
        write!(
            f().boxes().at_unkeyed(2).deref_field(),
            *model.tree.boxes[2],
            10
        );
        write!(f().maybe(), model.tree.maybe, None);
        write!(f().maybe(), model.tree.maybe, Some(group(8)));
        write!(f().pair(), model.tree.pair, (3, 4));
        write!(f().kind(), model.tree.kind, Kind::Two { group: group(1) });
        write!(f().kind(), model.tree.kind, Kind::None);
        write!(f().kind(), model.tree.kind, Kind::One(group(2)));
        let one = f().kind().one_0().expect("the variant");
        one.leaves().at_unkeyed(0).set(77);
        if let Kind::One(group) = &mut model.tree.kind {
            group.leaves[0] = 77;
        }
        model.goes_on(&fields);
        for n in 0..3 {
            let shared = || f().shared().at_unkeyed(1);
            shared().deref_field().leaves().at_unkeyed(0).set(n);
            model.tree.shared[1].leaves[0] = n;
            model.goes_on(&fields);
            shared().set(group(n).into());
            model.tree.shared[1] = group(n).into();
            model.goes_on(&fields);
            shared().deref_field().set(group(n + 9));
            model.tree.shared[1] = group(n + 9).into();
            model.goes_on(&fields);
        }
        f().groups().write().clear();
        model.tree.groups = vec![group(0); 4];
        f().groups().write().extend(vec![group(0); 4]);
        model.goes_on(&fields);
    });
}

/// What looks like an item that asks for a guard, and is none, does not aim the next write.
#[test]
fn what_is_called_before_a_write_does_not_narrow_it() {
    on_every_engine(|store| {
        let (fields, mut model) = kept(store);
        let f = || fields.clone();
        let boxed = || f().boxes().at_unkeyed(1);
        let before: [&dyn Fn(); 8] = [
            &|| boxed().notify(),
            &|| boxed().track(),
            &|| boxed().deref_field().track(),
            &|| boxed().deref_field().notify(),
            &|| drop(boxed().get_trigger(boxed().path().into_iter().collect())),
            &|| drop(boxed().triggers_for_current_path()),
            &|| drop(ArcField::<Box<i32>>::from(boxed())),
            &|| drop(f().boxes().iter_unkeyed().next()),
        ];
        for (n, before) in (0..).zip(before) {
            before();
            f().boxes().set(vec![Box::new(n); 4]);
            model.tree.boxes = vec![Box::new(n); 4];
            model.goes_on(&fields);
            before();
            f().set(Tree {
                pair: (n, n),
                boxes: vec![Box::new(n + 100); 4],
                ..model.tree.clone()
            });
            model.tree.pair = (n, n);
            model.tree.boxes = vec![Box::new(n + 100); 4];
            model.goes_on(&fields);
        }
    });
}

/// A guard of a list is taken and not used before something inside of the list is looked at.
#[test]
fn what_is_called_while_a_guard_is_there_does_not_narrow_it() {
    on_every_engine(|store| {
        let (fields, mut model) = kept(store);
        let f = || fields.clone();
        let group = || f().groups().at_unkeyed(1);
        let while_there: [&dyn Fn(); 6] = [
            &|| group().notify(),
            &|| group().track(),
            &|| group().leaves().notify(),
            &|| assert!(group().leaves().at_unkeyed(0).get_untracked() >= 0),
            &|| {
                group().notify();
                group().leaves().at_unkeyed(1).track();
            },
            &|| assert!(!Field::<Group>::from(group()).is_disposed()),
        ];
        for (n, call) in (0..).zip(while_there) {
            let list = f().groups();
            let mut guard = list.write();
            call();
            guard.iter_mut().for_each(|group| group.leaves.fill(n));
            drop(guard);
            let groups = &mut model.tree.groups;
            groups.iter_mut().for_each(|group| group.leaves.fill(n));
            model.goes_on(&fields);

            let mut guard = fields.write();
            call();
            guard.pair = (n, n);
            guard.title = format!("title {n}");
            drop(guard);
            model.tree.pair = (n, n);
            model.tree.title = format!("title {n}");
            model.goes_on(&fields);
        }
    });
}

/// What overlaps is put together as JSON.
#[cfg(feature = "json")]
#[test]
fn guards_that_overlap_are_kept_apart() {
    on_every_engine(|store| {
        let (fields, mut model) = kept(store);
        let f = || fields.clone();
        let (one, two) = (
            f().groups().at_unkeyed(1).leaves().at_unkeyed(1),
            f().groups().at_unkeyed(2).leaves().at_unkeyed(2),
        );
        for n in 0..4 {
            let (mut first, mut second) = (one.write(), two.write());
            if n % 2 == 0 {
                *first = 100 + n;
                *second = 200 + n;
            } else {
                *second = 200 + n;
                *first = 100 + n;
            }
            if n < 2 {
                drop(first);
                drop(second);
            } else {
                drop(second);
                drop(first);
            }
            model.tree.groups[1].leaves[1] = 100 + n;
            model.tree.groups[2].leaves[2] = 200 + n;
            model.goes_on(&fields);
        }
    });
}

#[test]
fn erased_and_arena_fields_are_kept() {
    on_every_engine(|store| {
        let (fields, mut model) = kept(store);
        let arena = Fields::from(fields.clone());
        let leaf = arena.groups().at_unkeyed(1).leaves().at_unkeyed(1);
        let erased = ArcField::from(fields.clone().groups().at_unkeyed(2).leaves());
        let item = erased.clone().at_unkeyed(1);
        for n in 0..3 {
            leaf.set(n);
            model.tree.groups[1].leaves[1] = n;
            model.goes_on(&fields);
            item.set(n + 50);
            model.tree.groups[2].leaves[1] = n + 50;
            model.goes_on(&fields);
            erased.set(vec![n; 3]);
            model.tree.groups[2].leaves = vec![n; 3];
            model.goes_on(&fields);
        }
        assert!(!leaf.is_disposed());
    });
}

/// Inside of an effect the fields that are read and written ask alike.
#[test]
fn an_effect_that_writes_is_kept_apart_from_what_it_reads() {
    on_every_engine(|store| {
        let (fields, mut model) = kept(store);
        let source = fields.clone().groups().at_unkeyed(0).leaves().at_unkeyed(0);
        let target = fields.clone().groups().at_unkeyed(1).leaves();
        let (from, to) = (source.clone(), target.clone());
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        let _effect = ImmediateEffect::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
            let n = from.get();
            to.clone().at_unkeyed(2).set(n + 1);
            to.clone().update(|leaves| leaves[3] = n + 2);
        });
        for n in 0..4 {
            source.set(n);
            model.tree.groups[0].leaves[0] = n;
            model.tree.groups[1].leaves[2] = n + 1;
            model.tree.groups[1].leaves[3] = n + 2;
            model.goes_on(&fields);
        }
        assert!(runs.load(Ordering::Relaxed) <= 5, "by its source alone");
        target.set(vec![0; 4]);
        assert!(runs.load(Ordering::Relaxed) <= 5);
    });
}

/// Each reader of a place, of one above, beside and below, at each write.
#[test]
fn readers_beside_the_way_are_not_run_and_all_on_it_are() {
    on_every_engine(|store| {
        let (fields, _) = kept(store);
        let f = fields.clone();
        let whole = Reader::new(move || f.read().groups[1].leaves[1]);
        let f = fields.clone();
        let list = Reader::new(move || f.clone().groups().read()[1].leaves[1]);
        let f = fields.clone();
        let group = Reader::new(move || f.clone().groups().at_unkeyed(1).read().leaves[1]);
        let f = fields.clone();
        let leaf = move |group, leaf| {
            let f = f.clone();
            Reader::new(move || {
                let group = f.clone().groups().at_unkeyed(group);
                group.leaves().at_unkeyed(leaf).get()
            })
        };
        let (this, beside, elsewhere) = (leaf(1, 1), leaf(1, 2), leaf(2, 1));
        let f = fields.clone();
        let title = Reader::new(move || f.clone().title().get().len() as i32);
        let ran = || [&whole, &list, &group, &this, &beside, &elsewhere, &title].map(Reader::runs);
        ran();
        for n in 50..53 {
            let group = fields.clone().groups().at_unkeyed(1);
            group.leaves().at_unkeyed(1).set(n);
            assert_eq!(ran(), [1, 1, 1, 1, 0, 0, 0]);
            assert_eq!((whole.last(), this.last()), (n, n));
            let group = fields.clone().groups().at_unkeyed(1);
            group.set(Group {
                leaves: vec![n, n + 1, 12, n],
                note: String::new(),
            });
            assert_eq!(ran(), [1, 1, 1, 1, 0, 0, 0]);
            fields
                .clone()
                .groups()
                .at_unkeyed(1)
                .leaves()
                .set(vec![n; 4]);
            assert_eq!(ran(), [1, 1, 1, 1, 1, 0, 0]);
            fields
                .clone()
                .groups()
                .at_unkeyed(1)
                .leaves()
                .at_unkeyed(2)
                .set(12);
            assert_eq!(ran(), [1, 1, 1, 0, 1, 0, 0]);
        }
    });
}

/// Notes the title in the first group, and refuses pairs above a limit.
struct Titles(Arc<AtomicI32>);

impl Middleware for Titles {
    fn name(&self) -> &str {
        "titles"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        for write in transaction.writes_mut() {
            let Some(mut tree) = write.new::<Tree>() else {
                continue;
            };
            if tree.pair.0 > self.0.load(Ordering::Relaxed) {
                return Err(Veto::new("too much"));
            }
            if tree.title != "title" {
                tree.groups[0].note = tree.title.clone();
                write.replace(tree);
            }
        }
        Ok(())
    }
}

/// Middleware that rewrites elsewhere, and that refuses.
#[test]
fn what_middleware_makes_of_a_write_is_kept() {
    on_every_engine(|store| {
        let (fields, mut model) = kept(store);
        let limit = Arc::new(AtomicI32::new(i32::MAX));
        let rewrites = store.add_middleware(Titles(Arc::clone(&limit)));
        let f = || fields.clone();
        let f2 = fields.clone();
        let note = Reader::new(move || f2.clone().groups().at_unkeyed(0).note().get());
        f().title().set("other".into());
        model.tree.title = "other".into();
        model.tree.groups[0].note = "other".into();
        assert_eq!(note.last(), "other");
        model.goes_on(&fields);
        limit.store(5, Ordering::Relaxed);
        f().pair().set((6, 6));
        model.goes_on(&fields);
        f().pair().set((5, 5));
        model.tree.pair = (5, 5);
        model.goes_on(&fields);
        assert!(store.remove_middleware(rewrites));
        model.goes_on(&fields);
    });
}

/// A listener has the previous value and the next, in a batch too, and an immutable snapshot stays.
#[test]
fn whoever_has_a_value_has_it_for_good() {
    on_every_engine(|store| {
        let (fields, mut model) = kept(store);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&heard);
        let listener = store
            .subscribe(TREE, move |_: Option<&Tree>, change: &Change| {
                hears.lock().unwrap().push(change.clone());
            })
            .unwrap();
        let before = model.tree.clone();
        let snapshot = store.snapshot();
        model.goes_on(&fields);
        store.flush();
        let heard_now = std::mem::take(&mut *heard.lock().unwrap());
        let first = heard_now.first().unwrap().old::<Tree>();
        let last = heard_now.last().unwrap().new::<Tree>();
        assert_eq!(
            (first.as_ref(), last.as_ref()),
            (Some(&before), Some(&model.tree))
        );
        drop(listener);
        model.goes_on(&fields);
        assert_eq!(
            heard_now.first().unwrap().old::<Tree>(),
            Some(before.clone())
        );
        assert_eq!(snapshot.get(TREE), Some(before));
        let undone = store.batch(|_| {
            fields.clone().pair().set((9, 9));
            Err::<(), _>(universal_state::StateError::Disposed)
        });
        assert!(undone.is_err());
        model.goes_on(&fields);
        store
            .batch(|_| {
                fields.clone().pair().set((8, 8));
                fields.clone().title().set("batch".into());
                Ok(())
            })
            .unwrap();
        model.tree.pair = (8, 8);
        model.tree.title = "batch".into();
        model.goes_on(&fields);
    });
}

/// Equal is not the same: what is stored stays as it was.
#[test]
fn an_equal_write_leaves_no_trace_in_the_next() {
    on_every_engine(|store| {
        store.set("floats", vec![0.0_f64, 1.0]).unwrap();
        let fields = store.fields_or("floats", Vec::<f64>::new()).unwrap();
        for n in 2..5 {
            fields.clone().at_unkeyed(1).set(f64::from(n));
            fields.clone().at_unkeyed(0).set(-0.0);
        }
        fields.at_unkeyed(1).set(9.0);
        let stored: Vec<f64> = store.get("floats").unwrap();
        assert_eq!((stored[0].is_sign_positive(), stored[1]), (true, 9.0));
    });
}

/// What was replaced, or whose key was removed, is not held on to.
#[test]
fn what_is_replaced_is_dropped_by_the_write() {
    #[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, Derive, Diff)]
    struct Holder {
        #[serde(skip)]
        held: Option<Arc<()>>,
        n: i32,
    }
    on_every_engine(|store| {
        let held = Arc::new(());
        let with = |held: &Arc<()>| Holder {
            held: Some(Arc::clone(held)),
            n: 0,
        };
        store.set("holder", with(&held)).unwrap();
        let fields = store.fields_or("holder", Holder::default()).unwrap();
        (1..4).for_each(|n| fields.clone().n().set(n));
        fields.clone().held().set(None);
        store.flush();
        assert_eq!(Arc::strong_count(&held), 1, "replaced");
        store.set("holder", with(&held)).unwrap();
        (1..4).for_each(|n| fields.clone().n().set(n));
        store.flush();
        store.delete("holder").unwrap();
        store.flush();
        assert_eq!(Arc::strong_count(&held), 1, "removed");
    });
}
