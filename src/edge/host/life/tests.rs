use super::*;

fn entry(version: &str, requires: &str) -> MfeEntry {
    MfeEntry::parse(&format!(
        r#"{{"id": "a", "framework": "x", "version": "{version}", "url": "a.js", "requires": {requires}}}"#
    ))
    .unwrap()
}

fn life() -> Life {
    Life::new(entry("1.0.0", "[]"))
}

fn failure() -> Failure {
    Failure::new(FailureKind::Network, "no way")
}

fn loaded(load: u64) -> Input {
    let (bytes, ms) = (10, 5);
    Input::Loaded { load, bytes, ms }
}

/// The number of the load or start that is asked for.
fn asked(tasks: &[Task]) -> u64 {
    tasks
        .iter()
        .find_map(|task| match task {
            Task::Load { load, .. } => Some(*load),
            Task::Start { mount, .. } => Some(*mount),
            _ => None,
        })
        .unwrap_or_else(|| panic!("nothing is asked for: {tasks:?}"))
}

fn running() -> (Life, u64) {
    let mut life = life();
    let load = asked(&life.take(Input::Mount));
    let mount = asked(&life.take(loaded(load)));
    life.take(Input::Mounted { mount, ms: 7 });
    assert_eq!(*life.status(), MfeStatus::Running);
    (life, mount)
}

#[test]
fn it_loads_then_mounts_then_runs() {
    let mut life = life();
    let load = asked(&life.take(Input::Mount));
    life.take(Input::Received {
        load,
        received: 3,
        total: Some(10),
    });
    let loading = MfeStatus::Loading {
        received: 3,
        total: Some(10),
    };
    assert_eq!(*life.status(), loading);
    let mount = asked(&life.take(loaded(load)));
    assert_eq!(*life.status(), MfeStatus::Mounting);
    life.take(Input::Mounted { mount, ms: 7 });
    assert_eq!(*life.status(), MfeStatus::Running);
    let metrics = life.metrics();
    assert_eq!((metrics.loads, metrics.bytes, metrics.load_ms), (1, 10, 5));
    assert_eq!((metrics.mounts, metrics.mount_ms), (1, 7));
}

#[test]
fn what_is_here_is_not_loaded_again() {
    let (mut life, _) = running();
    life.take(Input::Unmount);
    let tasks = life.take(Input::Mount);
    assert!(matches!(*tasks, [Task::Start { .. }]), "{tasks:?}");
    assert!(life.take(Input::Mount).is_empty());
}

#[test]
fn at_most_one_load_is_under_way() {
    let mut life = life();
    let load = asked(&life.take(Input::Prefetch));
    assert!(life.take(Input::Prefetch).is_empty());
    assert!(life.take(Input::Mount).is_empty());
    let tasks = life.take(loaded(load));
    assert!(matches!(*tasks, [Task::Start { .. }]), "{tasks:?}");
}

#[test]
fn what_was_only_prefetched_does_not_mount() {
    let mut life = life();
    let load = asked(&life.take(Input::Prefetch));
    assert!(life.take(loaded(load)).is_empty());
    assert_eq!(*life.status(), MfeStatus::Idle);
}

#[test]
fn unmounted_while_it_loads_it_does_not_appear() {
    let mut life = life();
    let load = asked(&life.take(Input::Mount));
    assert!(life.take(Input::Unmount).contains(&Task::Abort { load }));
    assert_eq!(life.take(loaded(load)), [Task::Forget { load }]);
    let failure = failure();
    assert!(life.take(Input::LoadFailed { load, failure }).is_empty());
    assert_eq!(*life.status(), MfeStatus::Idle);
}

#[test]
fn unmounted_while_it_mounts_its_answer_counts_no_more() {
    let mut life = life();
    let load = asked(&life.take(Input::Mount));
    let mount = asked(&life.take(loaded(load)));
    let keep = false;
    assert!(
        life.take(Input::Unmount)
            .contains(&Task::Stop { mount, keep })
    );
    let second = asked(&life.take(Input::Mount));
    assert_ne!(second, mount);
    assert!(life.take(Input::Mounted { mount, ms: 1 }).is_empty());
    assert_eq!(*life.status(), MfeStatus::Mounting);
}

