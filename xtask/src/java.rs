//! What the tests run in JVMs: the Java peer of the interchange tests, which is the real engine's
//! storage plugins in a small program, and HDFS. The engine's S3A is a folder of its own, fetched
//! only when a test asks for it.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

use crate::process::{Context, Result, run as run_command};
use crate::tools::{JDK, MAVEN};
use crate::workspace::{Workspace, root};

/// Tells the tests the folder of the peer's jars.
const PEER: &str = "CHECKPOINT_STORAGE_JAVA_PEER";
/// Tells the tests why there is no peer.
const WITHOUT: &str = "CHECKPOINT_STORAGE_WITHOUT_JAVA";

/// The variable that the tests get, and its value.
static PEER_OF_TESTS: OnceLock<(&str, OsString)> = OnceLock::new();

/// A folder of jars that Maven fills.
#[derive(Clone, Copy)]
pub(crate) enum Jars {
    /// The peer, with the engine's plugins and Hadoop.
    Peer,
    /// S3A and what it needs beside the peer's.
    S3a,
    /// The nodes of HDFS, with Hadoop.
    Hdfs,
}

impl Jars {
    fn source(self) -> &'static str {
        match self {
            Self::Peer => "tests/java",
            Self::S3a => "tests/java-s3a",
            Self::Hdfs => "tests/java-hdfs",
        }
    }

    /// Its name beside Cargo's artifacts.
    fn folder(self) -> &'static str {
        match self {
            Self::Peer => "java-peer",
            Self::S3a => "java-s3a",
            Self::Hdfs => "java-hdfs",
        }
    }
}

/// Builds the jars and prints where they are.
pub(crate) fn run(jars: Jars) -> Result<()> {
    println!("{}", build(jars)?.display());
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
    let _ = PEER_OF_TESTS.set((PEER, build(Jars::Peer)?.into()));
    Ok(())
}

/// Tells the tests about the peer.
pub(crate) fn tell(tests: &mut Command) {
    if let Some((variable, value)) = PEER_OF_TESTS.get() {
        tests.env(variable, value);
    }
}

/// Builds the jars unless they are there and newer than what they are built from. Of several
/// processes that ask for them at once, one builds.
pub(crate) fn build_once(jars: Jars) -> Result<PathBuf> {
    let target = Workspace::load()?.target;
    let lock = target.join(format!("{}.lock", jars.folder()));
    let locked = File::create(&lock).context(lock.display())?;
    locked.lock().context(lock.display())?;
    let lib = target.join(jars.folder()).join("lib");
    // Its own jar comes after those it depends upon.
    let built = changed(&lib.join(format!("{}.jar", jars.folder())));
    let sources = root().join(jars.source());
    match (built, newest(&sources)?) {
        (Some(built), Some(source)) if built > source => Ok(lib),
        _ => build(jars),
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}

/// When the last of the files below a folder was changed.
fn newest(folder: &Path) -> Result<Option<SystemTime>> {
    let mut newest = None;
    for entry in std::fs::read_dir(folder).context(folder.display())? {
        let path = entry.context(folder.display())?.path();
        newest = newest.max(if path.is_dir() { self::newest(&path)? } else { changed(&path) });
    }
    Ok(newest)
}

fn build(jars: Jars) -> Result<PathBuf> {
    let out = Workspace::load()?.target.join(jars.folder());
    let lib = out.join("lib");
    // Jars of another version would stay on the class path.
    if lib.exists() {
        std::fs::remove_dir_all(&lib).context(lib.display())?;
    }
    let mut definition = OsString::from("-Dpeer.out=");
    definition.push(&out);
    run_command(
        Command::new("mvn")
            .current_dir(root().join(jars.source()))
            .args(["--quiet", "--batch-mode"])
            .arg(definition)
            .arg("package")
            // Standard output is for the answer.
            .stdout(io::stderr()),
    )?;
    Ok(lib)
}
