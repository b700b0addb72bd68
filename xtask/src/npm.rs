//! npm packages: those of `end2end/` are Playwright, TypeScript and Binaryen's `wasm-opt`, those of
//! `js/` what builds and tests the package there.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::shell::Cmd;
use crate::tools::on_path;

pub fn dir() -> PathBuf {
    crate::root().join("end2end")
}

/// Where npm puts the packages' programs.
pub fn bin() -> PathBuf {
    dir().join("node_modules/.bin")
}

/// Installs what the `package-lock.json` in `dir` names, unless that very file was installed before.
pub fn install(dir: &Path) -> Result<&'static str> {
    if on_path("npm").is_none() {
        bail!("npm is not on PATH");
    }
    let lock = fs::read(dir.join("package-lock.json"))?;
    let stamp = dir.join("node_modules/.installed-package-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok("already there");
    }
    // None of the packages needs a script, and Playwright's would download a browser.
    Cmd::line("npm ci --ignore-scripts --no-audit --no-fund")
        .dir(dir)
        .run()?;
    fs::write(stamp, lock)?;
    Ok("installed")
}
