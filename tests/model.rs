//! Random sequences of every operation, against a plain model and against the other engine.
//!
//! A failure prints its seed and the shortest sequence that was found. To replay it, set
//! `PROPTEST_RNG_SEED` to that seed. `UNIVERSAL_STATE_CASES` sets how many sequences each test tries
//! (1000 if it is not set: about ten seconds; try 100000 over night).

#![cfg(not(target_family = "wasm"))]

#[path = "model/op.rs"]
mod op;
#[path = "model/plain.rs"]
mod plain;
#[path = "model/real.rs"]
mod real;

mod seeded;

use op::*;
use plain::{Call, Model, Outcome, Seen, State};
use proptest::{prelude::*, test_runner::TestCaseError};
use real::{Log, Real, contents, seen, take};
use seeded::Seeded;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use universal_state::{ChangeSet, Delivery, EngineKind, StateError, SubscribeOptions};

type Checked = Result<(), TestCaseError>;

fn engine() -> impl Strategy<Value = EngineKind> {
    prop::sample::select(EngineKind::ALL)
}

/// Puts into one order what has no promised one.
fn sorted(mut calls: Vec<(usize, Call)>) -> Vec<(usize, Call)> {
    for (_, call) in &mut calls {
        if let Call::Set(changes) = call {
            changes.sort_by(|a, b| a.key.cmp(&b.key));
        }
    }
    let key = |call: &Call| match call {
        Call::Key(_, seen) => (seen.version, seen.key.clone()),
        Call::Set(changes) => (changes[0].version, String::new()),
        Call::Computed(_) => (0, String::new()),
    };
    calls.sort_by_key(|(id, call)| (*id, key(call)));
    calls
}

/// The store says and shows what the model holds.
fn compare_state(real: &Real, model: &Model) -> Checked {
    let store = &real.store;
    let snapshot = store.snapshot();
    prop_assert_eq!(contents(&snapshot), model.state.clone());
    prop_assert_eq!(snapshot.version(), model.version);
    prop_assert_eq!(snapshot.len(), model.state.len());
    prop_assert_eq!(store.len(), model.state.len());
    prop_assert_eq!(
        &store.keys(),
        &model.state.keys().cloned().collect::<Vec<_>>()
    );
    let metadata = store.metadata();
    prop_assert_eq!(metadata.version, model.version);
    prop_assert_eq!(metadata.update_count, model.update_count);
    prop_assert!(
        model.sources.contains(&metadata.source),
        "{}",
        metadata.source
    );
    prop_assert_eq!(metadata.last_update.is_some(), model.version > 0);
    prop_assert_eq!(store.engine(), model.engine);
    prop_assert_eq!(store.denied_count(), model.denied);
    prop_assert_eq!(store.listener_count(), model.listeners.len());
    let registered = store.mfes().len();
    prop_assert_eq!(registered, model.registered.iter().flatten().count());
    for door in [Door::Own(0), Door::Own(1), Door::Shared(0), Door::Peer(0)] {
        let Some(view) = real.view(door) else {
            continue;
        };
        let shown = |key: &String| model.shown(door, key).map(str::to_owned);
        let keys: Vec<String> = model.state.keys().filter_map(shown).collect();
        prop_assert_eq!(view.keys(), keys, "at {:?}", door);
    }
    Ok(())
}

/// The mirror of a listener of everything that was told the present at once.
fn follow(mirrors: &mut BTreeMap<usize, State>, calls: &[(usize, Call)]) {
    for (id, call) in calls {
        let (Some(mirror), Call::Set(changes)) = (mirrors.get_mut(id), call) else {
            continue;
        };
        for change in changes {
            match &change.new {
                Some(val) => drop(mirror.insert(change.key.clone(), val.clone())),
                None => drop(mirror.remove(&change.key)),
            }
        }
    }
}

