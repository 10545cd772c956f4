//! A task of xtask that serves as long as this process holds its standard input.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::{cargo, repository};

/// Set by `cargo xtask test`: its own program, which Cargo then need not look after.
const XTASK: &str = "CHECKPOINT_STORAGE_XTASK";

/// Ends when it is dropped, or with this process, however that ends.
pub(crate) struct Service {
    process: Child,
    told: Value,
    /// `None` from the moment on that it is to end.
    line: Mutex<Option<(ChildStdin, BufReader<ChildStdout>)>>,
}

impl Service {
    /// Starts `cargo xtask` with these arguments; or why there can be no such service.
    pub(crate) fn start(arguments: &[String]) -> Result<Self, String> {
        let mut process = xtask()
            .current_dir(repository())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What interrupts the tests does not reach it: it ends by itself.
            .process_group(0)
            .spawn()
            .expect("it can be run");
        let input = process.stdin.take().expect("piped");
        let mut output = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("readable");
        let told: Value = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("cargo xtask {}: it did not start", arguments.join(" ")));
        match told["without"].as_str() {
            Some(reason) => Err(reason.to_owned()),
            None => Ok(Self { process, told, line: Mutex::new(Some((input, output))) }),
        }
    }

    /// The way to it.
    pub(crate) fn told(&self) -> &Value {
        &self.told
    }

    /// What it answers to a command, or why it could not be done.
    pub(crate) fn ask(&self, command: &str) -> Result<String, String> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let (input, output) = line.as_mut().expect("it has not ended");
        writeln!(input, "{command}").expect("it reads");
        let mut answer = String::new();
        output.read_line(&mut answer).expect("it answers");
        let answer = answer.trim_end();
        match answer.split_once(' ').unwrap_or((answer, "")) {
            ("ok", text) => Ok(text.to_owned()),
            ("error", text) => Err(text.to_owned()),
            _ => panic!("{command}: an answer of {answer:?}"),
        }
    }
}

fn xtask() -> Command {
    if let Some(program) = std::env::var_os(XTASK) {
        return Command::new(program);
    }
    let mut command = cargo();
    command.args(["run", "--quiet", "--locked", "--package=xtask", "--"]);
    command
}

impl Drop for Service {
    fn drop(&mut self) {
        *self.line.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        let _ = self.process.wait();
    }
}
