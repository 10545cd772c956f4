//! Where the jars are that a JVM of the tests runs.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::{cargo, repository, run, skip};

/// Set by `cargo xtask test`: the folder of the Java peer's jars.
const PEER: &str = "CHECKPOINT_STORAGE_JAVA_PEER";
/// Set by `cargo xtask test` where there can be no Java peer: why not.
const WITHOUT: &str = "CHECKPOINT_STORAGE_WITHOUT_JAVA";

/// Where the jars of the engine's plugins and of Hadoop are; `None`, and the reason shown, where the
/// test is to be skipped. Without word from `cargo xtask test` they are built, or the test fails.
pub fn jars() -> Option<&'static Path> {
    static JARS: OnceLock<PathBuf> = OnceLock::new();
    java_is_there().then(|| {
        let given = || std::env::var_os(PEER).map(PathBuf::from);
        JARS.get_or_init(|| given().unwrap_or_else(|| built("java-peer"))).as_path()
    })
}

/// Where S3A and what it needs beside [`jars`] are. They are fetched when the first test asks.
pub fn s3a_jars() -> Option<&'static Path> {
    static JARS: OnceLock<PathBuf> = OnceLock::new();
    java_is_there().then(|| JARS.get_or_init(|| built("java-s3a")).as_path())
}

fn java_is_there() -> bool {
    let without = std::env::var(WITHOUT);
    if let Ok(reason) = &without {
        skip(reason);
    }
    without.is_err()
}

/// The folder of the jars that this task of xtask builds.
fn built(task: &str) -> PathBuf {
    let mut command = cargo();
    command.current_dir(repository());
    command.args(["run", "--quiet", "--locked", "--package", "xtask", "--", task]);
    let output = run(&mut command);
    String::from_utf8(output.stdout).expect("UTF-8").trim_end().into()
}