#[test]
fn a_store_does_what_the_plain_model_does() {
    Seeded::new(1_000).try_all((engine(), ops(true)), |(engine, ops)| {
        let mut real = Real::new(engine);
        let mut model = Model::new(engine);
        let mut mirrors = BTreeMap::new();
        for (at, op) in ops.iter().enumerate() {
            model.ordered = true;
            let next = model.listeners.keys().last().map_or(0, |id| id + 1);
            let expected = model.apply(op);
            let outcomes = real.apply(op);
            prop_assert_eq!(&outcomes, &expected, "{}: {:?}", at, op);
            if let Op::Subscribe(wish) = op
                && let Some((id, _)) = model.listeners.last_key_value()
                && *id >= next
                && matches!(
                    wish,
                    Wish {
                        door: Door::Store,
                        subject: Subject::All,
                        immediate: true,
                        ..
                    }
                )
            {
                mirrors.insert(*id, State::new());
            }

            let calls = take(&real.calls);
            let expected = std::mem::take(&mut model.calls);
            follow(&mut mirrors, &calls);
            let reports = take(&real.reports);
            let expected_reports = std::mem::take(&mut model.reports);
            if model.ordered {
                prop_assert_eq!(calls, expected, "{}: {:?}", at, op);
                prop_assert_eq!(reports, expected_reports, "{}: {:?}", at, op);
            } else {
                prop_assert_eq!(sorted(calls), sorted(expected), "{}: {:?}", at, op);
                prop_assert_eq!(reports.len(), expected_reports.len(), "{}: {:?}", at, op);
            }
            compare_state(&real, &model)?;
        }

        real.apply(&Op::Do(Step::Flush));
        model.apply(&Op::Do(Step::Flush));
        let calls = take(&real.calls);
        follow(&mut mirrors, &calls);
        prop_assert_eq!(sorted(calls), sorted(model.calls));
        for (id, mirror) in mirrors {
            if model.listeners.contains_key(&id) {
                prop_assert_eq!(&mirror, &model.state, "the mirror of listener {}", id);
            }
        }
        for ((_, snapshot), (door, state)) in real.snapshots.iter().zip(&model.snapshots) {
            prop_assert_eq!(&contents(snapshot), state, "a snapshot taken at {:?}", door);
        }
        // A key that a computed value looked for may stay: there are four of those.
        let looked_for = if ops.iter().any(computes) { 4 } else { 0 };
        let left = real.let_go();
        prop_assert!(
            left <= looked_for,
            "{} keys are kept track of for nobody",
            left
        );
        Ok(())
    });
}

/// What one call a turn has to tell, given one call a transaction.
fn coalesce(calls: &[Seen]) -> Vec<Seen> {
    let mut turn: Vec<Seen> = Vec::new();
    for seen in calls {
        match turn.iter_mut().find(|known| known.key == seen.key) {
            Some(known) => {
                let old = known.old.take();
                *known = seen.clone();
                known.old = old;
            }
            None => turn.push(seen.clone()),
        }
    }
    turn.retain(|seen| seen.old != seen.new);
    turn.sort_by(|a, b| a.key.cmp(&b.key));
    turn
}

fn changes_of(id: usize, calls: &[(usize, Call)]) -> Vec<Seen> {
    let own = calls.iter().filter(|(other, _)| *other == id);
    own.flat_map(|(_, call)| match call {
        Call::Key(_, seen) => vec![seen.clone()],
        Call::Set(changes) => changes.clone(),
        Call::Computed(_) => Vec::new(),
    })
    .collect()
}

fn values_of(id: usize, calls: &[(usize, Call)]) -> Vec<i64> {
    let own = calls.iter().filter(|(other, _)| *other == id);
    own.filter_map(|(_, call)| match call {
        Call::Computed(value) => Some(*value),
        _ => None,
    })
    .collect()
}

/// What two engines told their listeners in one turn.
struct Turn {
    /// The listeners that were there when it began.
    there: BTreeSet<usize>,
    map: Vec<(usize, Call)>,
    signal: Vec<(usize, Call)>,
}

/// The errors to the letter; but which key of many is the first one denied is not promised.
fn exact(real: &Real) -> Vec<StateError> {
    let mut errors = real.errors.clone();
    for error in &mut errors {
        if let StateError::Denied { key, .. } = error {
            key.clear();
        }
    }
    errors
}

fn flushes(step: &Step) -> bool {
    match step {
        Step::Flush => true,
        Step::Batch(steps, _) => steps.iter().any(flushes),
        _ => false,
    }
}

fn compare_turn(
    turn: &Turn,
    wishes: &[Wish],
    active: &BTreeSet<usize>,
    known: &mut [Option<i64>],
) -> Checked {
    for id in 0..wishes.len() {
        let (map, signal) = (changes_of(id, &turn.map), changes_of(id, &turn.signal));
        let (values, at_once) = (values_of(id, &turn.map), values_of(id, &turn.signal));
        if turn.there.contains(&id) && active.contains(&id) {
            match wishes[id].delivery {
                Delivery::Sync => {
                    let (map, signal) = (coalesce(&map), coalesce(&signal));
                    prop_assert_eq!(map, signal, "listener {}", id);
                    prop_assert_eq!(&values, &at_once, "listener {}", id);
                }
                Delivery::Batched => {
                    let mut signal = signal;
                    signal.sort_by(|a, b| a.key.cmp(&b.key));
                    prop_assert_eq!(coalesce(&map), signal, "listener {}", id);
                    let calls = turn.signal.iter().filter(|(other, _)| *other == id).count();
                    prop_assert!(calls <= 1, "listener {} was called {} times", id, calls);
                    let news = values.last().filter(|value| known[id] != Some(**value));
                    if known[id].is_some() {
                        prop_assert_eq!(at_once.last(), news, "listener {}", id);
                    }
                }
            }
        }
        if let Some(value) = values.last().or(at_once.last()) {
            known[id] = Some(*value);
        }
    }
    Ok(())
}

