//! Tasks that serve until their standard input closes: that happens however its owner ends, and with
//! it goes what the task started. The first line of output tells the way to it, or why there is
//! none, as JSON.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::process::{Context, Error, Result};

/// Tells that there is no such service, and why.
pub(crate) fn refuse(reason: String) -> Result<()> {
    println!("{}", json!({ "without": reason }));
    Err(Error::new(reason))
}

/// Tells the way to the service and does what each line of standard input says: the answer is one
/// line, `ok` or `error` and a text.
pub(crate) fn serve(told: &Value, mut obey: impl FnMut(&str) -> Result<String>) -> Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{told}").context("standard output")?;
    for line in io::stdin().lock().lines() {
        let answer = match obey(&line.context("standard input")?) {
            Ok(text) => format!("ok {text}"),
            Err(error) => format!("error {error}"),
        };
        // An error may show the end of a log.
        let answer = answer.trim_end().replace('\n', "  ");
        writeln!(output, "{answer}").context("standard output")?;
    }
    Ok(())
}

/// Such a task as a child, which ends when this is dropped.
pub(crate) struct Service {
    process: Child,
    told: String,
}

impl Service {
    /// Starts `cargo xtask` with these arguments.
    pub(crate) fn start(arguments: &[&str]) -> Result<Self> {
        let task = format!("cargo xtask {}", arguments.join(" "));
        let this = std::env::current_exe().context("this program")?;
        let mut process = Command::new(this)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What interrupts this program does not reach it: it ends by itself.
            .process_group(0)
            .spawn()
            .context(&task)?;
        let output = process.stdout.take().ok_or_else(|| Error::new("no pipe"))?;
        let mut service = Self { process, told: String::new() };
        BufReader::new(output).read_line(&mut service.told).context(&task)?;
        let told: Option<Value> = serde_json::from_str(&service.told).ok();
        match told.as_ref().map(|told| told["without"].as_str()) {
            Some(None) => Ok(service),
            Some(Some(reason)) => Err(Error::new(reason)),
            None => Err(Error::new(format!("{task}: it did not start"))),
        }
    }

    /// What it told, as it is.
    pub(crate) fn told(&self) -> &str {
        self.told.trim()
    }

    /// Something of what it told.
    pub(crate) fn value(&self, key: &str) -> Result<String> {
        let told: Value = serde_json::from_str(&self.told).context("what a service told")?;
        let value = told[key].as_str().map(str::to_owned);
        value.ok_or_else(|| Error::new(format!("the service told of no `{key}`")))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
