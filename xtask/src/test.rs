//! `cargo xtask test`: runs steps until one fails, and tells how each went.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::counts::Counts;
use crate::setup::{self, Environment, Item};
use crate::steps::Step;

struct Outcome {
    name: &'static str,
    took: Duration,
    counts: Counts,
    result: Result<()>,
    /// Why it was not run, where it need not be.
    left_out: Option<String>,
}

/// Runs `steps`, and closes with the line that counts the tests.
pub fn run(steps: &[Step]) -> ExitCode {
    let outcomes = outcomes(steps);
    summarise(&outcomes);

    let mut counts = Counts::default();
    for outcome in &outcomes {
        counts += outcome.counts;
    }
    let failed = outcomes.iter().find(|outcome| outcome.result.is_err());
    if let Some(Outcome {
        name,
        result: Err(error),
        ..
    }) = failed
    {
        println!("\n{name} failed: {error:#}");
        match Step::named(name) {
            Some(_) => println!("To run it alone: cargo xtask test {name}"),
            None => println!("To run it alone: cargo xtask {name}"),
        }
    }
    println!("\ntests: {counts}");
    if failed.is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// One outcome for the set-up and each step, up to the first that fails.
fn outcomes(steps: &[Step]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let needs: Vec<Item> = steps
        .iter()
        .flat_map(|step| step.needs())
        .copied()
        .collect();
    let mut environment = Environment::default();
    if !needs.is_empty() {
        outcomes.push(timed("setup", |_| {
            environment = setup::run(&needs)?;
            Ok(())
        }));
    }
    for step in steps {
        if outcomes
            .last()
            .is_some_and(|outcome| outcome.result.is_err())
        {
            break;
        }
        println!("\n== {}", step.name());
        if let Some(reason) = step.left_out(&environment) {
            println!("left out: {reason}");
            outcomes.push(Outcome {
                name: step.name(),
                took: Duration::ZERO,
                counts: Counts::default(),
                result: Ok(()),
                left_out: Some(reason.to_owned()),
            });
            continue;
        }
        outcomes.push(timed(step.name(), |counts| {
            step.run(&environment, counts)?;
            if step.runs_tests() && counts.total() == 0 {
                bail!("it ran no test");
            }
            Ok(())
        }));
    }
    outcomes
}

fn timed(name: &'static str, run: impl FnOnce(&mut Counts) -> Result<()>) -> Outcome {
    let started = Instant::now();
    let mut counts = Counts::default();
    let result = run(&mut counts);
    let took = started.elapsed();
    println!("== {name}: {:.1} s", took.as_secs_f64());
    Outcome {
        name,
        took,
        counts,
        result,
        left_out: None,
    }
}

fn summarise(outcomes: &[Outcome]) {
    println!("\n{:<8} {:>8} {:>6}  result", "step", "seconds", "tests");
    for outcome in outcomes {
        println!(
            "{:<8} {:>8.1} {:>6}  {}",
            outcome.name,
            outcome.took.as_secs_f64(),
            outcome.counts.total(),
            match (&outcome.result, &outcome.left_out) {
                (Err(_), _) => "FAILED".to_owned(),
                (Ok(()), Some(reason)) => format!("left out: {reason}"),
                (Ok(()), None) => "ok".to_owned(),
            }
        );
    }
}
