//! `cargo xtask bench browser`: the store beside its peers, in one browser run.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Result;

use crate::npm;
use crate::serve;
use crate::setup::{self, Item};
use crate::shell::Cmd;

const NEEDS: [Item; 4] = [
    Item::WasmTarget,
    Item::Browser,
    Item::NpmPackages,
    Item::WasmBindgen,
];
const PROFILE: &str = "bench-wasm";

/// Sets up, builds, and measures; `options` are those of `benches/browser/run.mjs`.
pub fn run(options: &[String]) -> Result<()> {
    let environment = setup::run(&NEEDS)?;
    let folder = crate::root().join("benches/browser");
    npm::install(&folder)?;
    let site = build(&folder, &environment.path()?)?;

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || serve::run_isolated(&listener, &site));
    // From the caller's folder, so that a file is written where the caller says.
    Cmd::new("node", [folder.join("run.mjs")])
        .arguments([format!("http://{address}/")])
        .arguments(options)
        .env("CHROME", &environment.browser()?.browser)
        .dir(env::current_dir()?)
        .run()
}

/// Makes the page; its folder.
fn build(folder: &Path, path: &std::ffi::OsString) -> Result<PathBuf> {
    let target = crate::target();
    let site = target.join("bench-browser");
    fs::create_dir_all(&site)?;

    Cmd::line("cargo build --package bench-browser --target wasm32-unknown-unknown --profile")
        .arguments([PROFILE])
        .run()?;
    let wasm = target.join(format!(
        "wasm32-unknown-unknown/{PROFILE}/bench_browser.wasm"
    ));
    Cmd::line("wasm-bindgen --target web --no-typescript --out-dir")
        .arguments([&site, &wasm])
        .path(path)
        .run()?;

    for file in [
        "index.html",
        "page.js",
        "tab.js",
        "table.js",
        "dom.js",
        "hear.js",
    ] {
        fs::copy(folder.join(file), site.join(file))?;
    }
    Cmd::line("node_modules/.bin/esbuild adapters/*.js --bundle --format=esm --minify-syntax")
        .arguments([
            "--log-level=warning",
            r#"--define:process.env.NODE_ENV="production""#,
            r#"--define:import.meta.env={"MODE":"production"}"#,
            // Also for the hooks of `js/`, which has another of its own to be tested with.
            "--alias:react=./node_modules/react",
        ])
        .dir(folder)
        .arguments([format!("--outdir={}", site.display())])
        .run()?;
    Ok(site)
}
