//! The command line: what may be asked for, and how.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::bench::Bench;
use crate::steps::Step;

pub const USAGE: &str = "\
cargo xtask COMMAND

  setup            install what the other commands need; takes what is already there
  demo             build the demo (release) and serve it until Ctrl-C
      --port N       the port on 127.0.0.1 (8080)
  test [STEP]...   run the checks, all of them unless steps are named:
      fmt            formatting
      lint           clippy, native and wasm32, and the rules on dependencies
      native         the library's and xtask's tests on this machine
      doc            the examples in the documentation, and its links
      wasm           the library's tests in headless Chromium
      firefox        the same in Firefox, where there is one or Debian's can be installed
      webkit         the same in WebKit, on Linux, where there is one or Debian's can be installed
      js             the npm package in js/: types, sizes, and tests in a headless browser
      build          the demo's release build, into dist/
      e2e            the demo's end-to-end tests, on dist/
      size           the compressed size of dist/, and of what the store adds to a small app,
                     against xtask/size-budget.toml
      all            all of the above, in this order
  bench browser    measure the store beside its peers in a headless browser (release); close other programs first
      --json FILE      write the numbers to FILE too
      --markdown FILE  write them as tables, as PERFORMANCE.md has them
      --svg FILE       draw them
      --only NAMES     these workloads alone, separated by commas
      --rounds N       how often each is measured (15)
  bench native     measure operations, how their cost grows with the number of keys, and memory, on this machine
      --json FILE      write the numbers to FILE too
  size             weigh what the store and each of its features add to a small Leptos app
      --json FILE      write the sizes to FILE too
  npm              build the npm package in js/, and pack it into target/npm/
  shop-parts       build what the shop's teams build for themselves; Trunk's hook in examples/shop/Trunk.toml
  serve            serve dist/ as it is until Ctrl-C
      --port N       the port on 127.0.0.1 (8080)
  help             this text

Environment: CHROME and CHROMEDRIVER name the browser and its driver; FIREFOX and GECKODRIVER,
WEBKIT (its MiniBrowser) and WEBKITDRIVER those of the other engines;
UNIVERSAL_STATE_TOOLS names the folder for installed tools.";

const DEFAULT_PORT: u16 = 8080;

#[derive(Debug, PartialEq)]
pub enum Command {
    Help,
    Bench(Bench),
    Setup,
    Npm,
    ShopParts,
    Size { json: Option<PathBuf> },
    Demo { port: u16 },
    Serve { port: u16 },
    Test { steps: Vec<Step> },
}

pub fn parse(arguments: &[String]) -> Result<Command> {
    let Some((command, rest)) = arguments.split_first() else {
        return Ok(Command::Help);
    };
    if rest.iter().any(|argument| is_help(argument)) {
        return Ok(Command::Help);
    }
    match command.as_str() {
        "setup" => match rest.first() {
            None => Ok(Command::Setup),
            Some(argument) => bail!("`setup` takes no argument, got `{argument}`"),
        },
        "npm" => match rest.first() {
            None => Ok(Command::Npm),
            Some(argument) => bail!("`npm` takes no argument, got `{argument}`"),
        },
        "demo" => Ok(Command::Demo { port: port(rest)? }),
        "shop-parts" => match rest.first() {
            None => Ok(Command::ShopParts),
            Some(argument) => bail!("`shop-parts` takes no argument, got `{argument}`"),
        },
        "bench" => bench(rest).map(Command::Bench),
        "size" => Ok(Command::Size { json: json(rest)? }),
        "serve" => Ok(Command::Serve { port: port(rest)? }),
        "test" => Ok(Command::Test {
            steps: steps(rest)?,
        }),
        name if is_help(name) => Ok(Command::Help),
        name => bail!("no command `{name}`"),
    }
}

fn is_help(argument: &str) -> bool {
    matches!(argument, "help" | "--help" | "-h")
}

fn port(arguments: &[String]) -> Result<u16> {
    let mut port = DEFAULT_PORT;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let value = match argument.strip_prefix("--port") {
            Some("") => arguments.next().context("`--port` needs a number")?,
            Some(value) if value.starts_with('=') => &value[1..],
            _ => bail!("no option `{argument}`"),
        };
        port = value
            .parse()
            .ok()
            .filter(|port| *port != 0)
            .with_context(|| format!("`--port` needs a number from 1 to 65535, got `{value}`"))?;
    }
    Ok(port)
}

fn bench(arguments: &[String]) -> Result<Bench> {
    match arguments.split_first() {
        Some((place, rest)) if place == "browser" => {
            let names = ["--json", "--markdown", "--svg", "--only", "--rounds"];
            let named = options(rest, &names)?;
            for (name, value) in &named {
                if *name == "--rounds" && !value.parse().is_ok_and(|rounds: u32| rounds > 0) {
                    bail!("`--rounds` needs a number from 1 on, got `{value}`");
                }
            }
            let options = named.iter().map(|(name, value)| format!("{name}={value}"));
            Ok(Bench::Browser {
                options: options.collect(),
            })
        }
        Some((place, rest)) if place == "native" => Ok(Bench::Native { json: json(rest)? }),
        Some((place, _)) => bail!("no bench `{place}`, only `browser` and `native`"),
        None => bail!("`bench` needs to know where: `browser` or `native`"),
    }
}

