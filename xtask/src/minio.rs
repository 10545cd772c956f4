//! MinIO: a server on this machine that speaks S3, for the tests and the demo.
//!
//! Whoever needs it runs `cargo xtask minio` as a child: a [service](crate::service).

mod build;
mod server;

use std::ffi::OsStr;
use std::io;
use std::process::Command;

use serde_json::json;

use crate::process::{Context, Error, Result};
use crate::service::{Service, refuse};
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
        return refuse(reason);
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

/// Builds and starts it; it ends when this is dropped.
pub(crate) fn start() -> Result<Service> {
    match missing() {
        Some(reason) => Err(Error::new(reason)),
        None => Service::start(&["minio"]),
    }
}

/// What the tests have of it.
pub(crate) enum ForTests {
    Running(Service),
    Without(String),
}

impl ForTests {
    /// Starts it, unless it cannot be built.
    pub(crate) fn start() -> Result<Self> {
        match missing() {
            Some(reason) => Ok(Self::Without(reason)),
            None => start().map(Self::Running),
        }
    }

    /// Tells the tests about it.
    pub(crate) fn tell(&self, tests: &mut Command) {
        let (variable, value): (_, &OsStr) = match self {
            Self::Running(minio) => (SERVER, minio.told().as_ref()),
            Self::Without(reason) => (WITHOUT, reason.as_ref()),
        };
        tests.env(variable, value);
    }
}
