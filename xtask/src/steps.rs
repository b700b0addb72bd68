//! The checks, one function each.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::thread;

use anyhow::{Result, bail};

use crate::browser;
use crate::counts::{Counts, Runner};
use crate::demo;
use crate::engines::{Driven, Engine, VARIABLES};
use crate::js;
use crate::lockfile;
use crate::npm;
use crate::serve;
use crate::setup::{Environment, Item};
use crate::shell::Cmd;
use crate::size;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    Fmt,
    Lint,
    Native,
    Doc,
    Wasm,
    /// The same tests in another engine.
    In(Engine),
    Js,
    Build,
    E2e,
    Size,
}

impl Step {
    /// In the order in which they are run: what fails fast comes first, and `build` before what needs its result.
    pub const ALL: [Self; 11] = [
        Self::Fmt,
        Self::Lint,
        Self::Native,
        Self::Doc,
        Self::Wasm,
        Self::In(Engine::Firefox),
        Self::In(Engine::WebKit),
        Self::Js,
        Self::Build,
        Self::E2e,
        Self::Size,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Lint => "lint",
            Self::Native => "native",
            Self::Doc => "doc",
            Self::Wasm => "wasm",
            Self::In(Engine::Firefox) => "firefox",
            Self::In(Engine::WebKit) => "webkit",
            Self::Js => "js",
            Self::Build => "build",
            Self::E2e => "e2e",
            Self::Size => "size",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    pub fn needs(self) -> &'static [Item] {
        match self {
            Self::Fmt => &[Item::Rustfmt],
            Self::Lint => &[Item::Clippy, Item::WasmTarget],
            Self::Native | Self::Doc => &[],
            Self::Size => &size::apps::NEEDS,
            Self::Wasm => &[Item::WasmTarget, Item::WasmBindgen, Item::Browser],
            Self::In(Engine::Firefox) => &[
                Item::WasmTarget,
                Item::WasmBindgen,
                Item::Engine(Engine::Firefox),
            ],
            Self::In(Engine::WebKit) => &[
                Item::WasmTarget,
                Item::WasmBindgen,
                Item::Engine(Engine::WebKit),
            ],
            Self::Js => &js::TEST_NEEDS,
            Self::Build => &demo::NEEDS,
            Self::E2e => &[Item::NpmPackages, Item::Browser],
        }
    }

    /// Whether the step's purpose is to run tests, so that none found is a failure.
    pub fn runs_tests(self) -> bool {
        matches!(
            self,
            Self::Native | Self::Doc | Self::Wasm | Self::In(_) | Self::Js | Self::E2e
        )
    }

    /// Why the step can't be run on this machine, where it need not be.
    pub fn left_out(self, environment: &Environment) -> Option<&str> {
        match self {
            Self::In(engine) => environment.engine(engine).err(),
            _ => None,
        }
    }

    /// Runs the step, adding the tests that it ran to `counts`, if it fails too.
    pub fn run(self, environment: &Environment, counts: &mut Counts) -> Result<()> {
        match self {
            Self::Fmt => Cmd::line("cargo fmt --all --check").run(),
            Self::Lint => lint(),
            Self::Native => native(counts),
            Self::Doc => doc(counts),
            Self::Wasm => wasm(environment, counts),
            Self::In(engine) => match environment.engine(engine) {
                Ok(driven) => in_browser(driven, environment, counts),
                Err(reason) => bail!("{reason}"),
            },
            Self::Js => js::test(environment, counts),
            Self::Build => demo::build(environment),
            Self::E2e => end_to_end(environment, counts),
            Self::Size => {
                size::check(&demo::dist()?)?;
                size::apps::check(environment)
            }
        }
    }
}

fn lint() -> Result<()> {
    for selection in [
        "--workspace --all-targets",
        "-p universal-state --all-targets --features simulator,host",
        // What tests them is compiled by the step that runs them.
        "-p universal-state --no-default-features",
        "-p universal-state --no-default-features --features json",
        "-p universal-state --no-default-features --features fields",
        "-p universal-state --no-default-features --features collections",
        "-p universal-state --no-default-features --features edge",
        "-p universal-state --no-default-features --features js",
        "--workspace --exclude xtask --exclude bench-native --lib --bins --examples --target wasm32-unknown-unknown",
        "-p bench-size --features further-type --target wasm32-unknown-unknown",
        "-p bench-size --features further-type,mfe,json,regex,fields,collections,indexed-db,host --target wasm32-unknown-unknown",
        "-p universal-state --test web --features indexed-db,host --target wasm32-unknown-unknown",
    ] {
        Cmd::line(&format!("cargo clippy {selection} -- -D warnings")).run()?;
    }
    one_runtime()?;
    light_core()
}

/// Two versions of a crate that keeps global state are two states: a signal of one is unknown to the other.
fn one_runtime() -> Result<()> {
    for name in ["reactive_graph", "any_spawner"] {
        println!("one {name}: {}", lockfile::only_version(name)?);
    }
    Ok(())
}

/// Without its default features the library runs without a browser or Leptos.
fn light_core() -> Result<()> {
    let tree = Cmd::line(
        "cargo tree -p universal-state --no-default-features -e normal,dev --prefix none --format {p}",
    )
    .read()?;
    let crates = crate_names(&tree);
    for unwanted in ["leptos", "web-sys"] {
        if crates.contains(unwanted) {
            bail!(
                "without default features the library depends on `{unwanted}`; \
                 `cargo tree -p universal-state --no-default-features -e normal,dev -i {unwanted}` tells how"
            );
        }
    }
    println!("without default features: neither leptos nor web-sys");
    Ok(())
}

