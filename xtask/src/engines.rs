//! The engines beside Chromium's in which the library's tests run: Firefox' and Safari's.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::browser::{find_program, in_quotes, install};
use crate::tools::{Tool, on_path};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Engine {
    Firefox,
    /// In GTK's small browser, on Linux. What Safari adds to it of its own is not tested.
    WebKit,
}

/// A browser of that engine, as the tests' runner takes it.
#[derive(Debug)]
pub struct Driven {
    /// The variable by which the runner is told of the driver, which it takes for one it knows.
    pub variable: &'static str,
    pub driver: PathBuf,
    /// What the driver is asked for, as JSON.
    pub capabilities: String,
    /// The program that gives it a screen, if it needs one and there is none.
    pub screen: Option<&'static str>,
}

/// Those by which the runner is told of drivers. It takes the first that is set.
pub const VARIABLES: [&str; 4] = [
    "CHROMEDRIVER",
    "GECKODRIVER",
    "SAFARIDRIVER",
    "MSEDGEDRIVER",
];

impl Engine {
    /// Those that variables or `PATH` name; where there is none, Debian's is installed.
    pub fn find_or_install(self) -> Result<Driven> {
        match self {
            Self::Firefox => firefox(),
            Self::WebKit => webkit(),
        }
    }
}

impl Driven {
    pub fn describe(&self) -> String {
        self.driver.display().to_string()
    }
}

fn firefox() -> Result<Driven> {
    let find = || find_program("FIREFOX", &["firefox-esr", "firefox"]);
    let browser = match find()? {
        Some(browser) => browser,
        None => {
            install("firefox-esr")?;
            find()?.context("Firefox was installed, but is not on PATH")?
        }
    };
    let driver = match find_program("GECKODRIVER", &["geckodriver"])? {
        Some(driver) => driver,
        None => {
            let tool = Tool::geckodriver();
            let dir = match tool.find()? {
                Some(dir) => dir,
                None => tool.install()?,
            };
            dir.join("geckodriver")
        }
    };
    Ok(Driven {
        variable: "GECKODRIVER",
        driver,
        capabilities: format!(
            r#"{{ "moz:firefoxOptions": {{ "binary": {}, "args": ["-headless"] }} }}"#,
            in_quotes(&browser)
        ),
        screen: None,
    })
}

fn webkit() -> Result<Driven> {
    if cfg!(not(target_os = "linux")) {
        bail!("WebKit is tested in GTK's browser, on Linux");
    }
    let needs_screen = std::env::var_os("DISPLAY").is_none_or(|value| value.is_empty());
    let find = || -> Result<Option<(PathBuf, PathBuf)>> {
        let driver = find_program("WEBKITDRIVER", &["WebKitWebDriver"])?;
        let browser = match find_program("WEBKIT", &["MiniBrowser"])? {
            Some(browser) => Some(browser),
            None => mini_browser(),
        };
        let has_screen = !needs_screen || on_path(SCREEN).is_some();
        Ok(driver.zip(browser).filter(|_| has_screen))
    };
    let (driver, browser) = match find()? {
        Some(found) => found,
        None => {
            install("webkit2gtk-driver libwebkit2gtk-4.1-0 xvfb xauth")?;
            find()?.context("WebKit was installed, but is not where it was looked for")?
        }
    };
    Ok(Driven {
        // They speak alike.
        variable: "SAFARIDRIVER",
        driver,
        capabilities: format!(
            r#"{{ "webkitgtk:browserOptions": {{ "binary": {}, "args": ["--automation"] }} }}"#,
            in_quotes(&browser)
        ),
        screen: needs_screen.then_some(SCREEN),
    })
}

const SCREEN: &str = "xvfb-run";

/// Where Debian and others put the browser that no `PATH` leads to: `/usr/lib/<machine>/webkit2gtk-4.1/`.
fn mini_browser() -> Option<PathBuf> {
    let machines = fs::read_dir("/usr/lib").ok()?;
    machines
        .filter_map(|machine| Some(machine.ok()?.path()))
        .flat_map(|machine| {
            ["webkit2gtk-4.1", "webkitgtk-6.0"].map(|dir| machine.join(dir).join("MiniBrowser"))
        })
        .find(|program| program.is_file())
}