/// The file of `--json`, in the caller's folder.
fn json(arguments: &[String]) -> Result<Option<PathBuf>> {
    let named = options(arguments, &["--json"])?;
    let file = named
        .last()
        .map(|(_, value)| env::current_dir().map(|dir| dir.join(value)));
    Ok(file.transpose()?)
}

/// The options, each with its value, in either spelling: `--name value`, `--name=value`.
fn options<'a>(arguments: &'a [String], names: &[&str]) -> Result<Vec<(&'a str, &'a str)>> {
    let mut arguments = arguments.iter();
    let mut options = Vec::new();
    while let Some(argument) = arguments.next() {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument.as_str(), arguments.next().map(String::as_str)),
        };
        if !names.contains(&name) {
            bail!("no option `{name}`");
        }
        let value = value.filter(|value| !value.is_empty());
        options.push((
            name,
            value.with_context(|| format!("`{name}` needs a value"))?,
        ));
    }
    Ok(options)
}

/// The named steps in the order in which they are run, each once: `build` comes before `e2e` however they were typed.
fn steps(names: &[String]) -> Result<Vec<Step>> {
    let mut named = Vec::new();
    for name in names {
        if name == "all" {
            named.extend(Step::ALL);
        } else {
            named.push(Step::named(name).with_context(|| format!("no step `{name}`"))?);
        }
    }
    let all = named.is_empty();
    Ok(Step::ALL
        .into_iter()
        .filter(|step| all || named.contains(step))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&arguments)
    }

    fn error(line: &str) -> String {
        parsed(line).unwrap_err().to_string()
    }

    #[test]
    fn nothing_or_a_plea_for_help_prints_the_usage() {
        for line in ["", "help", "--help", "-h", "demo --help", "test -h"] {
            assert_eq!(parsed(line).unwrap(), Command::Help, "{line}");
        }
    }

    #[test]
    fn a_port_is_taken_in_both_spellings() {
        assert_eq!(parsed("demo").unwrap(), Command::Demo { port: 8080 });
        assert_eq!(
            parsed("demo --port 9000").unwrap(),
            Command::Demo { port: 9000 }
        );
        assert_eq!(
            parsed("serve --port=9000").unwrap(),
            Command::Serve { port: 9000 }
        );
    }

    #[test]
    fn a_bad_port_is_named() {
        assert!(error("demo --port 70000").contains("70000"));
        assert!(error("demo --port 0").contains("`0`"));
        assert!(error("demo --port").contains("needs a number"));
        assert!(error("demo --ports 1").contains("--ports"));
    }

    #[test]
    fn steps_run_once_and_in_order() {
        assert_eq!(
            parsed("test size fmt build fmt").unwrap(),
            Command::Test {
                steps: vec![Step::Fmt, Step::Build, Step::Size]
            }
        );
    }

    #[test]
    fn no_step_means_all_steps() {
        let all = Command::Test {
            steps: Step::ALL.to_vec(),
        };
        assert_eq!(parsed("test").unwrap(), all);
        assert_eq!(parsed("test fmt all").unwrap(), all);
    }

    #[test]
    fn a_benchs_options_are_taken_in_both_spellings() {
        let options = ["--only=reads,batch", "--rounds=5", "--json=a b.json"];
        let options = options.map(str::to_owned).to_vec();
        let arguments = ["bench", "browser", "--only", "reads,batch", "--rounds=5"];
        let arguments = arguments.into_iter().chain(["--json", "a b.json"]);
        let arguments: Vec<_> = arguments.map(str::to_owned).collect();
        let bench = Bench::Browser { options };
        assert_eq!(parse(&arguments).unwrap(), Command::Bench(bench));
        assert!(error("bench").contains("`browser`"));
        assert!(error("bench phone").contains("`phone`"));
        assert!(error("bench native --rounds 3").contains("`--rounds`"));
        assert!(error("bench browser --rounds 0").contains("`0`"));
        assert!(error("bench browser --only").contains("`--only`"));
        assert!(error("bench browser --round 3").contains("`--round`"));
    }

    #[test]
    fn a_json_file_is_in_the_callers_folder() {
        let file = env::current_dir().unwrap().join("a.json");
        let json = Some(file.clone());
        assert_eq!(
            parsed("size --json a.json").unwrap(),
            Command::Size { json }
        );
        let bench = Bench::Native { json: Some(file) };
        assert_eq!(
            parsed("bench native --json=a.json").unwrap(),
            Command::Bench(bench)
        );
        assert_eq!(parsed("size").unwrap(), Command::Size { json: None });
    }

    #[test]
    fn unknown_words_are_named() {
        assert!(error("tset").contains("`tset`"));
        assert!(error("test nativ").contains("`nativ`"));
        assert!(error("setup now").contains("`now`"));
        assert!(error("npm publish").contains("`publish`"));
    }
}
