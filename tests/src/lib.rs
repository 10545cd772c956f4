//! What the end-to-end tests share: built artifacts, plugins directories, the command line as a
//! child process, and
//!
//! - `storage`: storages of the built plugins
//! - `configuration`: a `seatunnel.yaml`
//! - `log`: what this process logs
//! - `job`: what holds for the command line on any backend
//! - `s3`, `hdfs`: servers, and what plugins find on them
//! - `java`: the Java engine's storage plugins, beside this project's
//! - `properties`: what holds for any input, for tests and fuzz targets
//! - `service`: what of xtask serves the tests
//!
//! The tests build what they run with Cargo, so that `cargo test` alone is enough; after
//! `cargo xtask test` has built it, that is a matter of moments.

pub mod configuration;
pub mod hdfs;
pub mod java;
pub mod job;
mod log;
pub mod properties;
pub mod s3;
mod service;
pub mod storage;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use configuration::Configuration;
use serde_json::Value;
use tempfile::TempDir;

pub use log::Log;

/// The packages whose artifacts the tests run.
const PACKAGES: [&str; 7] = [
    "storage-host",
    "checkpoint-storage-hdfs",
    "checkpoint-storage-localfile",
    "checkpoint-storage-s3",
    "faulty-plugin",
    "mutant-plugin",
    "probe-plugin",
];

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the repository")
}

/// The folder that holds the built command line and plugins.
pub fn artifacts() -> &'static Path {
    static ARTIFACTS: OnceLock<PathBuf> = OnceLock::new();
    ARTIFACTS.get_or_init(|| {
        let mut command = cargo();
        command.current_dir(repository()).args(["build", "--quiet", "--locked"]);
        for package in PACKAGES {
            command.args(["--package", package]);
        }
        run(&mut command);
        target_directory(repository()).join("debug")
    })
}

/// Cargo, as it runs these tests, without what it told them about themselves.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let own = |key: &str| key.starts_with("CARGO_PKG_") || key.starts_with("CARGO_MANIFEST_");
    for (key, _) in std::env::vars_os().filter(|(key, _)| key.to_str().is_some_and(own)) {
        command.env_remove(key);
    }
    command
}

/// Where Cargo puts what it builds in the workspace at `root`.
pub fn target_directory(root: &Path) -> PathBuf {
    let output =
        run(cargo().current_dir(root).args(["metadata", "--no-deps", "--format-version=1"]));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    metadata["target_directory"].as_str().expect("metadata names the target directory").into()
}

/// Runs a command to its end; panics with its output unless it succeeds.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The file of a plugin that these tests build.
pub fn plugin(crate_name: &str) -> PathBuf {
    artifacts().join(format!("lib{crate_name}.so"))
}

/// The file of the plugin from outside, which has a workspace of its own.
pub fn plugin_from_outside() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let target = target_directory(repository()).join("third-party");
        run(cargo()
            .current_dir(repository().join("tests/third-party-plugin"))
            .env("CARGO_TARGET_DIR", &target)
            .args(["build", "--quiet", "--locked"]));
        target.join("debug/libcheckpoint_storage_sqlite.so")
    })
}

/// A plugins directory that holds copies of these plugins.
pub fn plugins_directory(crate_names: &[&str]) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for name in crate_names {
        let file = plugin(name);
        std::fs::copy(&file, directory.path().join(format!("lib{name}.so")))
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    directory
}

/// A place to store on, with a plugins directory that serves it and a configuration.
pub struct LocalSetup {
    plugins: TempDir,
    data: TempDir,
}

impl LocalSetup {
    /// A fresh namespace on the local disk.
    pub fn new() -> Self {
        let data = tempfile::tempdir().expect("a temporary directory");
        Self::in_directory(data)
    }

    /// A namespace in `data`.
    pub fn in_directory(data: TempDir) -> Self {
        let setup = Self { plugins: plugins_directory(&["checkpoint_storage_localfile"]), data };
        setup.configure("");
        setup
    }

    /// Adds lines to `plugin-config`.
    pub fn configure(&self, more: &str) {
        let namespace = self.namespace();
        let own = format!("storage-type: local\nstorageNameSpace: {}\n", namespace.display());
        let plugin = own + more;
        let configuration =
            Configuration { storage: "type: hdfs", plugin: &plugin, ..Configuration::default() };
        std::fs::write(self.configuration(), configuration.yaml())
            .expect("the configuration can be written");
    }

    /// The configuration's file.
    pub fn configuration(&self) -> PathBuf {
        self.data.path().join("seatunnel.yaml")
    }

    /// The plugins directory.
    pub fn plugins(&self) -> &Path {
        self.plugins.path()
    }

    /// The directory that holds the jobs.
    pub fn namespace(&self) -> PathBuf {
        self.data.path().join("checkpoints")
    }

    /// The command line, set up for this place.
    pub fn command<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        command_line(&self.configuration(), self.plugins(), arguments)
    }

    /// What a command says with `--json`, and its exit code.
    pub fn json(&self, arguments: &[&str]) -> (Value, Option<i32>) {
        json_of(&mut self.command([&["--json"], arguments].concat()))
    }

    /// The names of the job's stored files, other files of the job included.
    pub fn files(&self, job: &str) -> Vec<String> {
        files_in(&self.namespace().join(job))
    }
}

impl Default for LocalSetup {
    fn default() -> Self {
        Self::new()
    }
}

/// The names of the files in a directory, sorted; none if there is no directory.
pub fn files_in(directory: &Path) -> Vec<String> {
    let Ok(directory) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<_> = directory
        .map(|file| file.expect("readable").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

/// The command line with a configuration and a plugins directory.
pub fn command_line<I: AsRef<OsStr>>(
    configuration: &Path,
    plugins: &Path,
    arguments: impl IntoIterator<Item = I>,
) -> Command {
    let mut command = Command::new(artifacts().join("checkpoint-storage"));
    command.arg("-c").arg(configuration).arg("--plugins").arg(plugins).args(arguments);
    command.env_remove("CHECKPOINT_STORAGE_CONFIG").env_remove("CHECKPOINT_STORAGE_PLUGINS");
    command
}

/// The JSON document that a command writes, and its exit code.
pub fn json_of(command: &mut Command) -> (Value, Option<i32>) {
    let output = command.stdin(Stdio::null()).output().expect("started");
    let said = serde_json::from_slice(&output.stdout);
    let said = said.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (said, output.status.code())
}

/// The most memory that a child held, in bytes, by the kernel's own high-water mark, which is read
/// until the child has ended. Panics if it fails, or takes so little that the mark was not seen.
pub fn peak_of(child: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = mark.and_then(|mark| mark.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or_default() << 10);
        if let Some(ended) = child.try_wait().expect("waited for") {
            assert!(ended.success(), "{ended}");
            assert!(peak > 64 << 20, "the peak was not seen");
            return peak;
        }
    }
}

/// Says why a test cannot run here. Where `CI=true` nothing may be skipped.
pub fn skip(reason: &str) {
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "skipped in CI: {reason}");
    eprintln!("SKIPPED: {reason}");
}
