//! The size of a small Leptos app, bare and with the store: what each part of the library adds.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Row, budget, gzipped_len, judge};
use crate::setup::{Environment, Item};
use crate::wasm::Module;

pub const NEEDS: [Item; 4] = [
    Item::WasmTarget,
    Item::NpmPackages,
    Item::Crates,
    Item::WasmBindgen,
];

/// An app: its name, and the features of `benches/size` that make it.
struct App {
    name: &'static str,
    features: &'static str,
    /// What its budget is beyond.
    beyond: &'static str,
}

const fn app(name: &'static str, features: &'static str, beyond: &'static str) -> App {
    App {
        name,
        features,
        beyond,
    }
}

/// Those that the library's features make come here; `Cargo.toml` of `benches/size` says what they use.
const APPS: [App; 12] = [
    app("bare", "", ""),
    app("store", "store", "bare"),
    app("value-type", "value-type", "store"),
    app("further-type", "further-type", "value-type"),
    app("mfe", "mfe", "store"),
    app("json", "json", "store"),
    app("regex", "regex", "store"),
    app("fields", "fields", "store"),
    app("storage", "storage", "bare"),
    app("storage-and-tabs", "storage-and-tabs", "bare"),
    app("page", "page", "bare"),
    app(
        "everything",
        "further-type,mfe,json,regex,fields,storage-and-tabs,page",
        "bare",
    ),
];

/// Those that `cargo xtask test size` builds: each takes a quarter of a minute.
const CHECKED: [&str; 5] = ["bare", "store", "storage-and-tabs", "page", "everything"];

/// Bytes that go over the network, compressed with `gzip -9`.
#[derive(Clone, Copy, Debug)]
struct Size {
    wasm: u64,
    js: u64,
}

impl Size {
    fn total(self) -> u64 {
        self.wasm + self.js
    }
}

/// Weighs all apps, prints a table, and writes it to `json`.
pub fn run(environment: &Environment, json: Option<&Path>) -> Result<()> {
    let sizes = weigh(environment, |_| true)?;
    println!(
        "\n{:>9} {:>7} {:>9} {:>9}  gzip -9, bytes",
        "wasm", "js", "total", "beyond"
    );
    for (app, size) in &sizes {
        let beyond = match app.beyond {
            "" => String::new(),
            other => format!("{} {other}", signed(beyond(&sizes, app, *size))),
        };
        println!(
            "{:>9} {:>7} {:>9} {beyond:>17}  {}",
            size.wasm,
            size.js,
            size.total(),
            app.name
        );
    }
    if let Some(json) = json {
        fs::write(json, as_json(&sizes)).with_context(|| format!("writing {}", json.display()))?;
    }
    judge(&rows(&sizes)?)
}

/// Weighs the apps that tell most against their budgets.
pub fn check(environment: &Environment) -> Result<()> {
    let sizes = weigh(environment, |app| CHECKED.contains(&app.name))?;
    judge(&rows(&sizes)?)
}

type Sizes = Vec<(&'static App, Size)>;

fn weigh(environment: &Environment, wanted: impl Fn(&App) -> bool) -> Result<Sizes> {
    let wanted = APPS.iter().filter(|app| wanted(app));
    wanted
        .map(|app| Ok((app, build(app, environment)?)))
        .collect()
}

/// Builds an app as Trunk builds the demo.
fn build(app: &App, environment: &Environment) -> Result<Size> {
    let out = crate::target().join("bench-size").join(app.name);
    fs::create_dir_all(&out)?;
    let module = Module {
        package: "bench-size",
        file: "bench-size",
        name: "app",
        arguments: &["--features", app.features],
    };
    let wasm = module.build(&out, environment)?;
    Ok(Size {
        wasm: gzipped_len(&fs::read(wasm)?)?,
        js: gzipped_len(&fs::read(out.join("app.js"))?)?,
    })
}

/// How much an app is larger than the one that its budget is beyond.
fn beyond(sizes: &Sizes, app: &App, size: Size) -> i64 {
    let base = sizes.iter().find(|(other, _)| other.name == app.beyond);
    let base = base.map_or(0, |(_, base)| base.total());
    i64::try_from(size.total()).unwrap_or(i64::MAX) - i64::try_from(base).unwrap_or(i64::MAX)
}

/// What is beyond the app below against the budget; the bare app has none.
fn rows(sizes: &Sizes) -> Result<Vec<Row>> {
    let budget = budget("app")?;
    let grown = sizes.iter().filter(|(app, _)| !app.beyond.is_empty());
    grown
        .map(|(app, size)| {
            let max = budget.get(app.name);
            Ok(Row {
                name: format!("app {}, beyond {}", app.name, app.beyond),
                size: u64::try_from(beyond(sizes, app, *size)).unwrap_or(0),
                max: *max.with_context(|| {
                    format!("`{}` has no line in [app] of {}", app.name, super::BUDGET)
                })?,
            })
        })
        .collect()
}

fn signed(bytes: i64) -> String {
    format!("{bytes:+}")
}

fn as_json(sizes: &Sizes) -> String {
    let bare = sizes.first().map_or(0, |(_, size)| size.total());
    let line = |(app, size): &(&App, Size)| {
        let beyond_bare = size.total() as i64 - bare as i64;
        format!(
            "  \"{}\": {{ \"wasm\": {}, \"js\": {}, \"total\": {}, \"beyond_bare\": {beyond_bare} }}",
            app.name,
            size.wasm,
            size.js,
            size.total()
        )
    };
    let lines: Vec<_> = sizes.iter().map(line).collect();
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_app_has_a_budget_beyond_one_that_is_weighed_before_it() {
        let budget = budget("app").unwrap();
        for (at, app) in APPS.iter().enumerate().skip(1) {
            assert!(budget.contains_key(app.name), "{}", app.name);
            let before = APPS[..at].iter().find(|other| other.name == app.beyond);
            assert!(before.is_some(), "{}", app.name);
        }
    }

    #[test]
    fn what_is_checked_is_an_app_with_the_one_below_it() {
        for name in CHECKED {
            let app = APPS.iter().find(|app| app.name == name).unwrap();
            assert!(app.beyond.is_empty() || CHECKED.contains(&app.beyond));
        }
    }

    #[test]
    fn json_tells_what_is_beyond_the_bare_app() {
        let sizes = vec![
            (&APPS[0], Size { wasm: 100, js: 10 }),
            (&APPS[1], Size { wasm: 150, js: 12 }),
        ];
        assert_eq!(
            as_json(&sizes),
            concat!(
                "{\n",
                "  \"bare\": { \"wasm\": 100, \"js\": 10, \"total\": 110, \"beyond_bare\": 0 },\n",
                "  \"store\": { \"wasm\": 150, \"js\": 12, \"total\": 162, \"beyond_bare\": 52 }\n",
                "}\n"
            )
        );
    }
}
