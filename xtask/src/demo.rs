//! Builds what the demo needs, and runs it.

use std::process::{Command, ExitCode};

use crate::dist::{Profile, assemble};
use crate::process::{Context, Error, Result};
use crate::workspace::{HOST_BINARY, Plugin, Workspace};

/// The backend that the demo stores on: it builds no other.
const BACKEND: &str = "checkpoint-storage-localfile";

pub(crate) fn run(options: &[String]) -> Result<ExitCode> {
    let workspace = Workspace::load()?;
    let is_backend = |plugin: &&Plugin| plugin.package == BACKEND;
    let backend = workspace.plugins.iter().find(is_backend);
    let backend = backend.ok_or_else(|| Error::new(format!("no package {BACKEND}")))?;
    let folder = workspace.target.join("demo");
    assemble(&workspace, Profile::Dev, std::slice::from_ref(backend), &folder)?;
    let program = folder.join("bin").join(HOST_BINARY);
    let ended =
        Command::new(&program).arg("demo").args(options).status().context(program.display())?;
    let code = ended.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
