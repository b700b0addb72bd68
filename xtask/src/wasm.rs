//! A crate as a wasm module that a page loads: built, bound and shrunk as Trunk does it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::setup::Environment;
use crate::shell::Cmd;

pub struct Module<'a> {
    pub package: &'a str,
    /// What cargo calls the file, without `.wasm`: a library by its crate, a program by its package.
    pub file: &'a str,
    /// What it is called in the folder it is put into.
    pub name: &'a str,
    /// Further arguments for cargo.
    pub arguments: &'a [&'a str],
}

impl Module<'_> {
    /// Builds it for release into `out`, as `<name>.js` and `<name>_bg.wasm`; the latter.
    pub fn build(&self, out: &Path, environment: &Environment) -> Result<PathBuf> {
        let path = environment.path()?;
        Cmd::line("cargo build --release --target wasm32-unknown-unknown --package")
            .arguments([self.package])
            .arguments(self.arguments)
            .run()?;
        let built = format!("wasm32-unknown-unknown/release/{}.wasm", self.file);
        Cmd::line("wasm-bindgen --target web --no-typescript --out-name")
            .arguments([self.name, "--out-dir"])
            .arguments([out, &crate::target().join(built)])
            .path(&path)
            .run()?;
        let wasm = out.join(format!("{}_bg.wasm", self.name));
        Cmd::line("wasm-opt -Oz --output")
            .arguments([&wasm, &wasm])
            .path(&path)
            .run()?;
        Ok(wasm)
    }
}
