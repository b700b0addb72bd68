//! The npm package in `js/`: built, checked, tested in a browser, and packed.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use crate::counts::{Counts, Runner};
use crate::setup::{self, Environment, Item};
use crate::shell::Cmd;
use crate::size;
use crate::steps::count;
use crate::wasm::Module;

/// What [`build`] needs.
pub const NEEDS: [Item; 5] = [
    Item::WasmTarget,
    Item::NpmPackages,
    Item::JsPackages,
    Item::Crates,
    Item::WasmBindgen,
];

/// What [`test`] needs.
pub const TEST_NEEDS: [Item; 6] = [
    Item::WasmTarget,
    Item::NpmPackages,
    Item::JsPackages,
    Item::Crates,
    Item::WasmBindgen,
    Item::Browser,
];

/// The cases, and what stands in for which package in them: React's oldest version that is promised.
const BUNDLES: [(&str, &[&str]); 2] = [
    ("main.js", &[]),
    (
        "react-18.js",
        &["--alias:react=react-18", "--alias:react-dom=react-dom-18"],
    ),
];

/// What the module of `js/store` is called in the package.
const MODULE: &str = "universal_state";

pub fn dir() -> PathBuf {
    crate::root().join("js")
}

/// Sets up, builds, and packs the package as it would be published.
pub fn run() -> Result<()> {
    build(&setup::run(&NEEDS)?)?;
    let packed = crate::target().join("npm");
    fs::create_dir_all(&packed)?;
    Cmd::line("npm pack --ignore-scripts --pack-destination")
        .arguments([&packed])
        .dir(dir())
        .run()?;
    println!("Packed into {}", packed.display());
    Ok(())
}

/// The package's programs in front of all others.
fn path(environment: &Environment) -> Result<OsString> {
    let own = dir().join("node_modules/.bin");
    let others = environment.path()?;
    let dirs: Vec<PathBuf> = std::iter::once(own)
        .chain(std::env::split_paths(&others))
        .collect();
    Ok(std::env::join_paths(dirs)?)
}

/// Builds `js/dist`: the entries from TypeScript, and the store in wasm.
fn build(environment: &Environment) -> Result<()> {
    let path = path(environment)?;
    let dist = dir().join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    Cmd::line("tsc -p tsconfig.build.json")
        .dir(dir())
        .path(&path)
        .run()?;
    let store = dist.join("store");
    let module = Module {
        package: "universal-state-js",
        file: "universal_state_js",
        name: MODULE,
        arguments: &[],
    };
    module.build(&store, environment)?;
    for license in ["LICENSE-APACHE", "LICENSE-MIT"] {
        fs::copy(crate::root().join(license), dist.join(license))?;
    }
    Ok(())
}

/// Builds it, checks its types and its size, and runs its tests.
pub fn test(environment: &Environment, counts: &mut Counts) -> Result<()> {
    build(environment)?;
    let path = path(environment)?;
    Cmd::line("tsc --noEmit").dir(dir()).path(&path).run()?;
    size::npm::check(&path)?;
    for (file, aliases) in BUNDLES {
        // React's development build, as only that one calls what StrictMode calls twice.
        Cmd::line(
            "esbuild tests/page/main.ts --bundle --format=esm --log-level=warning \
             --external:universal-state/store --define:process.env.NODE_ENV=\"development\"",
        )
        .arguments([&format!("--outfile=tests/.built/{file}")])
        .arguments(aliases)
        .dir(dir())
        .path(&path)
        .run()?;
    }
    let test = Cmd::line("playwright test")
        .dir(dir())
        .path(&path)
        .env("CHROME", &environment.browser()?.browser);
    count(test, Runner::Playwright, counts)
}
