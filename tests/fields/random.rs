//! Random edits through fields, pointers, whole values, batches, restores and history, against a plain
//! model. After each step the views agree with the model, and each effect ran if and only if what it
//! observes differs.
//!
//! A failure prints its seed and the shortest sequence that was found. To replay it, set
//! `PROPTEST_RNG_SEED` to that seed. `UNIVERSAL_STATE_CASES` sets how many sequences are tried.
#![cfg(all(not(target_family = "wasm"), feature = "json"))]

#[path = "random/doc.rs"]
mod doc;
#[path = "random/door.rs"]
mod door;
#[path = "random/watch.rs"]
mod watch;

use crate::{seeded::Seeded, support::by_itself};
use any_spawner::Executor;
use doc::{DOC, Doc, Edit, edit};
use door::{Door, Ways, door};
use proptest::{collection::vec, prelude::*, test_runner::TestCaseError};
use universal_state::{
    EngineKind, History, HistoryOptions, Middleware, Restore, Snapshot, StateError, Store,
    Transaction, Veto,
};
use watch::Watched;

type Checked = Result<(), TestCaseError>;

/// A count that middleware refuses, and one that it rewrites.
const REFUSED: i32 = 7;
const REWRITTEN: i32 = 6;

#[derive(Debug, Clone)]
enum Op {
    Edit(Door, Edit),
    /// A whole value, or none.
    Set(Option<Doc>),
    /// Edits, of which some may be nested; and whether it ends well.
    Batch(Vec<Inside>, bool),
    Save,
    Restore(usize, bool),
    Undo,
    Redo,
    GoTo(usize),
    Exchange,
}

#[derive(Debug, Clone)]
enum Inside {
    Edit(Door, Edit),
    Set(Option<Doc>),
    Nested(Vec<(Door, Edit)>, bool),
}

fn whole() -> impl Strategy<Value = Option<Doc>> {
    // What a few edits make of the default, so that whole values are close to each other.
    let edits = vec(edit(), 0..12).prop_map(|edits| {
        let mut doc = Doc::default();
        for edit in edits {
            edit.apply(&mut doc);
        }
        doc
    });
    prop_oneof![4 => edits.prop_map(Some), 1 => Just(None)]
}

fn op() -> impl Strategy<Value = Op> {
    let inside = prop_oneof![
        6 => (door(), edit()).prop_map(|(door, edit)| Inside::Edit(door, edit)),
        1 => whole().prop_map(Inside::Set),
        2 => (vec((door(), edit()), 0..4), any::<bool>())
            .prop_map(|(edits, ends_well)| Inside::Nested(edits, ends_well)),
    ];
    prop_oneof![
        16 => (door(), edit()).prop_map(|(door, edit)| Op::Edit(door, edit)),
        2 => whole().prop_map(Op::Set),
        4 => (vec(inside, 0..6), prop::bool::weighted(0.7))
            .prop_map(|(inside, ends_well)| Op::Batch(inside, ends_well)),
        1 => Just(Op::Save),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(at, replace)| Op::Restore(at, replace)),
        2 => Just(Op::Undo),
        1 => Just(Op::Redo),
        1 => (0..10usize).prop_map(Op::GoTo),
        1 => Just(Op::Exchange),
    ]
}

/// Refuses one count, rewrites another.
struct Gate;

impl Middleware for Gate {
    fn name(&self) -> &str {
        "gate"
    }

    fn before(&self, transaction: &mut Transaction) -> Result<(), Veto> {
        for write in transaction.writes_mut() {
            match write.new::<Doc>() {
                Some(doc) if doc.count == REFUSED => return Err(Veto::new("refused")),
                Some(doc) if doc.count == REWRITTEN => write.replace(Doc { count: 0, ..doc }),
                _ => {}
            }
        }
        Ok(())
    }
}

/// What the key holds, and what it held.
struct Model {
    now: Option<Doc>,
    /// Before the first step, after it, after the second, and so on.
    steps: Vec<Option<Doc>>,
    at: usize,
}

impl Model {
    /// What middleware makes of a transaction, and whether it may pass.
    fn commit(&mut self, new: Option<Doc>) -> bool {
        let new = match new {
            Some(doc) if new_is_same(&self.now, &doc) => return true,
            Some(doc) if doc.count == REFUSED => return false,
            Some(doc) if doc.count == REWRITTEN => Some(Doc { count: 0, ..doc }),
            new => new,
        };
        if new != self.now {
            self.steps.truncate(self.at + 1);
            self.steps.push(new.clone());
            self.at += 1;
            self.now = new;
        }
        true
    }

    fn go_to(&mut self, at: usize) {
        self.at = at.min(self.steps.len() - 1);
        self.now = self.steps[self.at].clone();
    }
}

/// Middleware does not see what changes nothing.
fn new_is_same(now: &Option<Doc>, new: &Doc) -> bool {
    now.as_ref() == Some(new)
}

struct Case {
    store: Store,
    ways: Ways,
    history: History,
    saved: Vec<(Snapshot, Option<Doc>)>,
    model: Model,
}

