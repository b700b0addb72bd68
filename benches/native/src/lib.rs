//! What the native benchmarks share; `cargo xtask bench native` runs them.

use std::{fmt::Write, fs, io, path::PathBuf};
use universal_state::{EngineKind, Store};

/// A store with so many keys, each of which holds its number.
pub fn store(engine: EngineKind, names: &[String]) -> Store {
    let store = Store::builder().engine(engine).build();
    for (at, name) in names.iter().enumerate() {
        store.set(name, number(at)).expect("a store takes a number");
    }
    store
}

/// `key:0` and so on.
pub fn names(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("key:{at}")).collect()
}

/// A key's number.
pub fn number(at: usize) -> i32 {
    i32::try_from(at).unwrap_or(i32::MAX)
}

/// The name of an engine, as in the tables.
pub fn engine_name(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Map => "map",
        EngineKind::Signal => "signal",
        _ => "another engine",
    }
}

/// Named numbers, as a JSON object and in the order given.
pub fn json(entries: &[(String, f64)]) -> String {
    let mut text = "{".to_owned();
    for (at, (name, number)) in entries.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Names have no character that JSON escapes.
        let _ = write!(text, "{comma}\n    \"{name}\": {number:.3}");
    }
    text.push_str("\n  }");
    text
}

/// Writes what a benchmark found where `cargo xtask bench native` asks for it.
///
/// # Errors
/// If the file cannot be written.
pub fn report(name: &str, json: &str) -> io::Result<()> {
    match std::env::var_os("BENCH_REPORTS") {
        Some(folder) => fs::write(PathBuf::from(folder).join(format!("{name}.json")), json),
        None => Ok(()),
    }
}
