//! The shop: its page, and the micro-frontends that each team builds for itself.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::npm;
use crate::setup::{Environment, Item};
use crate::shell::Cmd;
use crate::wasm::Module;

/// What Vite builds.
const BY_VITE: [&str; 2] = ["decide", "wish-list"];

/// The crate that is a micro-frontend with a wasm of its own, and its folder.
const BY_CARGO: (&str, &str) = ("shop-checkout", "checkout");

fn dir() -> PathBuf {
    crate::root().join("examples/shop")
}

/// What [`parts`] needs.
pub const NEEDS: [Item; 3] = [Item::WasmTarget, Item::NpmPackages, Item::WasmBindgen];

/// The release build, into `dist/shop`. What is in `dist` stays: the workbench is built before.
pub fn build(environment: &Environment) -> Result<()> {
    // Offline, Trunk fails rather than download a tool that is missing.
    Cmd::line("trunk build --release --offline --dist")
        .arguments([crate::root().join("dist/shop")])
        .dir(dir())
        .path(&environment.path()?)
        .run()
}

/// What the page loads when it runs, into the folder in which Trunk is building the page.
pub fn parts(environment: &Environment) -> Result<()> {
    let shop = env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from);
    let shop = shop.context("TRUNK_STAGING_DIR is not set: run `trunk build` in examples/shop")?;
    // The package that they use, as it would be published.
    let package = crate::root().join("js");
    println!("npm packages of js: {}", npm::install(&package)?);
    Cmd::line("npm run --silent build").dir(&package).run()?;
    for name in BY_VITE {
        let folder = dir().join(name);
        println!("npm packages of {name}: {}", npm::install(&folder)?);
        Cmd::line("npm run --silent build").dir(&folder).run()?;
    }
    by_cargo(environment)?;
    Cmd::new("node", ["examples/shop/manifest.mjs"])
        .arguments([&shop])
        .run()
}

/// A wasm of its own, with the module that starts it beside it.
fn by_cargo(environment: &Environment) -> Result<()> {
    let (package, folder) = BY_CARGO;
    let folder = dir().join(folder);
    let out = folder.join("dist");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    let name = package.replace('-', "_");
    let module = Module {
        package,
        file: &name,
        name: &name,
        arguments: &[],
    };
    module.build(&out, environment)?;
    fs::copy(folder.join("checkout.js"), out.join("checkout.js"))?;
    Ok(())
}
