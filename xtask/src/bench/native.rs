//! `cargo xtask bench native`: operations, how their cost grows with the number of keys, memory.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::shell::Cmd;

/// Each is a program of `benches/native`, which prints a table and writes an object of JSON.
const BENCHES: [&str; 3] = ["memory", "curves", "operations"];

pub fn run(json: Option<&Path>) -> Result<()> {
    let reports = crate::target().join("bench-native-reports");
    fs::create_dir_all(&reports)?;
    let mut parts = Vec::new();
    for bench in BENCHES {
        let report = reports.join(format!("{bench}.json"));
        // One of an earlier run must not stand in for one that is missing.
        if report.exists() {
            fs::remove_file(&report)?;
        }
        Cmd::line("cargo bench --package bench-native --bench")
            .arguments([bench])
            .env("BENCH_REPORTS", &reports)
            .run()?;
        let numbers = fs::read_to_string(&report)
            .with_context(|| format!("`{bench}` wrote no {}", report.display()))?;
        parts.push(format!("  \"{bench}\": {numbers}"));
    }
    if let Some(json) = json {
        fs::write(json, format!("{{\n{}\n}}\n", parts.join(",\n")))
            .with_context(|| format!("writing {}", json.display()))?;
    }
    Ok(())
}
