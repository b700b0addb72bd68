//! Commands of other programs: shown before they run, streamed while they run.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A command to run in the repository's root, unless [`dir`](Self::dir) says otherwise.
#[derive(Debug)]
pub struct Cmd {
    command: Command,
    variables: String,
}

/// What a command wrote to its standard output, and whether it succeeded.
#[derive(Debug)]
pub struct Teed {
    pub output: String,
    pub result: Result<()>,
}

impl Cmd {
    pub fn new<S: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(crate::root())
            // What is built once for a check is not built on; it would fill gigabytes.
            .env("CARGO_INCREMENTAL", "0")
            .stdin(Stdio::null());
        Self {
            command,
            variables: String::new(),
        }
    }

    /// Splits `line` at blanks: for commands that are fixed texts.
    pub fn line(line: &str) -> Self {
        let mut words = line.split_whitespace();
        Self::new(words.next().unwrap_or_default(), words)
    }

    pub fn arguments<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable, and shows it in front of the command.
    pub fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        let value = value.as_ref();
        self.variables
            .push_str(&format!("{key}={} ", quoted(value)));
        self.command.env(key, value);
        self
    }

    /// Takes variables away, whatever they are set to outside.
    pub fn without(mut self, keys: &[&str]) -> Self {
        for key in keys {
            self.command.env_remove(key);
        }
        self
    }

    pub fn path(mut self, path: &OsString) -> Self {
        self.command.env("PATH", path);
        self
    }

    pub fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Runs with the terminal's own streams.
    pub fn run(mut self) -> Result<()> {
        self.show();
        let started = Instant::now();
        let status = self.command.status().with_context(|| self.cannot_start())?;
        self.finished(started.elapsed(), status)
    }

    /// Runs, showing the standard output as it comes and keeping it too.
    pub fn tee(mut self) -> Result<Teed> {
        self.show();
        let started = Instant::now();
        let mut child = self
            .command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| self.cannot_start())?;
        let mut output = Vec::new();
        if let Some(mut stdout) = child.stdout.take() {
            let mut buffer = [0; 8192];
            loop {
                let length = match stdout.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(length) => length,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error.into()),
                };
                output.extend_from_slice(&buffer[..length]);
                io::stdout().write_all(&buffer[..length])?;
                io::stdout().flush()?;
            }
        }
        let status = child.wait()?;
        Ok(Teed {
            output: String::from_utf8_lossy(&output).into_owned(),
            result: self.finished(started.elapsed(), status),
        })
    }

    /// Runs out of sight; the standard output.
    pub fn read(mut self) -> Result<String> {
        let output = self.command.output().with_context(|| self.cannot_start())?;
        if !output.status.success() {
            bail!(
                "`{}` failed ({}): {}",
                self.shown(),
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs out of sight; whether it could be started and succeeded.
    pub fn succeeds(self) -> bool {
        self.read().is_ok()
    }

    fn show(&self) {
        println!("$ {}", self.shown());
    }

    fn shown(&self) -> String {
        let mut line = self.variables.clone();
        line.push_str(&quoted(self.command.get_program()));
        for argument in self.command.get_args() {
            line.push(' ');
            line.push_str(&quoted(argument));
        }
        line
    }

    fn cannot_start(&self) -> String {
        format!("starting `{}`", self.command.get_program().display())
    }

    fn finished(&self, took: Duration, status: std::process::ExitStatus) -> Result<()> {
        println!("  {:.1} s", took.as_secs_f64());
        if !status.success() {
            bail!("`{}` failed ({status})", self.shown());
        }
        Ok(())
    }
}

/// `word` so that a shell takes it as one word.
fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |character: char| character.is_alphanumeric() || "-_./=:,@%+".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_a_shell_takes_it() {
        let command = Cmd::new("cargo", ["clippy", "--", "-D", "it's"]).env("FLAGS", "-D warnings");
        assert_eq!(
            command.shown(),
            r"FLAGS='-D warnings' cargo clippy -- -D 'it'\''s'"
        );
    }

    #[test]
    fn output_is_kept_when_the_command_fails() {
        let teed = Cmd::new("sh", ["-c", "echo seen; exit 3"]).tee().unwrap();
        assert_eq!(teed.output, "seen\n");
        assert!(teed.result.is_err());
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let error = Cmd::line("no-such-program --flag").run().unwrap_err();
        assert!(error.to_string().contains("no-such-program"));
    }
}
