//! What has to be there before anything can be built or tested, and how it gets there.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::browser::{self, Browser};
use crate::engines::{Driven, Engine};
use crate::js;
use crate::npm;
use crate::shell::Cmd;
use crate::tools::{self, Tool, on_path};

/// One thing to have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item {
    Rustfmt,
    Clippy,
    WasmTarget,
    Crates,
    NpmPackages,
    JsPackages,
    WasmBindgen,
    Trunk,
    Browser,
    /// Of a browser in which the library is tested too.
    Engine(Engine),
}

/// Where the things are that a step needs.
#[derive(Debug, Default)]
pub struct Environment {
    /// Folders to look for programs in before those of `PATH`.
    programs: Vec<PathBuf>,
    wasm_bindgen: Option<PathBuf>,
    browser: Option<Browser>,
    engines: Vec<(Engine, Result<Driven, String>)>,
}

impl Environment {
    /// `PATH` with the installed tools in front.
    pub fn path(&self) -> Result<OsString> {
        tools::path_with(&self.programs)
    }

    pub fn test_runner(&self) -> Result<PathBuf> {
        let dir = self.wasm_bindgen.as_ref();
        let dir = dir.context("wasm-bindgen was not set up")?;
        Ok(dir.join("wasm-bindgen-test-runner"))
    }

    pub fn browser(&self) -> Result<&Browser> {
        self.browser.as_ref().context("the browser was not set up")
    }

    /// A browser of that engine, or why there is none.
    pub fn engine(&self, engine: Engine) -> Result<&Driven, &str> {
        let of_it = |(other, _): &&(Engine, _)| *other == engine;
        let found = self.engines.iter().find(of_it);
        found.map_or(Err("it was not set up"), |(_, found)| {
            found.as_ref().map_err(String::as_str)
        })
    }
}

/// Sees to each of `items`, and only then reports all those that can't be had.
pub fn run(items: &[Item]) -> Result<Environment> {
    println!("\n== setup");
    let mut environment = Environment::default();
    let mut missing = Vec::new();
    for item in Item::ALL.into_iter().filter(|item| items.contains(item)) {
        println!("{} ({})", item.name(), item.reason());
        match item.get(&mut environment) {
            Ok(state) => println!("  {state}"),
            Err(error) => match item {
                Item::Engine(engine) if !is_ci() => {
                    println!("  LEFT OUT: {error:#}\n    by hand: {}", item.by_hand());
                    environment
                        .engines
                        .push((engine, Err(format!("{error:#}"))));
                }
                _ => {
                    println!("  MISSING: {error:#}");
                    missing.push((item, error));
                }
            },
        }
    }
    if !missing.is_empty() {
        let mut message = "set-up is not complete; missing:".to_owned();
        for (item, error) in missing {
            message.push_str(&format!(
                "\n\n  {}: {error:#}\n    by hand: {}",
                item.name(),
                item.by_hand()
            ));
        }
        bail!(message);
    }
    // Kept until everything is installed, so that a set-up that was interrupted goes on where it was.
    tools::remove_build_dir()?;
    Ok(environment)
}

