//! Random writes and moves, against a plain model.

use super::{mfe, with_options};
use crate::seeded::Seeded;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use universal_state::{
    EngineKind, History, HistoryMove, HistoryOptions, Origin, StateError, Store, View,
};

const KEYS: [&str; 4] = ["a", "b", "c", "d"];

type State = BTreeMap<&'static str, u8>;
type Writes = Vec<(usize, Option<u8>)>;

#[derive(Debug, Clone)]
enum Op {
    Write(Writes, bool),
    Foreign(Writes),
    /// A batch that is given up.
    Fail(Writes),
    Undo,
    Redo,
    GoTo(usize),
    Clear,
    Pause(bool),
    Engine(EngineKind),
}

fn writes() -> impl Strategy<Value = Writes> {
    prop::collection::vec((0..KEYS.len(), prop::option::weighted(0.8, 0..3u8)), 1..4)
}

fn moves() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (writes(), any::<bool>()).prop_map(|(writes, other)| Op::Write(writes, other)),
        1 => writes().prop_map(Op::Fail),
        4 => Just(Op::Undo),
        3 => Just(Op::Redo),
        2 => (0..8usize).prop_map(Op::GoTo),
        1 => prop::sample::select(EngineKind::ALL).prop_map(Op::Engine),
    ]
}

fn disturbed() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => moves(),
        4 => writes().prop_map(Op::Foreign),
        1 => any::<bool>().prop_map(Op::Pause),
        1 => Just(Op::Clear),
    ]
}

fn write(view: &View, writes: &Writes) -> Result<(), StateError> {
    view.batch(|tx| {
        for (key, value) in writes {
            match value {
                Some(value) => tx.set(KEYS[*key], *value)?,
                None => drop(tx.delete(KEYS[*key])?),
            }
        }
        Ok(())
    })
}

fn fail(view: &View, writes: &Writes) -> Result<(), StateError> {
    let given_up = view.batch(|tx| {
        write(tx, writes)?;
        Err::<(), _>(StateError::abort("no"))
    });
    assert_eq!(given_up, Err(StateError::abort("no")));
    Ok(())
}

fn contents(store: &Store) -> State {
    let value = |key: &&'static str| store.get::<u8>(*key).map(|value| (*key, value));
    KEYS.iter().filter_map(value).collect()
}

fn after(state: &State, writes: &Writes) -> State {
    let mut state = state.clone();
    for (key, value) in writes {
        match value {
            Some(value) => drop(state.insert(KEYS[*key], *value)),
            None => drop(state.remove(KEYS[*key])),
        }
    }
    state
}

/// The keys in which two states differ.
fn difference(a: &State, b: &State) -> BTreeSet<&'static str> {
    let differs = |key: &&'static str| a.get(key) != b.get(key);
    KEYS.iter().copied().filter(differs).collect()
}

fn names(keys: &[String]) -> BTreeSet<&str> {
    keys.iter().map(String::as_str).collect()
}

/// States, one after each step, and where among them the store is.
struct Stack {
    states: Vec<State>,
    position: usize,
    /// What the last step wrote, and whether under another source, if the next may be merged with it.
    last: Option<(BTreeSet<&'static str>, bool)>,
}

#[derive(Debug, Clone, Copy)]
struct Setting {
    limit: usize,
    merges: bool,
}

fn setting() -> impl Strategy<Value = Setting> {
    (1..7usize, any::<bool>()).prop_map(|(limit, merges)| Setting { limit, merges })
}

impl Setting {
    fn options(self) -> HistoryOptions {
        HistoryOptions::new()
            .limit(self.limit)
            .merge_window(if self.merges { u64::MAX } else { 0 })
            .ignore(Origin::Mfe("other".into()))
    }
}

impl Stack {
    fn write(&mut self, state: State, other: bool, setting: Setting) {
        let keys = difference(&self.states[self.position], &state);
        if keys.is_empty() {
            return;
        }
        self.states.truncate(self.position + 1);
        let last = Some((keys, other));
        if setting.merges && self.last == last {
            self.states.pop();
        }
        self.last = last;
        self.states.push(state);
        let over = (self.states.len() - 1).saturating_sub(setting.limit);
        self.states.drain(..over);
        self.position = self.states.len() - 1;
    }