impl Case {
    fn new(engine: EngineKind) -> Self {
        let builder = Store::builder().engine(engine).middleware(Gate);
        let store = builder.on_error(|_| {}).build();
        Self {
            ways: Ways::new(&store),
            history: store.history(HistoryOptions::new().limit(1_000)).unwrap(),
            saved: vec![(store.snapshot(), None)],
            model: Model {
                now: None,
                steps: vec![None],
                at: 0,
            },
            store,
        }
    }

    /// What fields, pointers and the whole value show is what the model holds, here `expected`.
    fn agree(&self, expected: &Option<Doc>) -> Checked {
        prop_assert_eq!(&self.store.get(DOC), expected);
        prop_assert_eq!(self.store.has("doc"), expected.is_some());
        self.ways.agree(&self.store, expected)
    }

    fn run(&mut self, op: &Op) -> Checked {
        let Self { store, ways, .. } = self;
        match op {
            Op::Edit(door, edit) => {
                let new = ways.after(*door, edit, &self.model.now);
                ways.write(store, *door, edit, &self.model.now);
                self.model.commit(new);
            }
            Op::Set(new) => {
                let result = match new {
                    Some(doc) => store.set(DOC, doc.clone()),
                    None => store.delete("doc").map(drop),
                };
                prop_assert_eq!(result.is_ok(), self.model.commit(new.clone()));
            }
            Op::Batch(inside, ends_well) => return self.batch(inside, *ends_well),
            Op::Save => self.saved.push((store.snapshot(), self.model.now.clone())),
            Op::Restore(at, replace) => {
                let (snapshot, saved) = &self.saved[at % self.saved.len()];
                let new = match (saved, replace) {
                    (None, false) => self.model.now.clone(),
                    _ => saved.clone(),
                };
                let mode = match replace {
                    true => Restore::Replace,
                    false => Restore::Merge,
                };
                store.restore(snapshot, mode).unwrap();
                self.model.commit(new);
            }
            Op::Undo => {
                self.history.undo().unwrap();
                self.model.go_to(self.model.at.saturating_sub(1));
            }
            Op::Redo => {
                self.history.redo().unwrap();
                self.model.go_to(self.model.at + 1);
            }
            Op::GoTo(at) => {
                self.history.go_to(*at).unwrap();
                self.model.go_to(*at);
            }
            Op::Exchange => {
                let next = match store.engine() {
                    EngineKind::Map => EngineKind::Signal,
                    _ => EngineKind::Map,
                };
                store.set_engine(next).unwrap();
            }
        }
        Ok(())
    }

    /// Edits of one transaction, after each of which the batch sees its own state.
    fn batch(&mut self, inside: &[Inside], ends_well: bool) -> Checked {
        let mut draft = self.model.now.clone();
        let mut checked = Ok(());
        let result = self.store.batch(|tx| {
            let step = |door: Door, edit: &Edit, draft: &mut Option<Doc>| {
                let new = self.ways.after(door, edit, draft);
                self.ways.write(&self.store, door, edit, draft);
                *draft = new;
                self.agree(draft)
            };
            for one in inside {
                checked = match one {
                    Inside::Edit(door, edit) => step(*door, edit, &mut draft),
                    Inside::Set(new) => {
                        match new {
                            Some(doc) => tx.set(DOC, doc.clone())?,
                            None => drop(tx.delete("doc")?),
                        }
                        draft.clone_from(new);
                        self.agree(&draft)
                    }
                    Inside::Nested(edits, ends_well) => {
                        let before = draft.clone();
                        let mut nested = Ok(());
                        let result = tx.batch(|_| {
                            for (door, edit) in edits {
                                nested = step(*door, edit, &mut draft);
                                if nested.is_err() {
                                    break;
                                }
                            }
                            end(*ends_well)
                        });
                        if result.is_err() {
                            draft = before;
                        }
                        nested.and_then(|()| self.agree(&draft))
                    }
                };
                if checked.is_err() {
                    break;
                }
            }
            end(ends_well)
        });
        checked?;
        let passes = ends_well && self.model.commit(draft);
        prop_assert_eq!(result.is_ok(), passes);
        Ok(())
    }
}

fn end(well: bool) -> Result<(), StateError> {
    match well {
        true => Ok(()),
        false => Err(StateError::abort("no")),
    }
}

#[test]
fn an_effect_runs_if_and_only_if_what_it_observes_differs() {
    let _ = Executor::init_futures_executor();
    let engine = prop::sample::select(EngineKind::ALL);
    Seeded::new(300).try_all((engine, vec(op(), 1..40)), |(engine, ops)| {
        let mut checked = Ok(());
        by_itself(|| {
            let mut case = Case::new(engine);
            let watched = Watched::new(&case.store);
            checked = ops.iter().try_for_each(|op| {
                let before = case.model.now.clone();
                case.run(op)?;
                case.agree(&case.model.now)?;
                watched.ran(&before, &case.model.now)
            });
        });
        checked
    });
}
