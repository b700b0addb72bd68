//! Requests from many threads: the last to begin wins, whoever is faster.

use super::{Random, cases, in_threads, on_every_engine, seed, sync};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};
use universal_state::{Change, Key, Landing, LoadPhase, StateError};

const N: Key<usize> = Key::new("n");

/// What the listeners of the value and of its status were told, in the order of commits.
#[derive(Debug, PartialEq, Clone)]
enum Told {
    Value(Option<usize>),
    Asked(String),
    Ready(String),
    Other(LoadPhase),
}

#[test]
fn an_answer_is_stored_only_if_no_request_began_since() {
    let seed = seed();
    on_every_engine(|store| {
        let told = Arc::new(Mutex::new(Vec::new()));
        let (values, statuses) = (Arc::clone(&told), Arc::clone(&told));
        let _value = store
            .subscribe_with(N, sync(), move |value: Option<&usize>, _: &Change| {
                values.lock().unwrap().push(Told::Value(value.copied()));
            })
            .unwrap();
        let _status = store
            .subscribe_load_status("n", sync(), move |status| {
                let source = status.source().unwrap_or_default().to_owned();
                statuses.lock().unwrap().push(match status.phase() {
                    LoadPhase::Pending => Told::Asked(source),
                    LoadPhase::Ready => Told::Ready(source),
                    other => Told::Other(other),
                });
            })
            .unwrap();

        let taken = AtomicUsize::new(0);
        in_threads(|at| {
            let mut random = Random(seed.wrapping_add(at as u64));
            let mut open = Vec::new();
            for n in 0..cases() {
                let number = at * 1_000_000 + n + 1;
                let view = store.with_source(&number.to_string());
                open.push((number, view.load(N).unwrap()));
                if random.below(3) > 0 {
                    thread::yield_now();
                }
                // Answered in any order, most of them too late.
                while open.len() > random.below(4) {
                    let (number, request) = open.swap_remove(random.below(open.len()));
                    match request.finish(number).unwrap() {
                        Landing::Taken => drop(taken.fetch_add(1, SeqCst)),
                        landing => assert_eq!(landing, Landing::Superseded),
                    }
                }
            }
            for (number, request) in open {
                let _ = request.finish(number).unwrap();
            }
        });
        store.flush();

        let told = std::mem::take(&mut *told.lock().unwrap());
        let (mut asked, mut ready, mut value) = (String::new(), 0, None);
        for entry in &told {
            match entry {
                Told::Asked(source) => asked.clone_from(source),
                Told::Value(new) => value = *new,
                Told::Ready(source) => {
                    ready += 1;
                    assert_eq!(source, &asked, "seed {seed}: answered, though superseded");
                    let stored = value.map(|value| value.to_string());
                    assert_eq!(stored.as_ref(), Some(&asked), "seed {seed}: torn");
                }
                Told::Other(phase) => panic!("seed {seed}: {phase:?}"),
            }
        }
        assert!(ready >= taken.load(SeqCst) && ready > 0);
        assert!(store.load_status("n").is_ready(), "seed {seed}");
        let last = store.get(N).map(|value| value.to_string());
        assert_eq!(last, Some(asked), "seed {seed}: the last to begin");
    });
}

#[test]
fn an_answer_to_what_was_asked_before_a_removal_does_not_bring_the_key_back() {
    on_every_engine(|store| {
        in_threads(|at| {
            let key = format!("key:{}", at / 2);
            for n in 0..cases() * 4 {
                if at % 2 == 0 {
                    store.delete(&key).unwrap();
                    continue;
                }
                store.set(key.as_str(), n).unwrap();
                let request = store.load(key.as_str()).unwrap();
                let was_there = store.has(&key);
                for _ in 0..4 {
                    thread::yield_now();
                }
                let was_removed = was_there && !store.has(&key);
                let landing = request.finish(n + 1).unwrap();
                assert!(!was_removed || landing == Landing::Cancelled);
            }
        });
    });
}

#[test]
fn a_micro_frontend_that_leaves_while_it_asks_leaves_nothing_pending() {
    on_every_engine(|store| {
        in_threads(|at| {
            let key = format!("key:{at}");
            for _ in 0..cases() / 4 {
                let info = universal_state::MfeInfo::new(format!("mfe{at}"), "leptos", "1");
                let scope = store.register_mfe(info).unwrap();
                let request = thread::scope(|threads| {
                    let asking = threads.spawn(|| scope.shared().load::<usize>(key.as_str()));
                    scope.unregister().unwrap();
                    asking.join().unwrap()
                });
                assert!(!store.load_status(&key).is_pending());
                match request.map(|request| request.finish(at)) {
                    Ok(Ok(Landing::Cancelled)) | Err(StateError::UnknownMfe { .. }) => {}
                    other => panic!("{other:?}"),
                }
            }
        });
    });
}
