//! Tabs that write at the same time, over any network, with any clocks, end with the same state.
//!
//! Random tests print their seeds; `UNIVERSAL_STATE_SEED` replays one, and `UNIVERSAL_STATE_SEEDS`
//! sets how many each tries.

#![cfg(all(not(target_family = "wasm"), feature = "simulator"))]

use universal_state::edge::simulator::Workload;

#[test]
fn whatever_happens_all_tabs_end_with_the_same_state() {
    let n: u64 = std::env::var("UNIVERSAL_STATE_SEEDS").map_or(1, |n| n.parse().unwrap());
    for seed in 0..n {
        let begin = std::time::Instant::now();
        let ops = std::env::var("OPS").map_or(1000, |n| n.parse().unwrap());
        match Workload::new(seed).operations(ops).run() {
            Ok(figures) => println!("{seed} {figures:?} {:?}", begin.elapsed()),
            Err(error) => panic!("{error}"),
        }
    }
}
