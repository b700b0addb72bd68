//! Random edits of a map under a key, through every door, against a `BTreeMap`: what the handle
//! shows agrees with it, and an effect has run if and only if what it reads is another. And readers
//! and writers on several threads.
//!
//! A failure prints its seed and the shortest sequence that was found; `PROPTEST_RNG_SEED` replays
//! it, and `UNIVERSAL_STATE_CASES` sets how many sequences are tried (400 if it is not set).

#![cfg(all(feature = "collections", feature = "json", not(target_family = "wasm")))]

#[path = "conformance/effects.rs"]
mod effects;
mod seeded;

use effects::Effects;
use proptest::{prelude::*, test_runner::TestCaseError};
use seeded::Seeded;
use serde_json::json;
use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use universal_state::{
    EngineKind, HistoryOptions, Key, MapHandle, Middleware, OrdMap, Restore, Snapshot, StateError,
    Store, Transaction, Veto,
};

type Map = OrdMap<u32, i32>;
type Plain = BTreeMap<u32, i32>;

const ROWS: Key<Map> = Key::new("rows");

/// Keys of which some lie in one node of the tree and some do not.
const NAMES: u32 = 60;

#[derive(Debug, Clone)]
enum Edit {
    Insert(u32, i32),
    Remove(u32),
    Add(u32, i32),
    AddOr(u32, i32),
    Extend(Vec<(u32, i32)>),
    KeepOdd,
    Clear,
    /// Through the pointer of an entry.
    SetAt(u32, i32),
    /// The key as a whole: as the map, as a `BTreeMap`, as JSON, as something else.
    Whole(Form, Plain),
    Delete,
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Own,
    Tree,
    Json,
    Text,
}

#[derive(Debug, Clone)]
enum Op {
    Edit(Edit),
    /// Whether it fails in the end.
    Batch(Vec<Edit>, bool),
    /// A middleware refuses it.
    Vetoed(Edit),
    Undo,
    Redo,
    Save,
    Restore,
    Exchange(EngineKind),
}

/// What the key holds.
#[derive(Debug, Clone, PartialEq)]
enum Content {
    Missing,
    Map(Plain),
    Text(String),
}

fn edit() -> impl Strategy<Value = Edit> {
    let (name, value) = (|| 0..NAMES, || 0..3i32);
    let entries = move || prop::collection::vec((name(), value()), 0..80);
    let form = || prop::sample::select(&[Form::Own, Form::Tree, Form::Json, Form::Text][..]);
    prop_oneof![
        8 => (name(), value()).prop_map(|(name, value)| Edit::Insert(name, value)),
        6 => name().prop_map(Edit::Remove),
        3 => (name(), value()).prop_map(|(name, value)| Edit::Add(name, value)),
        2 => (name(), value()).prop_map(|(name, value)| Edit::AddOr(name, value)),
        2 => entries().prop_map(Edit::Extend),
        1 => Just(Edit::KeepOdd),
        1 => Just(Edit::Clear),
        1 => (name(), value()).prop_map(|(name, value)| Edit::SetAt(name, value)),
        4 => (form(), entries()).prop_map(|(form, all)| Edit::Whole(form, all.into_iter().collect())),
        1 => Just(Edit::Delete),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => edit().prop_map(Op::Edit),
        3 => (prop::collection::vec(edit(), 0..5), any::<bool>())
            .prop_map(|(edits, fails)| Op::Batch(edits, fails)),
        1 => edit().prop_map(Op::Vetoed),
        2 => Just(Op::Undo),
        1 => Just(Op::Redo),
        1 => Just(Op::Save),
        1 => Just(Op::Restore),
        1 => prop::sample::select(EngineKind::ALL).prop_map(Op::Exchange),
    ]
}

/// What an edit makes of what the key holds; `None` if it is refused.
fn edited(content: &Content, edit: &Edit) -> Option<Content> {
    if let Edit::Whole(form, all) = edit {
        return Some(match form {
            Form::Text => Content::Text(format!("{} entries", all.len())),
            Form::Own | Form::Tree | Form::Json => Content::Map(all.clone()),
        });
    }
    if matches!(edit, Edit::Delete) {
        return Some(Content::Missing);
    }
    let (mut map, was_there) = match content {
        Content::Missing => (Plain::new(), false),
        Content::Map(map) => (map.clone(), true),
        Content::Text(_) => return None,
    };
    match edit {
        Edit::Insert(name, value) => drop(map.insert(*name, *value)),
        Edit::Remove(name) => drop(map.remove(name)),
        Edit::Add(name, value) => drop(map.get_mut(name).map(|old| *old += value)),
        Edit::AddOr(name, value) => *map.entry(*name).or_insert(1) += value,
        Edit::Extend(entries) => map.extend(entries.iter().copied()),
        Edit::KeepOdd => map.retain(|_, value| *value % 2 != 0),
        Edit::Clear => map.clear(),
        Edit::SetAt(name, value) if was_there => drop(map.insert(*name, *value)),
        Edit::SetAt(..) => return None,
        Edit::Whole(..) | Edit::Delete => {}
    }
    match was_there || !map.is_empty() {
        true => Some(Content::Map(map)),
        false => Some(Content::Missing),
    }
}