#[test]
fn it_waits_for_the_keys_that_it_requires() {
    let mut life = Life::new(entry("1.0.0", r#"["cart", "user"]"#));
    let load = asked(&life.take(Input::Mount));
    assert_eq!(life.take(loaded(load)), [Task::Watch]);
    life.take(Input::Keys(vec!["user".to_owned()]));
    let keys = vec!["user".to_owned()];
    assert_eq!(*life.status(), MfeStatus::Waiting { keys });
    let tasks = life.take(Input::Keys(Vec::new()));
    assert!(
        matches!(*tasks, [Task::Unwatch, Task::Start { .. }]),
        "{tasks:?}"
    );
    // Once it runs, a key that goes again is its own affair.
    assert!(life.take(Input::Keys(Vec::new())).is_empty());
}

#[test]
fn every_attempt_counts_until_it_runs() {
    let mut life = life();
    let mut load = asked(&life.take(Input::Mount));
    for attempt in 1..=3 {
        let failure = failure();
        let tasks = life.take(Input::LoadFailed { load, failure });
        assert!(matches!(*tasks, [Task::Tell(_)]), "{tasks:?}");
        assert!(
            matches!(life.status(), MfeStatus::Failed { attempts, .. } if *attempts == attempt)
        );
        let tasks = life.take(Input::Retry);
        // A browser remembers a module that failed, so each comes from an address of its own.
        let again = |task: &Task| matches!(task, Task::Load { again, .. } if *again == attempt);
        assert!(tasks.iter().any(again), "{tasks:?}");
        load = asked(&tasks);
    }
    assert_eq!(life.metrics().failures[&FailureKind::Network], 3);
    assert_eq!(life.metrics().retries, 3);
}

#[test]
fn what_failed_to_mount_is_taken_down_and_not_loaded_again() {
    let mut life = life();
    let load = asked(&life.take(Input::Mount));
    let mount = asked(&life.take(loaded(load)));
    let (failure, keep) = (failure(), false);
    let tasks = life.take(Input::MountFailed { mount, failure });
    assert!(
        matches!(*tasks, [Task::Stop { .. }, Task::Tell(_)]),
        "{tasks:?}"
    );
    assert_eq!(tasks[0], Task::Stop { mount, keep });
    let tasks = life.take(Input::Retry);
    assert!(
        matches!(tasks[1], Task::Start { load: own, .. } if own == load),
        "{tasks:?}"
    );
}

#[test]
fn what_throws_while_it_runs_goes_on() {
    let (mut life, _) = running();
    let tasks = life.take(Input::Threw(failure()));
    assert!(matches!(*tasks, [Task::Tell(_)]), "{tasks:?}");
    assert_eq!(*life.status(), MfeStatus::Running);
    assert_eq!(life.metrics().failed(), 1);
}

#[test]
fn to_retry_what_runs_mounts_it_anew_with_its_keys() {
    let (mut life, mount) = running();
    let tasks = life.take(Input::Retry);
    let keep = true;
    assert_eq!(tasks[0], Task::Stop { mount, keep });
    assert!(matches!(tasks[1], Task::Start { .. }), "{tasks:?}");
}

#[test]
fn when_another_store_has_the_name_what_is_mounted_is_mounted_anew() {
    let (mut life, mount) = running();
    let keep = true;
    let tasks = life.take(Input::Moved);
    assert_eq!(tasks[0], Task::Stop { mount, keep });
    assert!(matches!(tasks[1], Task::Start { .. }), "{tasks:?}");
    // Also what is only about to be there.
    let mount = asked(&tasks);
    let tasks = life.take(Input::Moved);
    assert_eq!(tasks[0], Task::Stop { mount, keep });
    let metrics = life.metrics();
    assert_eq!((metrics.unmounts, metrics.retries), (1, 0));
    life.take(Input::Unmount);
    assert!(life.take(Input::Moved).is_empty());
}

#[test]
fn the_old_one_runs_until_the_new_one_is_loaded() {
    let (mut life, old) = running();
    let load = asked(&life.take(Input::Replace(entry("2.0.0", "[]"))));
    assert_eq!(*life.status(), MfeStatus::Running);
    assert_eq!(life.entry().version(), "1.0.0");
    let tasks = life.take(loaded(load));
    let keep = true;
    assert_eq!(tasks[0], Task::Stop { mount: old, keep });
    assert!(matches!(&tasks[1], Task::Start { entry, .. } if entry.version() == "2.0.0"));
    let mount = asked(&tasks);
    let tasks = life.take(Input::Mounted { mount, ms: 1 });
    assert!(tasks.contains(&Task::Replaced(Ok(()))), "{tasks:?}");
    assert_eq!(life.metrics().replacements, 1);
}

#[test]
fn if_the_new_one_does_not_load_the_old_one_is_left_alone() {
    let (mut life, _) = running();
    let load = asked(&life.take(Input::Replace(entry("2.0.0", "[]"))));
    let failure = failure();
    let said = Task::Replaced(Err(failure.clone()));
    assert_eq!(life.take(Input::LoadFailed { load, failure }), [said]);
    assert_eq!(life.entry().version(), "1.0.0");
    assert_eq!(*life.status(), MfeStatus::Running);
}

#[test]
fn if_the_new_one_does_not_mount_the_old_one_is_mounted_again() {
    let (mut life, _) = running();
    let load = asked(&life.take(Input::Replace(entry("2.0.0", "[]"))));
    let mount = asked(&life.take(loaded(load)));
    let failure = failure();
    let said = Task::Replaced(Err(failure.clone()));
    let tasks = life.take(Input::MountFailed { mount, failure });
    let is_old =
        |task: &Task| matches!(task, Task::Start { entry, .. } if entry.version() == "1.0.0");
    assert!(tasks.iter().any(is_old), "{tasks:?}");
    let mount = asked(&tasks);
    assert!(life.take(Input::Mounted { mount, ms: 1 }).contains(&said));
    assert_eq!(*life.status(), MfeStatus::Running);
    assert_eq!(life.metrics().replacements, 0);
    assert_eq!(life.metrics().failed(), 1);
}

#[test]
fn unmounted_while_it_is_replaced_neither_appears() {
    for until_mounting in [false, true] {
        let (mut life, _) = running();
        let load = asked(&life.take(Input::Replace(entry("2.0.0", "[]"))));
        if until_mounting {
            life.take(loaded(load));
        }
        let tasks = life.take(Input::Unmount);
        let is_told = |task: &Task| matches!(task, Task::Replaced(Err(_)));
        assert!(tasks.iter().any(is_told), "{tasks:?}");
        assert_eq!(*life.status(), MfeStatus::Idle);
        assert_eq!(life.entry().version(), "1.0.0");
        assert!(
            !life
                .take(loaded(load))
                .iter()
                .any(|task| matches!(task, Task::Start { .. }))
        );
    }
}

#[test]
fn what_does_not_run_is_replaced_at_once() {
    let mut life = life();
    let load = asked(&life.take(Input::Mount));
    let tasks = life.take(Input::Replace(entry("2.0.0", "[]")));
    assert!(tasks.contains(&Task::Abort { load }), "{tasks:?}");
    let is_new =
        |task: &Task| matches!(task, Task::Load { entry, .. } if entry.version() == "2.0.0");
    assert!(tasks.iter().any(is_new), "{tasks:?}");
    assert!(tasks.contains(&Task::Replaced(Ok(()))), "{tasks:?}");
}

/// Whatever happens in whatever order, there is never a second load, nor a second mount, of one kind.
#[test]
fn no_order_of_events_mounts_twice() {
    let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    for round in 0..2_000 {
        let mut life = Life::new(entry("1.0.0", if next(2) == 0 { "[]" } else { r#"["k"]"# }));
        let (mut loads, mut mounts): (Vec<u64>, Vec<u64>) = Default::default();
        let mut story = Vec::new();
        for _ in 0..40 {
            let any = |list: &[u64], at: u64| list.get(at as usize).copied().unwrap_or(99);
            let (load, mount) = (any(&loads, next(2)), any(&mounts, next(2)));
            let input = match next(12) {
                0 | 1 => Input::Mount,
                2 => Input::Unmount,
                3 => Input::Retry,
                4 => Input::Prefetch,
                5 if !life.is_replacing() => Input::Replace(entry("2.0.0", "[]")),
                6 => Input::Keys(Vec::new()),
                7 => loaded(load),
                8 => Input::LoadFailed {
                    load,
                    failure: failure(),
                },
                9 => Input::Mounted { mount, ms: 1 },
                10 => Input::Moved,
                _ => Input::MountFailed {
                    mount,
                    failure: failure(),
                },
            };
            story.push(format!("{input:?}"));
            match &input {
                Input::Loaded { load, .. } | Input::LoadFailed { load, .. } => {
                    loads.retain(|l| l != load)
                }
                _ => {}
            }
            for task in life.take(input) {
                match task {
                    Task::Load { load, .. } => loads.push(load),
                    Task::Abort { load } => loads.retain(|other| *other != load),
                    Task::Start { mount, .. } => mounts.push(mount),
                    Task::Stop { mount, .. } => mounts.retain(|other| *other != mount),
                    _ => {}
                }
            }
            // A failed mount is stopped by its own answer.
            assert!(
                loads.len() <= 2,
                "round {round}: loads {loads:?}\n{story:#?}"
            );
            assert!(
                mounts.len() <= 1,
                "round {round}: mounts {mounts:?}\n{story:#?}"
            );
            let is_there = matches!(life.status(), MfeStatus::Mounting | MfeStatus::Running);
            assert_eq!(is_there, !mounts.is_empty(), "round {round}\n{story:#?}");
        }
    }
}

impl Life {
    fn is_replacing(&self) -> bool {
        self.swap.is_some()
    }
}