/// The names in what `cargo tree --prefix none --format {p}` prints: `name v1.2.3 (where)`.
fn crate_names(tree: &str) -> BTreeSet<&str> {
    tree.lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect()
}

/// What selects everything that runs natively.
const ALL: &str = "--features simulator,host";

fn native(counts: &mut Counts) -> Result<()> {
    for features in [
        ALL,
        "--no-default-features",
        "--no-default-features --features fields",
        "--no-default-features --features collections",
        // With JSON, which nothing but more edges adds to.
        "--no-default-features --features edge",
    ] {
        // What is not simulated is built sooner than it runs.
        let profile = match features == ALL {
            true => "",
            false => "--config profile.test.package.universal-state.opt-level=0",
        };
        let line =
            format!("cargo test -p universal-state --lib --bins --tests {features} {profile}");
        let mut command = Cmd::line(&line);
        // The random tests look for the same faults whatever the features; with all, they look long.
        if features != ALL && std::env::var_os("UNIVERSAL_STATE_CASES").is_none() {
            command = command.env("UNIVERSAL_STATE_CASES", "100");
        }
        if features == ALL {
            with_figures(command, counts)?;
        } else {
            count(command, Runner::Cargo, counts)?;
        }
    }
    count(Cmd::line("cargo test -p xtask"), Runner::Cargo, counts)
}

/// Runs tests, and prints what they found out in numbers, which the test runner keeps to itself.
fn with_figures(test: Cmd, counts: &mut Counts) -> Result<()> {
    let figures = crate::root().join("target/xtask/figures.txt");
    fs::create_dir_all(crate::root().join("target/xtask"))?;
    if figures.exists() {
        fs::remove_file(&figures)?;
    }
    let result = count(
        test.env("UNIVERSAL_STATE_FIGURES", &figures),
        Runner::Cargo,
        counts,
    );
    if let Ok(found) = fs::read_to_string(&figures) {
        println!("\nfigures:\n{found}");
    }
    result
}

fn doc(counts: &mut Counts) -> Result<()> {
    count(
        Cmd::line("cargo test -p universal-state --features simulator,indexed-db,host --doc"),
        Runner::Cargo,
        counts,
    )?;
    Cmd::line("cargo doc -p universal-state --features simulator,indexed-db,host --no-deps")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}

fn wasm(environment: &Environment, counts: &mut Counts) -> Result<()> {
    let found = environment.browser()?;
    let committed = fs::read_to_string(crate::root().join("webdriver.json"))?;
    let chromium = Driven {
        variable: "CHROMEDRIVER",
        driver: found.driver.clone(),
        capabilities: browser::with_binary(&committed, &found.browser)?,
        screen: None,
    };
    in_browser(&chromium, environment, counts)
}

/// The library's tests in a browser.
fn in_browser(driven: &Driven, environment: &Environment, counts: &mut Counts) -> Result<()> {
    let capabilities = crate::root().join("target/xtask/webdriver.json");
    fs::create_dir_all(crate::root().join("target/xtask"))?;
    fs::write(&capabilities, &driven.capabilities)?;

    let cargo = "cargo test -p universal-state --test web --features indexed-db,host --target wasm32-unknown-unknown";
    let test = match driven.screen {
        Some(screen) => Cmd::line(&format!("{screen} -a {cargo}")),
        None => Cmd::line(cargo),
    };
    let test = test
        .env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            environment.test_runner()?,
        )
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities)
        .without(&VARIABLES)
        .env(driven.variable, &driven.driver)
        // The runner's own limits, 5 and 20 seconds, are short on a machine that does other work too.
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "180");
    count(test, Runner::Cargo, counts)
}

fn end_to_end(environment: &Environment, counts: &mut Counts) -> Result<()> {
    let dist = demo::dist()?;
    let path = environment.path()?;
    // Playwright strips the types, it does not check them.
    Cmd::line("tsc --noEmit")
        .dir(npm::dir())
        .path(&path)
        .run()?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || serve::run(&listener, &dist));

    let test = Cmd::line("playwright test")
        .dir(npm::dir())
        .path(&path)
        .env("BASE_URL", format!("http://{address}"))
        .env("CHROME", &environment.browser()?.browser);
    count(test, Runner::Playwright, counts)
}

/// Runs a test runner and adds its tests to `counts` before it reports a failure.
pub fn count(test: Cmd, runner: Runner, counts: &mut Counts) -> Result<()> {
    let teed = test.tee()?;
    *counts += runner.count(&teed.output);
    teed.result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_in_a_tree_is_known_by_its_whole_name() {
        let tree = "universal-state v0.1.0 (/somewhere)\nleptos_macro v0.8.0 (proc-macro)\nserde v1.0.2 (*)\n\n";
        let names = crate_names(tree);
        assert!(names.contains("leptos_macro") && names.contains("serde"));
        assert!(!names.contains("leptos"));
    }

    #[test]
    fn every_step_is_found_by_its_name() {
        for step in Step::ALL {
            assert_eq!(Step::named(step.name()), Some(step));
        }
        assert_eq!(Step::named("all"), None);
    }
}
