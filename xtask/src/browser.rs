//! The browser that tests run in, and the driver for it.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell::Cmd;
use crate::tools::on_path;

const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
const DRIVERS: [&str; 1] = ["chromedriver"];

#[derive(Debug)]
pub struct Browser {
    pub browser: PathBuf,
    pub driver: PathBuf,
}

impl Browser {
    pub fn describe(&self) -> String {
        format!("{} with {}", self.browser.display(), self.driver.display())
    }
}

/// The browser that `CHROME` and `CHROMEDRIVER` or else `PATH` name; where there is none, Debian's is installed.
pub fn find_or_install() -> Result<Browser> {
    if let Some(browser) = find()? {
        return Ok(browser);
    }
    install("chromium chromium-driver")?;
    find()?.context("Chromium was installed, but is not on PATH")
}

fn find() -> Result<Option<Browser>> {
    let browser = find_program("CHROME", &BROWSERS)?;
    let driver = find_program("CHROMEDRIVER", &DRIVERS)?;
    let (Some(browser), Some(driver)) = (browser, driver) else {
        return Ok(None);
    };
    let browser_version = major_version(&browser)?;
    let driver_version = major_version(&driver)?;
    if browser_version != driver_version {
        bail!(
            "{} is version {browser_version}, but {} is version {driver_version}: a driver only drives its own version; name a pair with CHROME and CHROMEDRIVER",
            browser.display(),
            driver.display()
        );
    }
    Ok(Some(Browser { browser, driver }))
}

/// The program that a variable names, or else the first of `names` on `PATH`.
pub fn find_program(variable: &str, names: &[&str]) -> Result<Option<PathBuf>> {
    match env::var_os(variable) {
        Some(named) if !named.is_empty() => {
            let path = PathBuf::from(named);
            if !path.is_file() {
                bail!("{variable} names {}, which is no file", path.display());
            }
            Ok(Some(path))
        }
        _ => Ok(names.iter().find_map(|name| on_path(name))),
    }
}

fn major_version(program: &Path) -> Result<String> {
    let printed = Cmd::new(program, ["--version"]).read()?;
    parse_major_version(&printed)
        .map(str::to_owned)
        .with_context(|| {
            format!(
                "no version in what {} printed: {printed}",
                program.display()
            )
        })
}

fn parse_major_version(printed: &str) -> Option<&str> {
    let (major, _) = printed
        .split_whitespace()
        .find_map(|word| word.split_once('.'))?;
    major.parse::<u32>().ok().map(|_| major)
}

/// Installs packages of Debian's.
pub fn install(packages: &str) -> Result<()> {
    if on_path("apt-get").is_none() {
        bail!("neither a browser nor apt-get, to install one, is on PATH");
    }
    let as_root = if Cmd::line("id -u").read()?.trim() == "0" {
        ""
    } else if Cmd::line("sudo -n true").succeeds() {
        "sudo -n "
    } else {
        bail!("Debian's packages can only be installed by root, and sudo asks for a password");
    };
    let install = format!("install -y --no-install-recommends {packages}");
    for arguments in ["update", &install] {
        Cmd::line(&format!(
            "{as_root}env DEBIAN_FRONTEND=noninteractive apt-get {arguments}"
        ))
        .run()?;
    }
    Ok(())
}

/// `capabilities` (the text of `webdriver.json`) with the browser's path put in, which the committed file can't know.
pub fn with_binary(capabilities: &str, browser: &Path) -> Result<String> {
    let options = "\"goog:chromeOptions\": {";
    let (before, after) = capabilities
        .split_once(options)
        .with_context(|| format!("webdriver.json has no `{options}`"))?;
    let path = in_quotes(browser);
    Ok(format!("{before}{options}\n    \"binary\": {path},{after}"))
}

/// A path as a string of JSON.
pub fn in_quotes(path: &Path) -> String {
    let escaped = path
        .to_string_lossy()
        .replace('\\', r"\\")
        .replace('"', "\\\"");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_and_drivers_print_their_version_alike() {
        for printed in [
            "Chromium 156.0.8078.79 built on Debian GNU/Linux 12 (bookworm)\n",
            "ChromeDriver 156.0.8078.79 (4a1b-refs/branch@{#1})\n",
            "Google Chrome 156.0.8078.79 \n",
        ] {
            assert_eq!(parse_major_version(printed), Some("156"), "{printed}");
        }
        assert_eq!(parse_major_version("no version"), None);
    }

    #[test]
    fn the_browsers_path_is_put_into_the_committed_capabilities() {
        let committed = include_str!("../../webdriver.json");
        let written = with_binary(committed, Path::new("/opt/a \"b\"/chrome")).unwrap();
        assert!(written.contains(r#""binary": "/opt/a \"b\"/chrome","#));
        assert!(written.len() > committed.len());
    }
}
