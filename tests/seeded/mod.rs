//! Random cases that can be replayed.

mod variable;

use proptest::{
    prelude::*,
    test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner},
};
use std::{
    fmt::Debug,
    hash::{BuildHasher, RandomState},
};
use variable::variable;

/// Random cases, all from one seed.
pub struct Seeded {
    pub cases: u64,
    pub seed: u64,
}

impl Seeded {
    /// As many cases as `UNIVERSAL_STATE_CASES` says, or so many, from the seed `PROPTEST_RNG_SEED`, or
    /// any.
    pub fn new(cases: u64) -> Self {
        Self {
            cases: variable("UNIVERSAL_STATE_CASES").unwrap_or(cases),
            seed: variable("PROPTEST_RNG_SEED").unwrap_or_else(|| RandomState::new().hash_one(0)),
        }
    }

    /// Tests all of them. A failure prints the shortest case that was found, and what replays it.
    pub fn try_all<S: Strategy<Value: Debug>>(
        &self,
        strategy: S,
        test: impl Fn(S::Value) -> Result<(), TestCaseError>,
    ) {
        let Self { cases, seed } = self;
        let mut runner = TestRunner::new(Config {
            cases: u32::try_from(*cases).unwrap_or(u32::MAX),
            rng_seed: RngSeed::Fixed(*seed),
            failure_persistence: None,
            max_shrink_iters: 20_000,
            ..Config::default()
        });
        match runner.run(&strategy, test) {
            Ok(()) => {}
            Err(TestError::Fail(reason, case)) => panic!(
                "{reason}\n{case:#?}\nreplay: PROPTEST_RNG_SEED={seed} UNIVERSAL_STATE_CASES={cases}"
            ),
            Err(TestError::Abort(reason)) => panic!("given up: {reason}"),
        }
    }
}
