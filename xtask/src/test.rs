//! Everything that must hold before a change lands, in the order of how fast it fails.

use std::io::{BufRead, BufReader};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::dist::{Profile, build};
use crate::hdfs;
use crate::java;
use crate::minio;
use crate::process::{Context, Error, Result, cargo, output_of, run as run_command};
use crate::tools::install_missing;
use crate::workspace::{Workspace, root};

type Step = (&'static str, fn() -> Result<()>);

const STEPS: &[Step] = &[
    ("tools", install_missing),
    ("format", format),
    ("interface without a runtime", interface_without_a_runtime),
    ("lints", lints),
    ("lints of each feature alone", lints_of_each_feature),
    ("documentation", documentation),
    ("build", build_all),
    ("java peer", java::build_if_possible),
    ("hdfs", hdfs::build_if_possible),
    ("minio", minio::build_if_possible),
    ("tests", tests),
    ("lints of the third-party plugin", third_party_lints),
];

pub(crate) fn run() -> Result<()> {
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (name, step) in STEPS {
        println!("== {name}");
        let began = Instant::now();
        step().map_err(|error| Error::new(format!("{name}: {error}")))?;
        times.push((name, began.elapsed()));
    }
    println!();
    for (name, time) in times {
        println!("{:>6.1} s  {name}", time.as_secs_f64());
    }
    println!("all of it holds");
    Ok(())
}

fn third_party() -> Command {
    let mut command = cargo();
    command.current_dir(root().join("tests/third-party-plugin"));
    command
}

fn format() -> Result<()> {
    run_command(cargo().args(["fmt", "--all", "--check"]))?;
    run_command(cargo().args(["fmt", "--check", "--manifest-path=fuzz/Cargo.toml"]))?;
    run_command(third_party().args(["fmt", "--check"]))
}

/// Engines that only link the interface must not get a runtime with it.
fn interface_without_a_runtime() -> Result<()> {
    let tree = output_of(cargo().args([
        "tree",
        "--locked",
        "--package=checkpoint-storage-api",
        "--edges=normal",
        "--prefix=none",
        "--no-default-features",
    ]))?;
    match tree.lines().find(|line| line.starts_with("tokio")) {
        Some(line) => Err(Error::new(format!("checkpoint-storage-api depends on {line}"))),
        None if tree.starts_with("checkpoint-storage-api ") => Ok(()),
        None => Err(Error::new("cargo tree does not show checkpoint-storage-api")),
    }
}

fn lints() -> Result<()> {
    run_command(cargo().args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-Dwarnings",
    ]))
}

/// The workspace as a whole is built with all features of the interface; plugins and engines see it
/// with one or none.
fn lints_of_each_feature() -> Result<()> {
    for features in ["", "plugin", "host"] {
        run_command(cargo().args([
            "clippy",
            "--locked",
            "--package=checkpoint-storage-api",
            "--features",
            features,
            "--",
            "-Dwarnings",
        ]))?;
    }
    Ok(())
}

fn documentation() -> Result<()> {
    run_command(cargo().env("RUSTDOCFLAGS", "-Dwarnings").args([
        "doc",
        "--locked",
        "--workspace",
        "--no-deps",
    ]))
}

fn build_all() -> Result<()> {
    build(Profile::Dev, &Workspace::load()?.plugins)
}

/// Runs the tests and counts them over all crates. An ignored test is one that nobody runs, and
/// what tests print, those that pass included, holds no secret.
fn tests() -> Result<()> {
    let (output, input) = std::io::pipe().context("a pipe")?;
    let mut command = cargo();
    command.args(["test", "--locked", "--workspace", "--no-fail-fast", "--", "--show-output"]);
    command.env(XTASK, std::env::current_exe().context("this program")?);
    java::tell(&mut command);
    // It serves until all tests have run.
    let minio = minio::ForTests::start()?;
    minio.tell(&mut command);
    command.stdout(input.try_clone().context("a pipe")?).stderr(input);
    let mut child = command.spawn().context("cargo test")?;
    // It holds ends of the pipe, which would never close.
    drop(command);
    let mut seen = Seen::default();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("cargo test")?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        seen.add(&line);
    }
    let status = child.wait().context("cargo test")?;
    println!("{} passed, {} failed", seen.passed, seen.failed);
    match seen {
        _ if !status.success() => Err(Error::new(format!("cargo test: {status}"))),
        Seen { ignored: 1.., .. } => Err(Error::new(format!("{} tests are ignored", seen.ignored))),
        Seen { secrets: 1.., .. } => {
            Err(Error::new(format!("{} lines of the tests' output show a secret", seen.secrets)))
        }
        _ => Ok(()),
    }
}

/// Tells the tests of this program, which starts servers for them.
const XTASK: &str = "CHECKPOINT_STORAGE_XTASK";

/// What every secret of the tests holds.
const SECRET: &str = "hush";

/// How many tests ran, as Cargo's test runner tells it crate by crate, and how many lines show what
/// they should not.
#[derive(Default)]
struct Seen {
    passed: usize,
    failed: usize,
    ignored: usize,
    secrets: usize,
}

impl Seen {
    fn add(&mut self, line: &str) {
        self.secrets += usize::from(line.contains(SECRET));
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        for part in counts.split(['.', ';']) {
            let Some((number, what)) = part.trim().split_once(' ') else { continue };
            let number = number.parse::<usize>().unwrap_or_default();
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

fn third_party_lints() -> Result<()> {
    let target = Workspace::load()?.target.join("third-party");
    run_command(third_party().env("CARGO_TARGET_DIR", target).args([
        "clippy",
        "--locked",
        "--",
        "-Dwarnings",
    ]))
    .context("tests/third-party-plugin")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_summed_over_crates() {
        let mut seen = Seen::default();
        for line in [
            "test result: ok. 33 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.13s",
            "the key is hush-hush",
            "test result: FAILED. 4 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.00s",
        ] {
            seen.add(line);
        }
        assert_eq!((seen.passed, seen.failed, seen.ignored, seen.secrets), (37, 1, 2, 1));
    }
}