#[test]
fn both_engines_do_the_same_and_tell_the_same_turn_by_turn() {
    Seeded::new(1_000).try_all(ops(false), |ops| {
        let mut map = Real::new(EngineKind::Map);
        let mut signal = Real::new(EngineKind::Signal);
        let mut wishes: Vec<Wish> = Vec::new();
        let mut known: Vec<Option<i64>> = Vec::new();
        let mut turn = Turn {
            there: BTreeSet::new(),
            map: Vec::new(),
            signal: Vec::new(),
        };
        let end = [Op::Do(Step::Flush)];
        for (at, op) in ops.iter().chain(&end).enumerate() {
            let outcomes: Vec<Outcome> = map.apply(op);
            prop_assert_eq!(&outcomes, &signal.apply(op), "{}: {:?}", at, op);
            prop_assert_eq!(exact(&map), exact(&signal), "{}: {:?}", at, op);
            if let Op::Subscribe(wish) = op
                && matches!(outcomes[..], [Ok(_)])
            {
                wishes.push(*wish);
                known.push(None);
            }
            let (one, other) = (map.store.snapshot(), signal.store.snapshot());
            prop_assert_eq!(contents(&one), contents(&other), "{}: {:?}", at, op);
            prop_assert_eq!(one.version(), other.version(), "{}: {:?}", at, op);
            prop_assert_eq!(map.store.denied_count(), signal.store.denied_count());
            let (one, other) = (map.store.metadata(), signal.store.metadata());
            prop_assert_eq!(one.update_count, other.update_count, "{}: {:?}", at, op);

            let turn_ends = matches!(op, Op::Do(step) if flushes(step));
            if turn_ends {
                map.store.flush();
                signal.store.flush();
            }
            turn.map.extend(take(&map.calls));
            turn.signal.extend(take(&signal.calls));
            if turn_ends {
                let active = |real: &Real| -> BTreeSet<usize> {
                    let active = real.subscriptions.iter();
                    active
                        .filter(|(_, kept)| kept.is_active())
                        .map(|(id, _)| *id)
                        .collect()
                };
                let there = active(&map);
                prop_assert_eq!(&there, &active(&signal));
                compare_turn(&turn, &wishes, &there, &mut known)?;
                turn = Turn {
                    there,
                    map: Vec::new(),
                    signal: Vec::new(),
                };
            }
        }
        Ok(())
    });
}

#[test]
fn whoever_replays_every_change_set_ends_on_the_state_of_the_store() {
    Seeded::new(1_000).try_all((engine(), ops(true)), |(engine, ops)| {
        let mut real = Real::new(engine);
        let mut replicas = Vec::new();
        for delivery in real::DELIVERIES {
            let told: Log<Vec<Seen>> = Log::default();
            let log = Arc::clone(&told);
            let options = SubscribeOptions::new().delivery(delivery);
            let subscription = real
                .store
                .subscribe_all(options, move |changes: &ChangeSet| {
                    let changes = changes.iter().map(seen).collect();
                    log.lock().map_err(|_| StateError::Disposed)?.push(changes);
                    Ok::<(), StateError>(())
                });
            let kept = subscription.expect("the store is alive");
            replicas.push((delivery, told, State::new(), 0, kept));
        }
        let end = [Op::Do(Step::Flush)];
        for (at, op) in ops.iter().chain(&end).enumerate() {
            real.apply(op);
            let state = contents(&real.store.snapshot());
            let flushed = matches!(op, Op::Do(Step::Flush) | Op::SetEngine(_));
            for (delivery, told, replica, version, _) in &mut replicas {
                for changes in take(told) {
                    let keys: BTreeSet<&str> =
                        changes.iter().map(|seen| seen.key.as_str()).collect();
                    prop_assert_eq!(keys.len(), changes.len(), "a key was told of twice at once");
                    let newest = changes.iter().map(|seen| seen.version).max().unwrap_or(0);
                    prop_assert!(newest > *version, "a change set came late or twice");
                    *version = newest;
                    for Seen { key, old, new, .. } in changes {
                        let before = match new {
                            Some(val) => replica.insert(key.clone(), val),
                            None => replica.remove(&key),
                        };
                        prop_assert_eq!(before, old, "the previous value of {}", key);
                    }
                }
                if flushed || *delivery == Delivery::Sync || real.store.engine() == EngineKind::Map
                {
                    prop_assert_eq!(&*replica, &state, "{:?} after {}: {:?}", delivery, at, op);
                }
            }
        }
        Ok(())
    });
}
