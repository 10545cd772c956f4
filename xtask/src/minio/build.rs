//! Builds MinIO from its sources: once for each version.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{Context, Result, run as run_command};
use crate::workspace::Workspace;

/// What is built: the commit of the last release.
const PACKAGE: &str = "github.com/minio/minio";
const VERSION: &str = "v0.0.0-20260212201848-7aac2a2c5b7c";

/// The program, built if it is not there.
pub(super) fn program() -> Result<PathBuf> {
    let tools = Workspace::load()?.target.join("tools");
    let folder = tools.join(format!("minio-{VERSION}"));
    let program = folder.join("minio");
    if program.exists() {
        return Ok(program);
    }
    eprintln!("building MinIO, which takes minutes the first time");
    // Elsewhere at first: what is at its place is whole, and others may build at the same time.
    std::fs::create_dir_all(&tools).context(tools.display())?;
    let building = tempfile::Builder::new().prefix(".minio-").tempdir_in(&tools);
    let building = building.context(tools.display())?;
    run_command(
        Command::new("go")
            .args(["install", "-trimpath", "-ldflags=-s -w"])
            .arg(format!("{PACKAGE}@{VERSION}"))
            .env("GOBIN", building.path())
            // It needs no C compiler then.
            .env("CGO_ENABLED", "0")
            // Standard output is for the answer.
            .stdout(std::io::stderr()),
    )?;
    std::fs::create_dir_all(&folder).context(folder.display())?;
    std::fs::rename(building.path().join("minio"), &program).context(program.display())?;
    Ok(program)
}
