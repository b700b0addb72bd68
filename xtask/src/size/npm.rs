//! The size of the npm package's entries, as a bundler leaves them, and of its store in wasm.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;

use anyhow::{Context, Result};

use super::{Row, budget, gzipped_len, judge};
use crate::js;
use crate::shell::Cmd;

/// The entries that are measured on top of the core: each is a file in `js/size` that has both.
const ENTRIES: [&str; 4] = ["react", "vue", "element", "store"];
const CORE: &str = "core";
const WASM: &str = "wasm";

/// Prints the sizes of the built package beside their budgets.
///
/// # Errors
///
/// When one is over.
pub fn check(path: &OsString) -> Result<()> {
    let out = crate::target().join("npm-size");
    fs::create_dir_all(&out)?;
    Cmd::line(
        "esbuild size/core.js size/react.js size/vue.js size/element.js size/store.js --bundle --minify \
         --format=esm --log-level=warning --external:react --external:vue \
         --external:./store/universal_state.js",
    )
    .arguments([format!("--outdir={}", out.display())])
    .dir(js::dir())
    .path(path)
    .run()?;
    let mut sizes = BTreeMap::new();
    for name in ENTRIES.into_iter().chain([CORE]) {
        let bundle = fs::read(out.join(format!("{name}.js")))?;
        sizes.insert(name, gzipped_len(&bundle)?);
    }
    let wasm = fs::read(js::dir().join("dist/store/universal_state_bg.wasm"))?;
    sizes.insert(WASM, gzipped_len(&wasm)?);
    judge(&rows(&sizes)?)
}

/// The core and the wasm as they are, the other entries as what they add to the core.
fn rows(sizes: &BTreeMap<&str, u64>) -> Result<Vec<Row>> {
    let budget = budget("npm")?;
    let core = sizes.get(CORE).copied().unwrap_or_default();
    let row = |(&name, &size): (&&str, &u64)| {
        let (name, size) = match ENTRIES.contains(&name) {
            true => (format!("{name}, beyond core"), size.saturating_sub(core)),
            false => (name.to_owned(), size),
        };
        let max = budget.get(&name);
        let max =
            *max.with_context(|| format!("`{name}` has no line in [npm] of {}", super::BUDGET))?;
        Ok(Row {
            name: format!("npm {name}"),
            size,
            max,
        })
    };
    sizes.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_counts_for_what_it_adds_to_the_core() {
        let sizes = [
            (CORE, 700),
            ("react", 1_500),
            ("vue", 1_400),
            ("element", 900),
            ("store", 1_000),
            (WASM, 9),
        ];
        let rows = rows(&BTreeMap::from(sizes)).unwrap();
        let size = |name: &str| rows.iter().find(|row| row.name == name).unwrap().size;
        assert_eq!(size("npm core"), 700);
        assert_eq!(size("npm react, beyond core"), 800);
        assert_eq!(size("npm wasm"), 9);
    }
}
