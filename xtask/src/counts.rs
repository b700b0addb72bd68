//! How many tests ran, read from what the test runners print last.

use std::fmt;
use std::ops::AddAssign;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    pub passed: usize,
    pub failed: usize,
}

impl Counts {
    pub fn total(self) -> usize {
        self.passed + self.failed
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Whose closing lines to read.
#[derive(Clone, Copy, Debug)]
pub enum Runner {
    /// `cargo test` and `wasm-bindgen-test-runner`, one line for each test binary:
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; …`
    Cargo,
    /// Playwright's list reporter, one line for each outcome: `  3 passed (1.2s)`, `  1 failed`
    Playwright,
}

impl Runner {
    pub fn count(self, output: &str) -> Counts {
        let mut counts = Counts::default();
        for line in without_colour(output).lines().map(str::trim) {
            counts += match self {
                Self::Cargo => cargo_line(line),
                Self::Playwright => playwright_line(line),
            };
        }
        counts
    }
}

fn cargo_line(line: &str) -> Counts {
    let mut counts = Counts::default();
    // A test that prints without a line end pushes the closing line to the right.
    let Some((_, result)) = line.split_once("test result: ") else {
        return counts;
    };
    for part in result.split(['.', ';']) {
        match number_and_word(part) {
            Some((number, "passed")) => counts.passed = number,
            Some((number, "failed")) => counts.failed = number,
            _ => {}
        }
    }
    counts
}

fn playwright_line(line: &str) -> Counts {
    let mut counts = Counts::default();
    let outcome = match line.split_once(" (") {
        Some((outcome, took)) if took.ends_with(')') => outcome,
        Some(_) => return counts,
        None => line,
    };
    match number_and_word(outcome) {
        Some((number, "passed")) => counts.passed = number,
        Some((number, "failed")) => counts.failed = number,
        _ => {}
    }
    counts
}

fn number_and_word(text: &str) -> Option<(usize, &str)> {
    let (number, word) = text.trim().split_once(' ')?;
    Some((number.parse().ok()?, word))
}

/// `text` without its ANSI colour sequences (`ESC [ … letter`).
fn without_colour(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character == '\u{1b}' {
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(passed: usize, failed: usize) -> Counts {
        Counts { passed, failed }
    }

    #[test]
    fn the_lines_of_all_test_binaries_are_summed() {
        let output = "
running 2 tests
test a ... ok
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.10s
";
        assert_eq!(Runner::Cargo.count(output), counts(14, 3));
    }

    #[test]
    fn the_browser_runners_line_counts() {
        let output =
            "test result: ok. 7 passed; 0 failed; 0 ignored; 0 filtered out; finished in 0.08s\n";
        assert_eq!(Runner::Cargo.count(output), counts(7, 0));
    }

    #[test]
    fn a_line_behind_a_tests_own_print_counts() {
        assert_eq!(
            Runner::Cargo.count("hello test result: ok. 1 passed; 0 failed;"),
            counts(1, 0)
        );
    }

    #[test]
    fn playwrights_lines_count_with_and_without_colour() {
        let output = "
  ✓  1 [chromium] › counter.spec.ts:3:1 › 5 passed (12ms)
  1 failed
    [chromium] › counter.spec.ts:9:1 › keeps state
  2 skipped
\u{1b}[32m  11 passed\u{1b}[39m\u{1b}[2m (3.4s)\u{1b}[22m
";
        assert_eq!(Runner::Playwright.count(output), counts(11, 1));
    }

    #[test]
    fn other_text_counts_nothing() {
        let output = "3 passed tests\nall 3 passed\npassed\n1 failed to load\n";
        assert_eq!(Runner::Playwright.count(output), counts(0, 0));
        assert_eq!(Runner::Cargo.count(output), counts(0, 0));
    }
}