    fn go(&mut self, to: usize) -> usize {
        self.position = to.min(self.states.len() - 1);
        self.last = None;
        self.position
    }
}

fn moved(history: &History, op: &Op) -> Option<Result<HistoryMove, StateError>> {
    match op {
        Op::Undo => Some(history.undo()),
        Op::Redo => Some(history.redo()),
        Op::GoTo(position) => Some(history.go_to(*position)),
        _ => None,
    }
}

/// Where a move leads from a position.
fn target(op: &Op, position: usize) -> usize {
    match op {
        Op::Undo => position.saturating_sub(1),
        Op::Redo => position + 1,
        Op::GoTo(position) => *position,
        _ => position,
    }
}

#[test]
fn undisturbed_every_move_leads_to_the_very_state_that_was() {
    let ops = prop::collection::vec(moves(), 1..40);
    Seeded::new(256).try_all((setting(), ops), |(setting, ops)| {
        with_options(&setting.options(), |store, history| {
            let mut stack = Stack {
                states: vec![State::new()],
                position: 0,
                last: None,
            };
            for op in &ops {
                let before = stack.states[stack.position].clone();
                match op {
                    Op::Write(writes, other) => {
                        let source = if *other { "other" } else { "unknown" };
                        write(&store.with_source(source), writes)?;
                        stack.write(after(&before, writes), *other, setting);
                    }
                    Op::Fail(writes) => fail(store, writes)?,
                    Op::Engine(kind) => store.set_engine(*kind)?,
                    _ => {}
                }
                if let Some(done) = moved(history, op) {
                    let done = done?;
                    let (from, version) = (stack.position, store.metadata().version);
                    let to = stack.go(target(op, from));
                    assert_eq!((done.from, done.to), (from, to));
                    let changed = difference(&before, &stack.states[to]);
                    assert_eq!(names(&done.keys), changed);
                    assert!(done.skipped.is_empty());
                    assert!(version > 0 || changed.is_empty());
                }
                assert_eq!(
                    contents(store),
                    stack.states[stack.position],
                    "after {op:?}"
                );
                assert_eq!(history.position(), stack.position, "after {op:?}");
                assert_eq!(history.len(), stack.states.len() - 1, "after {op:?}");
                assert_eq!(history.can_undo(), stack.position > 0);
                assert_eq!(history.can_redo(), stack.position + 1 < stack.states.len());
            }
            Ok(())
        });
        Ok(())
    });
}

/// What a step did: before and after of each key.
type Step = BTreeMap<&'static str, (Option<u8>, Option<u8>)>;

struct Model {
    state: State,
    steps: Vec<(Step, bool)>,
    position: usize,
    sealed: bool,
    paused: bool,
    /// Who wrote a key last: the number of the write. An equal value of another write is another.
    write: BTreeMap<&'static str, usize>,
    written: BTreeMap<&'static str, usize>,
    count: usize,
}

impl Model {
    fn put(&mut self, key: &'static str, value: Option<u8>) {
        match value {
            Some(value) => drop(self.state.insert(key, value)),
            None => drop(self.state.remove(key)),
        }
    }

