//! `cargo xtask bench`: how fast the store is, in a browser beside its peers, and natively.

mod browser;
mod native;

use std::path::PathBuf;

use anyhow::Result;

/// What to measure.
#[derive(Debug, PartialEq)]
pub enum Bench {
    /// With the options of `benches/browser/run.mjs`.
    Browser { options: Vec<String> },
    /// The numbers go to `json` too.
    Native { json: Option<PathBuf> },
}

pub fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Browser { options } => browser::run(options),
        Bench::Native { json } => native::run(json.as_deref()),
    }
}
