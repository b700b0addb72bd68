//! The demo: built as it would be deployed, and served on this machine.

use std::net::TcpListener;
use std::path::PathBuf;
use std::thread;

use anyhow::{Context, Result, bail};

use crate::serve;
use crate::setup::{self, Environment, Item};
use crate::shell::Cmd;
use crate::shop;

/// What [`build`] needs.
pub const NEEDS: [Item; 5] = [
    Item::WasmTarget,
    Item::NpmPackages,
    Item::Crates,
    Item::WasmBindgen,
    Item::Trunk,
];

/// Sets up, builds, and serves until the process is ended.
pub fn run(port: u16) -> Result<()> {
    // Before the build: a taken port should not show only after minutes.
    let listener = listen("demo", port)?;
    build(&setup::run(&NEEDS)?)?;
    serve_until_ended(listener)
}

/// Serves what was built before, until the process is ended.
pub fn serve(port: u16) -> Result<()> {
    serve_until_ended(listen("serve", port)?)
}

/// The release build of both pages, into `dist`.
pub fn build(environment: &Environment) -> Result<()> {
    // Offline, Trunk fails rather than download a tool that is missing.
    Cmd::line("trunk build --release --offline")
        .path(&environment.path()?)
        .run()?;
    shop::build(environment)
}

/// The folder of the release build.
///
/// # Errors
///
/// When nothing was built yet.
pub fn dist() -> Result<PathBuf> {
    let dist = crate::root().join("dist");
    if !dist.join("index.html").is_file() {
        bail!("dist/ holds no build yet: run `cargo xtask test build` first");
    }
    Ok(dist)
}

fn listen(command: &str, port: u16) -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port)).with_context(|| {
        format!(
            "port {port} on 127.0.0.1 cannot be used; choose another: `cargo xtask {command} --port {}`",
            port.checked_add(1).unwrap_or(8080)
        )
    })
}

fn serve_until_ended(listener: TcpListener) -> Result<()> {
    let address = listener.local_addr()?;
    let dist = dist()?;
    let server = thread::spawn(move || serve::run(&listener, &dist));
    serve::answers(address)?;
    println!("Workbench ready: http://{address}/\nShop ready: http://{address}/shop/");
    server.join().expect("the server does not panic");
    Ok(())
}