    fn write(&mut self, writes: &Writes, other: bool, own: bool, setting: Setting) {
        let next = after(&self.state, writes);
        let mut step = Step::new();
        self.count += 1;
        let mut chained = true;
        for key in difference(&self.state, &next) {
            step.insert(key, (self.state.get(key).copied(), next.get(key).copied()));
            chained &= self.write.get(key) == self.written.get(key);
            self.write.insert(key, self.count);
        }
        self.state = next;
        if step.is_empty() || !own || self.paused {
            return;
        }
        for key in step.keys() {
            self.written.insert(key, self.count);
        }
        self.steps.truncate(self.position);
        let may_merge = setting.merges && !self.sealed && chained;
        match self.steps.last_mut() {
            Some((last, by)) if may_merge && *by == other && last.keys().eq(step.keys()) => {
                for (key, (_, after)) in step {
                    last.entry(key).and_modify(|entry| entry.1 = after);
                }
            }
            _ => self.steps.push((step, other)),
        }
        let over = self.steps.len().saturating_sub(setting.limit);
        self.steps.drain(..over);
        self.position = self.steps.len();
        self.sealed = false;
    }

    fn go(&mut self, to: usize) -> BTreeSet<&'static str> {
        let to = to.min(self.steps.len());
        let mut skipped = BTreeSet::new();
        while self.position != to {
            let back = to < self.position;
            let at = if back {
                self.position - 1
            } else {
                self.position
            };
            for (key, (before, after)) in self.steps[at].0.clone() {
                let (held, next) = if back {
                    (after, before)
                } else {
                    (before, after)
                };
                if self.state.get(key).copied() == held {
                    self.put(key, next);
                } else {
                    skipped.insert(key);
                }
            }
            self.position = if back { at } else { at + 1 };
        }
        self.sealed = true;
        skipped
    }
}

#[test]
fn disturbed_by_others_a_move_takes_back_its_own_and_nothing_else() {
    let ops = prop::collection::vec(disturbed(), 1..50);
    Seeded::new(256).try_all((setting(), ops), |(setting, ops)| {
        with_options(&setting.options(), |store, history| {
            let scope = mfe(store, "other")?;
            let foreign = scope.shared();
            let mut model = Model {
                state: State::new(),
                steps: Vec::new(),
                position: 0,
                sealed: false,
                paused: false,
                write: BTreeMap::new(),
                written: BTreeMap::new(),
                count: 0,
            };
            for op in &ops {
                match op {
                    Op::Write(writes, other) => {
                        let source = if *other { "other" } else { "unknown" };
                        write(&store.with_source(source), writes)?;
                        model.write(writes, *other, true, setting);
                    }
                    Op::Foreign(writes) => {
                        write(&foreign, writes)?;
                        model.write(writes, false, false, setting);
                    }
                    Op::Fail(writes) => fail(store, writes)?,
                    Op::Engine(kind) => store.set_engine(*kind)?,
                    Op::Clear => {
                        history.clear();
                        model.steps.clear();
                        (model.position, model.sealed) = (0, true);
                    }
                    Op::Pause(paused) => {
                        if *paused {
                            history.pause();
                        } else {
                            history.resume();
                        }
                        model.sealed |= model.paused != *paused;
                        model.paused = *paused;
                    }
                    _ => {}
                }
                if let Some(done) = moved(history, op) {
                    let (done, before) = (done?, model.state.clone());
                    let from = model.position;
                    let skipped = model.go(target(op, from));
                    assert_eq!((done.from, done.to), (from, model.position));
                    assert_eq!(names(&done.keys), difference(&before, &model.state));
                    assert_eq!(names(&done.skipped), skipped);
                }
                assert_eq!(contents(store), model.state, "after {op:?}");
                assert_eq!(history.position(), model.position, "after {op:?}");
                assert_eq!(history.is_recording(), !model.paused);
                let steps: Vec<Vec<String>> = history
                    .steps()
                    .into_iter()
                    .map(|step| {
                        let mut keys = step.keys;
                        keys.sort_unstable();
                        keys
                    })
                    .collect();
                let expected: Vec<Vec<&str>> = model
                    .steps
                    .iter()
                    .map(|(step, _)| step.keys().copied().collect())
                    .collect();
                assert_eq!(steps, expected, "after {op:?}");
            }
            Ok(())
        });
        Ok(())
    });
}
