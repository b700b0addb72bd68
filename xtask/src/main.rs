//! `cargo xtask`: everything a person or CI does with this repository, one command each.

mod bench;
mod browser;
mod cli;
mod counts;
mod demo;
mod engines;
mod js;
mod lockfile;
mod npm;
mod serve;
mod setup;
mod shell;
mod shop;
mod size;
mod steps;
mod test;
mod tools;
mod wasm;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

use cli::Command;
use setup::Item;

/// Where cargo puts what it builds.
fn target() -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    root().join(target)
}

/// The repository's root: the folder that holds `xtask/`.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a folder in the repository's root")
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let command = match cli::parse(&arguments) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("error: {error}\n\n{}", cli::USAGE);
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Help => println!("{}", cli::USAGE),
        Command::Setup => {
            setup::run(&Item::ALL)?;
            println!("\nEverything is there. Next: `cargo xtask demo` or `cargo xtask test`.");
        }
        Command::Bench(bench) => bench::run(&bench)?,
        Command::Demo { port } => demo::run(port)?,
        Command::Serve { port } => demo::serve(port)?,
        Command::Npm => js::run()?,
        Command::ShopParts => shop::parts(&setup::run(&shop::NEEDS)?)?,
        Command::Size { json } => {
            size::apps::run(&setup::run(&size::apps::NEEDS)?, json.as_deref())?
        }
        Command::Test { steps } => return Ok(test::run(&steps)),
    }
    Ok(ExitCode::SUCCESS)
}