fn apply(store: &Store, map: &MapHandle<u32, i32>, edit: &Edit) -> Result<(), StateError> {
    match edit {
        Edit::Insert(name, value) => map.insert(*name, *value).map(drop),
        Edit::Remove(name) => map.remove(name).map(drop),
        Edit::Add(name, value) => map.update(name, |old| *old += value).map(drop),
        Edit::AddOr(name, value) => map.update_or(*name, 1, |old| *old += value),
        Edit::Extend(entries) => map.extend(entries.iter().copied()),
        Edit::KeepOdd => map.retain(|_, value| *value % 2 != 0).map(drop),
        Edit::Clear => map.clear(),
        Edit::SetAt(name, value) => store.set_at("rows", &format!("/{name}"), *value),
        Edit::Whole(Form::Own, all) => store.set(ROWS, all.clone().into()),
        Edit::Whole(Form::Tree, all) => store.set("rows", all.clone()),
        Edit::Whole(Form::Json, all) => store.set_json("rows", json!(all)),
        Edit::Whole(Form::Text, all) => store.set("rows", format!("{} entries", all.len())),
        Edit::Delete => store.delete("rows").map(drop),
    }
}

/// What an effect reads.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    All,
    Keys,
    Len,
    Contains(u32),
    Entry(u32),
}

/// What was read; the text of an error.
type Shown = Result<String, String>;

fn text(value: impl Debug) -> String {
    format!("{value:?}")
}

/// What the handle shows of a part.
fn shown(map: &MapHandle<u32, i32>, part: Part) -> Shown {
    let shown = match part {
        Part::All => map.try_entries().map(text),
        Part::Keys => map.try_keys().map(text),
        Part::Len => map.try_len().map(text),
        Part::Contains(name) => map.try_contains(&name).map(text),
        Part::Entry(name) => map.try_get(&name).map(text),
    };
    shown.map_err(|error| error.to_string())
}

/// What it should show. What is not a map is known by its error, which quotes it.
fn expected(content: &Content, part: Part) -> Shown {
    let none = Plain::new();
    let map = match content {
        Content::Missing => &none,
        Content::Map(map) => map,
        Content::Text(found) => return Err(found.clone()),
    };
    Ok(match part {
        Part::All => text(map),
        Part::Keys => text(map.keys().collect::<Vec<_>>()),
        Part::Len => text(map.len()),
        Part::Contains(name) => text(map.contains_key(&name)),
        Part::Entry(name) => text(map.get(&name)),
    })
}

fn agree(shown: &Shown, expected: &Shown) -> bool {
    match (shown, expected) {
        (Err(error), Err(found)) => error.contains(found),
        _ => shown == expected,
    }
}

struct Refuse(Arc<AtomicBool>);

impl Middleware for Refuse {
    fn name(&self) -> &str {
        "refuse"
    }

    fn before(&self, _: &mut Transaction) -> Result<(), Veto> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(Veto::new("now is a bad time")),
            false => Ok(()),
        }
    }
}

/// An effect that notes what it reads each time it runs.
fn watch(effects: &Effects, map: &MapHandle<u32, i32>, part: Part) -> Arc<Mutex<Vec<Shown>>> {
    let log: Arc<Mutex<Vec<Shown>>> = Arc::default();
    let (map, sink) = (map.clone(), Arc::clone(&log));
    effects.start(move || sink.lock().unwrap().push(shown(&map, part)));
    log
}

