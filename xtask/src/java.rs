//! The Java peer of the interchange tests: the real engine's storage plugins in a small program.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::process::{Context, Result, run as run_command};
use crate::tools::{JDK, MAVEN};
use crate::workspace::{Workspace, root};

/// Tells the tests the folder of the peer's jars.
const PEER: &str = "CHECKPOINT_STORAGE_JAVA_PEER";
/// Tells the tests why there is no peer.
const WITHOUT: &str = "CHECKPOINT_STORAGE_WITHOUT_JAVA";

/// The variable that the tests get, and its value.
static PEER_OF_TESTS: OnceLock<(&str, OsString)> = OnceLock::new();

/// Builds the peer and prints where its jars are.
pub(crate) fn run() -> Result<()> {
    println!("{}", build()?.display());
    Ok(())
}

/// Builds the peer, unless there is nothing to build it with.
pub(crate) fn build_if_possible() -> Result<()> {
    for tool in [JDK, MAVEN] {
        if !tool.is_there() {
            println!("no {}: the interchange with Java is not tested", tool.name);
            let _ = PEER_OF_TESTS.set((WITHOUT, format!("{} is missing", tool.name).into()));
            return Ok(());
        }
    }
    let _ = PEER_OF_TESTS.set((PEER, build()?.into()));
    Ok(())
}

/// Tells the tests about the peer.
pub(crate) fn tell(tests: &mut Command) {
    if let Some((variable, value)) = PEER_OF_TESTS.get() {
        tests.env(variable, value);
    }
}

fn build() -> Result<PathBuf> {
    let out = Workspace::load()?.target.join("java-peer");
    let jars = out.join("lib");
    // Jars of another version would stay on the class path.
    if jars.exists() {
        std::fs::remove_dir_all(&jars).context(jars.display())?;
    }
    let mut definition = OsString::from("-Dpeer.out=");
    definition.push(&out);
    run_command(
        Command::new("mvn")
            .current_dir(root().join("tests/java"))
            .args(["--quiet", "--batch-mode"])
            .arg(definition)
            .arg("package")
            // Standard output is for the answer.
            .stdout(io::stderr()),
    )?;
    Ok(jars)
}
