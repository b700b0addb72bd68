//! Programs that come from crates, each in one exact version.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::lockfile;
use crate::shell::Cmd;

/// A program to build with `cargo install`.
#[derive(Debug)]
pub struct Tool {
    package: &'static str,
    version: String,
    programs: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

/// For programs that mostly wait for others.
const QUICKLY_BUILT: &[(&str, &str)] = &[
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

impl Tool {
    /// Trunk refuses any other version than the one of the crate that the application is built with.
    pub fn wasm_bindgen() -> Result<Self> {
        Ok(Self {
            package: "wasm-bindgen-cli",
            version: lockfile::only_version("wasm-bindgen")?,
            programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
            environment: &[],
        })
    }

    pub fn trunk() -> Self {
        Self {
            package: "trunk",
            version: "0.21.14".to_owned(),
            programs: &["trunk"],
            // Trunk mostly waits for other programs, and built with its own profile takes three times as long:
            // 9 minutes rather than 3 on two cores.
            environment: QUICKLY_BUILT,
        }
    }

    pub fn geckodriver() -> Self {
        Self {
            package: "geckodriver",
            version: "0.37.1".to_owned(),
            programs: &["geckodriver"],
            // It only hands on what it is told.
            environment: QUICKLY_BUILT,
        }
    }

    pub fn describe(&self) -> String {
        format!("{} {}", self.package, self.version)
    }

    /// The folder that holds all of its programs in the right version.
    pub fn find(&self) -> Result<Option<PathBuf>> {
        let path = env::var_os("PATH").unwrap_or_default();
        let mut dirs = vec![tools_dir()?.join("bin")];
        dirs.extend(env::split_paths(&path));
        Ok(dirs.into_iter().find(|dir| self.is_in(dir)))
    }

    fn is_in(&self, dir: &Path) -> bool {
        self.programs.iter().all(|program| {
            let program = dir.join(program);
            program.is_file()
                && Cmd::new(program, ["--version"])
                    .read()
                    .is_ok_and(|printed| prints_version(&printed, &self.version))
        })
    }

    /// Builds it into the tools folder; the folder that holds its programs.
    pub fn install(&self) -> Result<PathBuf> {
        let tools = tools_dir()?;
        let mut install = Cmd::line("cargo install --locked --version")
            .arguments([self.version.as_str(), self.package, "--root"])
            .arguments([&tools])
            .env("CARGO_TARGET_DIR", build_dir()?);
        for (key, value) in self.environment {
            install = install.env(key, value);
        }
        install.run()?;
        self.find()?.with_context(|| {
            format!(
                "{} was installed into {}, but its programs do not tell that version",
                self.describe(),
                tools.display()
            )
        })
    }
}

/// Removes what building the tools left; the tools are kept.
pub fn remove_build_dir() -> Result<()> {
    let dir = build_dir()?;
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    Ok(())
}

/// The folder for installed tools, which all clones of one user share.
pub fn tools_dir() -> Result<PathBuf> {
    let variable = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("UNIVERSAL_STATE_TOOLS")
        .or_else(|| variable("XDG_CACHE_HOME").map(|cache| cache.join("universal-state/tools")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/universal-state/tools")))
        .context("neither UNIVERSAL_STATE_TOOLS nor HOME says where tools may be installed")
}

/// One target folder for all tools, so that they share the crates they are built from.
fn build_dir() -> Result<PathBuf> {
    Ok(tools_dir()?.join("build"))
}

/// The first program called `name` on `PATH`.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|program| program.is_file())
}

/// `PATH` with `dirs` in front.
pub fn path_with(dirs: &[PathBuf]) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let dirs = dirs.iter().cloned();
    Ok(env::join_paths(dirs.chain(env::split_paths(&path)))?)
}

/// Whether a program that printed `printed` for `--version` is of `version`: `wasm-bindgen 0.2.129`.
fn prints_version(printed: &str, version: &str) -> bool {
    printed.split_whitespace().any(|word| word == version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_version_is_taken() {
        assert!(prints_version("wasm-bindgen 0.2.129\n", "0.2.129"));
        assert!(prints_version("wasm-bindgen 0.2.129 (1a2b3c)", "0.2.129"));
        assert!(!prints_version("wasm-bindgen 0.2.1290", "0.2.129"));
        assert!(!prints_version("trunk 0.21.14-beta.1", "0.21.14"));
    }
}
