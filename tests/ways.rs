//! A plain value may take a short way through the pipe. Random sequences of operations on two stores,
//! of which one has middleware that lets everything pass, and so takes the long way each time: nobody
//! can tell them apart.
//!
//! A failure prints its seed and the shortest sequence that was found. To replay it, set
//! `PROPTEST_RNG_SEED` to that seed. `UNIVERSAL_STATE_CASES` sets how many sequences are tried (1000 if
//! it is not set).

#![cfg(not(target_family = "wasm"))]

#[path = "ways/op.rs"]
mod op;
#[path = "ways/side.rs"]
mod side;

mod seeded;

use op::{Act, acts};
use proptest::{prelude::*, sample::select, test_runner::TestCaseError};
use seeded::Seeded;
use side::{Side, Way};
use universal_state::EngineKind;

/// Does the same to both and compares all that can be heard and seen after each step.
fn walk_both(
    engine: EngineKind,
    is_scheduled: bool,
    acts: &[Act],
    keeps_looking: bool,
) -> Result<(), TestCaseError> {
    let short = Side::new(Way::Short, engine, is_scheduled);
    let long = Side::new(Way::Long, engine, is_scheduled);
    let end = [Act::EndTurn, Act::Flush];
    for (at, act) in acts.iter().chain(&end).enumerate() {
        short.act(act);
        long.act(act);
        prop_assert_eq!(short.said(), long.said(), "{}: {:?}", at, act);
        prop_assert_eq!(short.seen(), long.seen(), "{}: {:?}", at, act);
        if keeps_looking {
            prop_assert_eq!(short.kept(), long.kept(), "{}: {:?}", at, act);
        }
    }
    prop_assert_eq!(short.kept(), long.kept());
    Ok(())
}

#[test]
fn nobody_can_tell_the_short_way_from_the_long_one() {
    let engine = select(EngineKind::ALL);
    let strategy = (engine, any::<bool>(), acts(), any::<bool>());
    let walk = |(engine, is_scheduled, acts, keeps_looking): (_, _, Vec<_>, _)| {
        walk_both(engine, is_scheduled, &acts, keeps_looking)
    };
    Seeded::new(1_000).try_all(strategy, walk);
}