impl Item {
    /// In the order in which they are seen to: the long builds come after everything that may fail at once.
    pub const ALL: [Self; 11] = [
        Self::Rustfmt,
        Self::Clippy,
        Self::WasmTarget,
        Self::Browser,
        Self::Engine(Engine::WebKit),
        Self::NpmPackages,
        Self::JsPackages,
        Self::Crates,
        Self::Engine(Engine::Firefox),
        Self::WasmBindgen,
        Self::Trunk,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Rustfmt => "rustfmt",
            Self::Clippy => "clippy",
            Self::WasmTarget => "Rust's wasm32 target",
            Self::Browser => "Chromium and chromedriver",
            Self::Engine(Engine::Firefox) => "Firefox and geckodriver",
            Self::Engine(Engine::WebKit) => "WebKit's MiniBrowser and WebKitWebDriver",
            Self::NpmPackages => "npm packages of end2end",
            Self::JsPackages => "npm packages of js",
            Self::Crates => "crates of Cargo.lock",
            Self::WasmBindgen => "wasm-bindgen",
            Self::Trunk => "Trunk",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Rustfmt => "checks the format",
            Self::Clippy => "lints",
            Self::WasmTarget => "compiles for the browser",
            Self::Browser => "runs the browser and end-to-end tests",
            Self::Engine(_) => "runs the library's tests in another engine than Chromium's",
            Self::NpmPackages => {
                "Playwright runs the end-to-end tests, TypeScript checks them, Binaryen shrinks the demo"
            }
            Self::JsPackages => {
                "TypeScript builds the npm package, esbuild weighs it, React, Vue, Svelte and Playwright test it"
            }
            Self::Crates => "fetched now, as Trunk builds offline",
            Self::WasmBindgen => "writes the JavaScript side, in exactly the version of the crate",
            Self::Trunk => "bundles the demo",
        }
    }

    fn by_hand(self) -> &'static str {
        match self {
            Self::Rustfmt => "rustup component add rustfmt",
            Self::Clippy => "rustup component add clippy",
            Self::WasmTarget => "rustup target add wasm32-unknown-unknown",
            Self::Browser => {
                "install Chromium or Chrome with the chromedriver of the same version (Debian: apt-get install chromium chromium-driver), \
                 on PATH or named by the variables CHROME and CHROMEDRIVER"
            }
            Self::Engine(Engine::Firefox) => {
                "install Firefox and geckodriver (Debian: apt-get install firefox-esr; cargo install geckodriver --locked), \
                 on PATH or named by the variables FIREFOX and GECKODRIVER"
            }
            Self::Engine(Engine::WebKit) => {
                "on Linux, install WebKitGTK's driver, MiniBrowser and Xvfb (Debian: apt-get install webkit2gtk-driver xvfb xauth), \
                 on PATH or named by the variables WEBKIT and WEBKITDRIVER"
            }
            Self::NpmPackages => "install Node.js 20 or later, then run npm ci in end2end/",
            Self::JsPackages => "install Node.js 20 or later, then run npm ci in js/",
            Self::Crates => "cargo fetch",
            Self::WasmBindgen => {
                "cargo install wasm-bindgen-cli --locked --version (the one of wasm-bindgen in Cargo.lock)"
            }
            Self::Trunk => "cargo install trunk --locked --version 0.21.14",
        }
    }

    /// Finds it, or else installs it; tells which.
    fn get(self, environment: &mut Environment) -> Result<String> {
        match self {
            Self::Rustfmt => component("rustfmt", "cargo fmt --version"),
            Self::Clippy => component("clippy", "cargo clippy --version"),
            Self::WasmTarget => wasm_target(),
            Self::Browser => {
                let browser = browser::find_or_install()?;
                let state = browser.describe();
                environment.browser = Some(browser);
                Ok(state)
            }
            Self::Engine(engine) => {
                let found = engine.find_or_install()?;
                let state = found.describe();
                environment.engines.push((engine, Ok(found)));
                Ok(state)
            }
            Self::NpmPackages => {
                let state = npm::install(&npm::dir())?;
                environment.programs.push(npm::bin());
                Ok(state.to_owned())
            }
            Self::JsPackages => npm::install(&js::dir()).map(str::to_owned),
            Self::Crates => {
                // CI must not build with other versions than the committed ones.
                let locked = is_ci().then_some("--locked");
                Cmd::line("cargo fetch --quiet").arguments(locked).run()?;
                Ok("there".to_owned())
            }
            Self::WasmBindgen => {
                let (dir, state) = tool(&Tool::wasm_bindgen()?)?;
                environment.programs.push(dir.clone());
                environment.wasm_bindgen = Some(dir);
                Ok(state)
            }
            Self::Trunk => {
                let (dir, state) = tool(&Tool::trunk())?;
                environment.programs.push(dir);
                Ok(state)
            }
        }
    }
}

/// Whether nothing may be left out.
fn is_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty())
}

fn component(name: &str, probe: &str) -> Result<String> {
    if Cmd::line(probe).succeeds() {
        return Ok("already there".to_owned());
    }
    rustup(&format!("component add {name}"))
}

/// Asks the compiler, which knows its targets on machines without rustup too.
fn wasm_target() -> Result<String> {
    let libraries =
        Cmd::line("rustc --print target-libdir --target wasm32-unknown-unknown").read()?;
    if Path::new(libraries.trim()).is_dir() {
        return Ok("already there".to_owned());
    }
    rustup("target add wasm32-unknown-unknown")
}

fn rustup(arguments: &str) -> Result<String> {
    if on_path("rustup").is_none() {
        bail!("rustup, to install it, is not on PATH");
    }
    Cmd::line(&format!("rustup {arguments}")).run()?;
    Ok("installed".to_owned())
}

fn tool(tool: &Tool) -> Result<(PathBuf, String)> {
    let (dir, found) = match tool.find()? {
        Some(dir) => (dir, "is"),
        None => (tool.install()?, "was installed"),
    };
    let state = format!("{} {found} in {}", tool.describe(), dir.display());
    Ok((dir, state))
}
