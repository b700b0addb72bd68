//! `Cargo.lock`: which versions of a crate this workspace builds with.

use std::fs;

use anyhow::{Context, Result, bail};

/// The one version of `name` in `Cargo.lock`.
///
/// # Errors
///
/// When the crate is missing, or there twice.
pub fn only_version(name: &str) -> Result<String> {
    let path = crate::root().join("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    match versions(&lock, name).as_slice() {
        [version] => Ok((*version).to_owned()),
        [] => bail!("no crate `{name}` in Cargo.lock"),
        several => bail!(
            "`{name}` is in Cargo.lock in {} versions ({}): make every crate agree on one; `cargo tree -d` tells who asks for which",
            several.len(),
            several.join(", ")
        ),
    }
}

fn versions<'a>(lock: &'a str, name: &str) -> Vec<&'a str> {
    lock.split("[[package]]")
        .filter(|package| field(package, "name") == Some(name))
        .filter_map(|package| field(package, "version"))
        .collect()
}

fn field<'a>(package: &'a str, key: &str) -> Option<&'a str> {
    package.lines().find_map(|line| {
        line.strip_prefix(key)?
            .strip_prefix(" = \"")?
            .strip_suffix('"')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4

[[package]]
name = "wasm-bindgen"
version = "0.2.129"
dependencies = [
 "wasm-bindgen-macro",
]

[[package]]
name = "wasm-bindgen-macro"
version = "0.2.130"

[[package]]
name = "syn"
version = "1.0.109"

[[package]]
name = "syn"
version = "2.0.117"
"#;

    #[test]
    fn a_crate_is_found_by_its_whole_name() {
        assert_eq!(versions(LOCK, "wasm-bindgen"), ["0.2.129"]);
        assert!(versions(LOCK, "wasm").is_empty());
    }

    #[test]
    fn every_version_of_a_crate_is_found() {
        assert_eq!(versions(LOCK, "syn"), ["1.0.109", "2.0.117"]);
    }
}
