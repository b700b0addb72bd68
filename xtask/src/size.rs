//! Sizes, as they go over the network, against a budget: of the demo's release build, and of what
//! the store adds to a small app.

pub mod apps;
pub mod npm;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

const BUDGET: &str = "xtask/size-budget.toml";

/// Prints a table of what the budget covers.
///
/// # Errors
///
/// When something is over its budget, or has none.
pub fn check(dist: &Path) -> Result<()> {
    let budget = budget("demo")?;
    let mut sizes = BTreeMap::new();
    for file in files(dist)? {
        let name = name_without_hash(&file.strip_prefix(dist)?.to_string_lossy());
        if matches!(extension(&name), "wasm" | "js" | "css") {
            *sizes.entry(name).or_default() += gzipped_len(&fs::read(file)?)?;
        }
    }
    judge(&rows(&budget, &sizes)?)
}

/// Prints rows beside their budgets, and fails if one is over.
fn judge(rows: &[Row]) -> Result<()> {
    println!("{:>11} {:>11}  gzip -9", "bytes", "budget");
    for row in rows {
        let verdict = if row.is_over() { "  OVER" } else { "" };
        println!("{:>11} {:>11}  {}{verdict}", row.size, row.max, row.name);
    }
    let over: Vec<_> = rows.iter().filter(|row| row.is_over()).collect();
    if let [first, ..] = over.as_slice() {
        bail!(
            "{} of {} are over budget, the first by {} bytes: make it smaller, or raise the budget in {BUDGET} and say why",
            over.len(),
            rows.len(),
            first.size - first.max
        );
    }
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Row {
    name: String,
    size: u64,
    max: u64,
}

impl Row {
    fn is_over(&self) -> bool {
        self.size > self.max
    }
}

/// A row for each line of the budget; a file without a line of its own counts for the line of its extension.
fn rows(budget: &BTreeMap<String, u64>, sizes: &BTreeMap<String, u64>) -> Result<Vec<Row>> {
    let mut spent: BTreeMap<&str, u64> = budget.keys().map(|name| (name.as_str(), 0)).collect();
    for (file, size) in sizes {
        let rest = format!("*.{}", extension(file));
        let line = if budget.contains_key(file) {
            file
        } else {
            &rest
        };
        *spent
            .get_mut(line.as_str())
            .with_context(|| format!("neither `{file}` nor `{rest}` has a line in {BUDGET}"))? +=
            size;
    }
    let row = |(name, size): (&str, u64)| Row {
        name: name.to_owned(),
        size,
        max: budget[name],
    };
    Ok(spent.into_iter().map(row).collect())
}

type Budget = BTreeMap<String, u64>;

/// The lines of one section of the budget.
fn budget(section: &str) -> Result<Budget> {
    let text = fs::read_to_string(crate::root().join(BUDGET))?;
    let mut sections = parse_budget(&text)?;
    sections
        .remove(section)
        .with_context(|| format!("{BUDGET} has no section [{section}]"))
}

/// Lines of TOML of the forms `[section]` and `"name" = 400_000`, the only ones the budget needs.
fn parse_budget(text: &str) -> Result<BTreeMap<String, Budget>> {
    let mut sections: BTreeMap<String, Budget> = BTreeMap::new();
    let mut section = None;
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            section = Some(sections.entry(name.trim().to_owned()).or_default());
            continue;
        }
        let entry = line.split_once('=').and_then(|(name, max)| {
            let name = name.trim().strip_prefix('"')?.strip_suffix('"')?;
            let max = max.trim().replace('_', "").parse().ok()?;
            Some((name.to_owned(), max))
        });
        let (name, max) =
            entry.with_context(|| format!("{BUDGET}: not of the form \"name\" = bytes: {line}"))?;
        let section = section.as_mut();
        let section = section.with_context(|| format!("{BUDGET}: before any [section]: {line}"))?;
        section.insert(name, max);
    }
    Ok(sections)
}

/// Trunk puts a hash of the content into names (`container-0123456789abcdef_bg.wasm`), which changes with every build.
fn name_without_hash(name: &str) -> String {
    let mut parts = name.split('-');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.chars().take_while(char::is_ascii_hexdigit).count();
        let (hash, rest) = part.split_at(digits);
        let ends_name = rest.is_empty() || rest.starts_with(['.', '_', '/']);
        if hash.len() >= 8 && ends_name {
            plain.push_str(rest);
        } else {
            plain.push('-');
            plain.push_str(part);
        }
    }
    plain
}

fn extension(name: &str) -> &str {
    let extension = Path::new(name).extension().unwrap_or_default();
    extension.to_str().unwrap_or_default()
}

fn gzipped_len(bytes: &[u8]) -> Result<u64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len() as u64)
}

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(entries: &[(&str, u64)]) -> BTreeMap<String, u64> {
        entries
            .iter()
            .map(|(name, size)| ((*name).to_owned(), *size))
            .collect()
    }

    #[test]
    fn content_hashes_are_left_out_of_names() {
        for (name, plain) in [
            ("container-0123456789abcdef_bg.wasm", "container_bg.wasm"),
            ("container-0123456789abcdef.js", "container.js"),
            ("mfe-cart-0123456789abcdef.js", "mfe-cart.js"),
            (
                "snippets/gloo-0123456789abcdef/inline0.js",
                "snippets/gloo/inline0.js",
            ),
            ("front-end.css", "front-end.css"),
        ] {
            assert_eq!(name_without_hash(name), plain);
        }
    }

    #[test]
    fn a_budget_is_read_with_comments_and_underscores() {
        let text =
            "# sizes\n[demo]\n\"a.wasm\" = 400_000 # zipped\n\"*.js\"=1\n\n[app]\n\"store\" = 2\n";
        let budget = parse_budget(text).unwrap();
        assert_eq!(budget["demo"], sizes(&[("a.wasm", 400_000), ("*.js", 1)]));
        assert_eq!(budget["app"], sizes(&[("store", 2)]));
    }

    #[test]
    fn a_line_that_is_no_budget_is_shown() {
        for line in ["[demo]\na.wasm = many", "\"a.wasm\" = 1"] {
            let error = parse_budget(line).unwrap_err().to_string();
            assert!(error.contains("a.wasm"), "{error}");
        }
    }

    #[test]
    fn files_without_a_line_share_the_line_of_their_extension() {
        let budget = sizes(&[("a.wasm", 10), ("*.wasm", 5)]);
        let files = sizes(&[("a.wasm", 10), ("b.wasm", 3), ("c.wasm", 3)]);
        let rows = rows(&budget, &files).unwrap();
        let over: Vec<_> = rows.iter().map(|row| (&*row.name, row.is_over())).collect();
        assert_eq!(over, [("*.wasm", true), ("a.wasm", false)]);
    }

    #[test]
    fn a_file_without_any_budget_is_named() {
        let error = rows(&sizes(&[("*.js", 1)]), &sizes(&[("a.css", 1)])).unwrap_err();
        assert!(error.to_string().contains("`a.css`"));
    }
}
