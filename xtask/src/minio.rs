//! MinIO: a server on this machine that speaks S3, for the tests and the demo.
//!
//! Whoever needs it runs `cargo xtask minio` as a child and keeps the other end of its standard
//! input: that closes however its owner ends, and with it goes the server and what it stored.

mod build;
mod server;

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::process::{Context, Error, Result};
use crate::tools::GO;
use server::Server;

/// A bucket that is there from the start.
pub(crate) const BUCKET: &str = "checkpoints";

/// Tells the tests of the server, as `cargo xtask minio` does.
const SERVER: &str = "CHECKPOINT_STORAGE_MINIO";
/// Tells the tests why there is none.
const WITHOUT: &str = "CHECKPOINT_STORAGE_WITHOUT_MINIO";

/// Serves until standard input closes. The first line of output tells the way to the server, or why
/// there is none, as JSON.
pub(crate) fn run() -> Result<()> {
    if let Some(reason) = missing() {
        println!("{}", json!({ "without": reason }));
        return Err(Error::new(reason));
    }
    let server = Server::start(&build::program()?)?;
    println!(
        "{}",
        json!({
            "endpoint": server.endpoint,
            "access_key": server::ACCESS_KEY,
            "secret_key": server.secret_key,
            "bucket": BUCKET,
        })
    );
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop).context("standard input")
}

/// Builds it, unless there is nothing to build it with.
pub(crate) fn build_if_possible() -> Result<()> {
    match missing() {
        Some(reason) => println!("{reason}: S3 is tested without MinIO"),
        None => println!("{}", build::program()?.display()),
    }
    Ok(())
}

/// What is missing, if it cannot be built.
fn missing() -> Option<String> {
    (!GO.is_there()).then(|| format!("{} is missing, which builds MinIO", GO.name))
}

/// A server that ends when this is dropped.
pub(crate) struct Minio {
    process: Child,
    told: String,
}

impl Minio {
    /// Builds and starts it.
    pub(crate) fn start() -> Result<Self> {
        if let Some(reason) = missing() {
            return Err(Error::new(reason));
        }
        let this = std::env::current_exe().context("this program")?;
        let mut process = Command::new(this)
            .arg("minio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What interrupts this program does not reach it: it ends by itself.
            .process_group(0)
            .spawn()
            .context("cargo xtask minio")?;
        let output = process.stdout.take().ok_or_else(|| Error::new("no pipe"))?;
        let mut minio = Self { process, told: String::new() };
        BufReader::new(output).read_line(&mut minio.told).context("cargo xtask minio")?;
        minio.value("endpoint")?;
        Ok(minio)
    }

    /// Something of what it told.
    pub(crate) fn value(&self, key: &str) -> Result<String> {
        let told: Option<Value> = serde_json::from_str(&self.told).ok();
        let value = told.as_ref().and_then(|told| told[key].as_str().map(str::to_owned));
        value.ok_or_else(|| Error::new("MinIO did not start"))
    }
}

impl Drop for Minio {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// What the tests have of it.
pub(crate) enum ForTests {
    Running(Minio),
    Without(String),
}

impl ForTests {
    /// Starts it, unless it cannot be built.
    pub(crate) fn start() -> Result<Self> {
        match missing() {
            Some(reason) => Ok(Self::Without(reason)),
            None => Minio::start().map(Self::Running),
        }
    }

    /// Tells the tests about it.
    pub(crate) fn tell(&self, tests: &mut Command) {
        let (variable, value): (_, &OsStr) = match self {
            Self::Running(minio) => (SERVER, minio.told.trim().as_ref()),
            Self::Without(reason) => (WITHOUT, reason.as_ref()),
        };
        tests.env(variable, value);
    }
}