fn check(engine: EngineKind, parts: &[Part], ops: &[Op]) -> Result<(), TestCaseError> {
    let effects = Effects::new();
    let refuse = Arc::new(AtomicBool::new(false));
    let store = Store::builder()
        .engine(engine)
        .middleware(Refuse(Arc::clone(&refuse)))
        .on_error(|_| {})
        .build();
    let history = store.history(HistoryOptions::new()).unwrap();
    let map = store.map_of(ROWS).unwrap();
    let mut content = Content::Missing;
    let mut steps = vec![content.clone()];
    let mut at = 0usize;
    let mut saved: Option<(Snapshot, Content)> = None;
    let logs: Vec<_> = parts
        .iter()
        .map(|part| (*part, watch(&effects, &map, *part)))
        .collect();
    for (_, log) in &logs {
        prop_assert_eq!(log.lock().unwrap().drain(..).count(), 1);
    }
    for op in ops {
        let before = content.clone();
        let mut is_step = true;
        match op {
            Op::Edit(edit) => {
                let after = edited(&content, edit);
                prop_assert_eq!(apply(&store, &map, edit).is_ok(), after.is_some());
                content = after.unwrap_or(content);
            }
            Op::Batch(edits, fails) => {
                let mut draft = content.clone();
                let result = store.batch(|_| {
                    for edit in edits {
                        let after = edited(&draft, edit);
                        assert_eq!(apply(&store, &map, edit).is_ok(), after.is_some());
                        draft = after.unwrap_or(draft.clone());
                        for part in parts {
                            let (shown, expected) = (shown(&map, *part), expected(&draft, *part));
                            assert!(agree(&shown, &expected), "{shown:?}, not {expected:?}");
                        }
                    }
                    match fails {
                        true => Err(StateError::abort("no")),
                        false => Ok(()),
                    }
                });
                prop_assert_eq!(result.is_err(), *fails);
                if !fails {
                    content = draft;
                }
            }
            Op::Vetoed(edit) => {
                refuse.store(true, Ordering::Relaxed);
                let changes = edited(&content, edit).is_none_or(|after| after != content);
                prop_assert_eq!(apply(&store, &map, edit).is_err(), changes);
                refuse.store(false, Ordering::Relaxed);
            }
            Op::Undo | Op::Redo => {
                is_step = false;
                let moved = match op {
                    Op::Undo => (history.undo(), at.checked_sub(1)),
                    _ => (history.redo(), (at + 1 < steps.len()).then_some(at + 1)),
                };
                prop_assert!(moved.0.is_ok());
                at = moved.1.unwrap_or(at);
                content = steps[at].clone();
            }
            Op::Save => saved = Some((store.snapshot(), content.clone())),
            Op::Restore => {
                if let Some((snapshot, then)) = &saved {
                    store.restore(snapshot, Restore::Replace).unwrap();
                    content = then.clone();
                }
            }
            Op::Exchange(kind) => store.set_engine(*kind).unwrap(),
        }
        if is_step && content != before {
            steps.truncate(at + 1);
            steps.push(content.clone());
            at += 1;
        }
        effects.settle();
        for (part, log) in &logs {
            let (was, is) = (expected(&before, *part), expected(&content, *part));
            let seen: Vec<Shown> = log.lock().unwrap().drain(..).collect();
            prop_assert_eq!(
                seen.len(),
                usize::from(was != is),
                "{:?} after {:?}",
                part,
                op
            );
            prop_assert!(
                seen.iter().all(|seen| agree(seen, &is)),
                "{:?}: {:?}",
                part,
                seen
            );
            let now = shown(&map, *part);
            prop_assert!(
                agree(&now, &is),
                "{:?} shows {:?} after {:?}",
                part,
                now,
                op
            );
        }
        if let Content::Map(plain) = &content {
            let stored = store.get::<Plain>("rows");
            prop_assert_eq!(stored.as_ref(), Some(plain));
        }
    }
    Ok(())
}

#[test]
fn an_effect_has_run_if_and_only_if_what_it_reads_is_another() {
    let part = || {
        prop_oneof![
            Just(Part::All),
            Just(Part::Keys),
            Just(Part::Len),
            (0..NAMES).prop_map(Part::Contains),
            (0..NAMES).prop_map(Part::Entry),
            (0..NAMES).prop_map(Part::Entry),
        ]
    };
    let sequence = (
        prop::sample::select(EngineKind::ALL),
        prop::collection::vec(part(), 0..12),
        prop::collection::vec(op(), 0..40),
    );
    Seeded::new(400).try_all(sequence, |(engine, parts, ops)| check(engine, &parts, &ops));
}

/// However reads, registrations and commits meet, nobody is left with what is old, and no write is
/// lost.
#[test]
fn readers_end_on_the_last_value_whoever_writes_meanwhile() {
    const WRITERS: i32 = 3;
    const WRITES: i32 = 60;
    for round in 0..60 {
        let engine = EngineKind::ALL[round % EngineKind::ALL.len()];
        let store = Store::builder().engine(engine).build();
        let map = store.map_of(ROWS).unwrap();
        map.extend((0..40).map(|name| (name, 0))).unwrap();
        let effects = Effects::new();
        let done = AtomicBool::new(false);
        let mut logs = Vec::new();
        thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let map = map.clone();
                    scope.spawn(move || {
                        for n in 0..WRITES {
                            map.update(&7, |value| *value += 1).unwrap();
                            let name = 100 + u32::try_from(writer).unwrap();
                            map.insert(name, n).unwrap();
                            // It comes, goes, and ends as it began.
                            map.insert(200, n).unwrap();
                            map.remove(&200).unwrap();
                        }
                    })
                })
                .collect();
            while !done.load(Ordering::Relaxed) {
                for part in [
                    Part::Entry(7),
                    Part::Entry(100),
                    Part::Contains(101),
                    Part::Contains(200),
                    Part::Entry(200),
                    Part::Len,
                    Part::Keys,
                    Part::All,
                ] {
                    if logs.len() < 200 {
                        logs.push((part, watch(&effects, &map, part)));
                    }
                }
                effects.settle();
                done.store(
                    writers.iter().all(thread::ScopedJoinHandle::is_finished),
                    Ordering::Relaxed,
                );
            }
        });
        effects.settle();
        assert_eq!(map.get(&7), Some(WRITERS * WRITES));
        for (part, log) in &logs {
            let seen = log.lock().unwrap();
            assert_eq!(
                seen.last(),
                Some(&shown(&map, *part)),
                "{part:?} in round {round} on {engine}"
            );
        }
        effects.end();
    }
}
