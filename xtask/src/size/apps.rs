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
    /// What grows by the same without the store. Its growth is none of the store's.
    without: &'static str,
}

const fn app(name: &'static str, features: &'static str, beyond: &'static str) -> App {
    App {
        name,
        features,
        beyond,
        without: "",
    }
}

impl App {
    const fn without(self, without: &'static str) -> Self {
        Self { without, ..self }
    }

    /// Whether its growth is of Leptos alone.
    fn is_bare(&self) -> bool {
        self.name.starts_with("bare")
    }
}

/// Those that the library's features make come here; `Cargo.toml` of `benches/size` says what they use.
const APPS: [App; 17] = [
    app("bare", "", ""),
    app("bare-value-type", "value-type", "bare"),
    app("bare-further-type", "further-type", "bare-value-type"),
    app("store", "store", "bare"),
    app("value-type", "store,value-type", "store").without("bare-value-type"),
    app("further-type", "store,further-type", "value-type").without("bare-further-type"),
    app("mfe", "mfe", "store"),
    app("json", "json", "store"),
    app("regex", "regex", "store"),
    app("fields", "fields", "store"),
    app("collections", "collections", "store"),
    app("storage", "storage", "bare"),
    app("storage-and-tabs", "storage-and-tabs", "bare"),
    app("indexed-db", "indexed-db", "storage"),
    app("page", "page", "bare"),
    app("host", "host", "page"),
    app(
        "everything",
        "further-type,mfe,json,regex,fields,collections,storage-and-tabs,indexed-db,host",
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
        "\n{:>9} {:>7} {:>9}  {:<17} {:>31}  gzip -9, bytes",
        "wasm", "js", "total", "", "beyond"
    );
    for (app, size) in &sizes {
        let signed = |bytes: i64| format!("{bytes:+}");
        let beyond = match (app.beyond, app.without) {
            ("", _) => String::new(),
            (other, "") => format!("{} {other}", signed(growth(&sizes, app))),
            (other, _) => format!(
                "{}, {} by Leptos {other}",
                signed(growth(&sizes, app)),
                signed(growth_without(&sizes, app))
            ),
        };
        println!(
            "{:>9} {:>7} {:>9}  {:<17} {beyond:>31}",
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
fn growth(sizes: &Sizes, app: &App) -> i64 {
    let total = |name: &str| {
        let found = sizes.iter().find(|(other, _)| other.name == name);
        found.map_or(0, |(_, size)| size.total() as i64)
    };
    total(app.name) - total(app.beyond)
}

/// How much the same grows by without the store.
fn growth_without(sizes: &Sizes, app: &App) -> i64 {
    let without = sizes.iter().find(|(other, _)| other.name == app.without);
    without.map_or(0, |(without, _)| growth(sizes, without))
}

/// What the library adds to the app below against the budget.
fn rows(sizes: &Sizes) -> Result<Vec<Row>> {
    let budget = budget("app")?;
    let ours = sizes.iter().filter(|(app, _)| !app.is_bare());
    ours.map(|(app, _)| {
        let max = budget.get(app.name);
        let size = growth(sizes, app) - growth_without(sizes, app);
        Ok(Row {
            name: format!("app {}, beyond {}", app.name, app.beyond),
            size: u64::try_from(size).unwrap_or(0),
            max: *max.with_context(|| {
                format!("`{}` has no line in [app] of {}", app.name, super::BUDGET)
            })?,
        })
    })
    .collect()
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

    fn weighed(name: &str, size: Size) -> (&'static App, Size) {
        let app = APPS.iter().find(|app| app.name == name).unwrap();
        (app, size)
    }

    #[test]
    fn every_app_has_a_budget_beyond_one_that_is_weighed_before_it() {
        let budget = budget("app").unwrap();
        for (at, app) in APPS.iter().enumerate().skip(1) {
            assert!(
                app.is_bare() || budget.contains_key(app.name),
                "{}",
                app.name
            );
            let before = |name| APPS[..at].iter().any(|other| other.name == name);
            assert!(before(app.beyond), "{}", app.name);
            assert!(
                app.without.is_empty() || before(app.without),
                "{}",
                app.name
            );
        }
    }

    #[test]
    fn what_grows_by_as_much_without_the_store_is_not_put_down_to_it() {
        let weigh = |name, wasm| weighed(name, Size { wasm, js: 0 });
        let sizes = vec![
            weigh("bare", 100),
            weigh("bare-value-type", 130),
            weigh("store", 150),
            weigh("value-type", 190),
        ];
        let rows: Vec<_> = rows(&sizes).unwrap();
        let found: Vec<_> = rows.iter().map(|row| (&*row.name, row.size)).collect();
        let (store, value) = ("app store, beyond bare", "app value-type, beyond store");
        assert_eq!(found, [(store, 50), (value, 10)]);
    }

    #[test]
    fn what_is_checked_is_an_app_with_the_one_below_it() {
        for name in CHECKED {
            let (app, _) = weighed(name, Size { wasm: 0, js: 0 });
            assert!(app.beyond.is_empty() || CHECKED.contains(&app.beyond));
        }
    }

    #[test]
    fn json_tells_what_is_beyond_the_bare_app() {
        let sizes = vec![
            weighed("bare", Size { wasm: 100, js: 10 }),
            weighed("store", Size { wasm: 150, js: 12 }),
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
