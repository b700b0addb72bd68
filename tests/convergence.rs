//! Tabs that write at the same time, over any network, with any clocks, end with the same state.
//!
//! Random tests print their seeds; `UNIVERSAL_STATE_SEED` replays one, `UNIVERSAL_STATE_SEEDS` sets how
//! many are tried (100 if it is not set), and `UNIVERSAL_STATE_OPERATIONS` how many operations each has
//! (10,000).

#![cfg(all(not(target_family = "wasm"), feature = "simulator"))]

#[macro_use]
mod figures;
#[path = "convergence/conflicts.rs"]
mod conflicts;
#[path = "convergence/messages.rs"]
mod messages;
#[path = "convergence/presence.rs"]
mod presence;
#[path = "convergence/repair.rs"]
mod repair;
#[path = "seeded/variable.rs"]
mod variable;

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};
use universal_state::edge::simulator::{Divergence, Figures, Simulator, Tab, Workload};
use variable::variable;

/// Some open tabs that know each other.
fn tabs(simulator: &mut Simulator, count: usize) -> Vec<Tab> {
    let open = |_| simulator.open().unwrap();
    let tabs = (0..count).map(open).collect();
    simulator.advance(2_000);
    tabs
}

/// How many messages of a type were sent.
fn sent(simulator: &Simulator, kind: &str) -> u64 {
    let figures = simulator.figures();
    figures.sent.get(kind).copied().unwrap_or(0)
}

/// Runs a workload for each of some seeds, on all processors.
fn each_seed(
    seeds: Vec<u64>,
    run: impl Fn(u64) -> Result<Figures, Divergence> + Sync,
) -> BTreeMap<u64, Figures> {
    let (next, done) = (AtomicU64::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            match run(*seed) {
                Ok(figures) => drop(done.lock().unwrap().insert(*seed, figures)),
                Err(divergence) => {
                    panic!("{divergence}\nreplay: UNIVERSAL_STATE_SEED={seed}")
                }
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    done.into_inner().unwrap()
}

#[test]
fn whatever_happens_all_tabs_end_with_the_same_state() {
    let operations = variable("UNIVERSAL_STATE_OPERATIONS").unwrap_or(10_000);
    let seeds = match variable("UNIVERSAL_STATE_SEED") {
        Some(seed) => vec![seed],
        None => (0..variable("UNIVERSAL_STATE_SEEDS").unwrap_or(100)).collect(),
    };
    let figures = each_seed(seeds, |seed| {
        Workload::new(seed).tabs(10).operations(operations).run()
    });
    let sum = |of: fn(&Figures) -> u64| figures.values().map(of).sum::<u64>();
    let messages = |figures: &Figures| figures.sent.values().sum();
    figure!(
        "seeds {:?} to {:?}: {} simulations of 10 tabs and {operations} operations, 0 diverged\n\
         tabs opened {}, flushes {}, messages sent {}, arrived {}, lost {}, doubled {}, \
         entries refused {}, disagreements found {}, agreed after at most {} ms",
        figures.keys().next().unwrap(),
        figures.keys().last().unwrap(),
        figures.len(),
        sum(|figures| figures.tabs),
        sum(|figures| figures.flushes),
        sum(messages),
        sum(|figures| figures.arrived),
        sum(|figures| figures.lost),
        sum(|figures| figures.doubled),
        sum(|figures| figures.refused.values().sum()),
        sum(|figures| figures.disagreements),
        figures
            .values()
            .map(|figures| figures.settled_in)
            .max()
            .unwrap(),
    );
}

#[test]
fn a_seed_replays() {
    let run = || Workload::new(11).tabs(5).operations(500).run().unwrap();
    assert_eq!(run(), run());
    let other = Workload::new(12).tabs(5).operations(500).run().unwrap();
    assert_ne!(run(), other);
}
