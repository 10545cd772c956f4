//! The ABI as it grows: plugins and hosts of API 1.0 and of a next minor, in all four pairings,
//! and changes that must be refused.
//!
//! Each variant is a copy of the API crate and the host with a few lines changed, as a maintainer
//! would change them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use checkpoint_storage_tests::{cargo, repository, run, target_directory};

/// Lines to put into a file of the copy: file, the text they follow or replace, the text.
type Edit = (&'static str, Place, &'static str);

enum Place {
    After(&'static str),
    InsteadOf(&'static str),
}
use Place::{After, InsteadOf};

const NEXT_MINOR: &[Edit] = &[
    ("Cargo.toml", InsteadOf("version = \"1.0.0\" }"), "version = \"1.1.0\" }"),
    ("checkpoint-storage-api/Cargo.toml", InsteadOf("version = \"1.0.0\""), "version = \"1.1.0\""),
    // A method of the storage, appended with a default body.
    (
        "checkpoint-storage-api/src/ffi/raw.rs",
        After("fn close(&self, options: FfiMap) -> FfiFuture<FfiResult<()>>;"),
        r#"
    fn ping(&self, options: FfiMap) -> FfiFuture<FfiResult<RString>> {
        let _ = options;
        async_ffi::FutureExt::into_ffi(async {
            abi_stable::std_types::RResult::RErr(crate::Error::unsupported("ping").into())
        })
    }"#,
    ),
    (
        "checkpoint-storage-api/src/storage.rs",
        After("async fn close(&self) -> Result<()>;"),
        "
    /// Answers.
    async fn ping(&self) -> Result<String> { Err(Error::unsupported(\"ping\")) }",
    ),
    (
        "checkpoint-storage-api/src/ffi/adapter.rs",
        After("impl RawStorage for Adapter {"),
        r#"
    fn ping(&self, _options: FfiMap) -> FfiFuture<FfiResult<RString>> {
        self.call("ping", async move |storage| Ok(storage.ping().await?.into()))
    }"#,
    ),
    (
        "checkpoint-storage-api/src/ffi/foreign.rs",
        After("impl CheckpointStorage for ForeignStorage {"),
        r#"
    async fn ping(&self) -> Result<String> {
        Ok(answer("ping", self.0.ping(FfiMap::new())).await?.into())
    }"#,
    ),
    (
        "storage-host/src/managed.rs",
        After("impl CheckpointStorage for ManagedStorage {"),
        "
    async fn ping(&self) -> Result<String> { self.storage.ping().await }",
    ),
    // A field of the module, appended, read as an option.
    (
        "checkpoint-storage-api/src/ffi/raw.rs",
        After("pub open: extern \"C\" fn(FfiMap, FfiMap) -> FfiFuture<FfiResult<RawStorageBox>>,"),
        "
    pub motto: extern \"C\" fn() -> RStr<'static>,",
    ),
    (
        "checkpoint-storage-api/src/ffi/export.rs",
        InsteadOf("PluginModule { name, init, config_keys, open }"),
        "PluginModule { name, init, config_keys, open, motto: name }",
    ),
    (
        "checkpoint-storage-api/src/ffi/foreign.rs",
        After("impl PluginHandle {"),
        "
    /// Its motto.
    pub fn motto(&self) -> Option<String> { self.0.motto().map(|motto| motto().into()) }",
    ),
    (
        "storage-host/src/plugin.rs",
        After("impl LoadedPlugin {"),
        "
    /// Its motto.
    pub fn motto(&self) -> Option<String> { self.handle.motto() }",
    ),
];

const CHANGED_SIGNATURE: &[Edit] = &[
    (
        "checkpoint-storage-api/src/ffi/raw.rs",
        InsteadOf("pub current_span: extern \"C\" fn() -> u64,"),
        "pub current_span: extern \"C\" fn(u32) -> u64,",
    ),
    (
        "checkpoint-storage-api/src/ffi/log/host.rs",
        InsteadOf("extern \"C\" fn current_span() -> u64 {"),
        "extern \"C\" fn current_span(_: u32) -> u64 {",
    ),
    (
        "checkpoint-storage-api/src/ffi/log/plugin.rs",
        InsteadOf("(host.current_span())()"),
        "(host.current_span())(0)",
    ),
];

const NEXT_MAJOR: &[Edit] = &[
    ("Cargo.toml", InsteadOf("version = \"1.0.0\" }"), "version = \"2.0.0\" }"),
    ("checkpoint-storage-api/Cargo.toml", InsteadOf("version = \"1.0.0\""), "version = \"2.0.0\""),
];

/// The host, and all of this repository that it depends on.
const MEMBERS: [&str; 4] = [
    "checkpoint-storage-api",
    "checkpoint-storage-conformance",
    "checkpoint-storage-keys",
    "storage-host",
];

/// A variant of the API, with what was built against it.
struct Variant {
    root: PathBuf,
}

impl Variant {
    fn build(name: &str, edits: &[Edit], packages: &[&str], features: &[&str]) -> Self {
        let scratch = target_directory(repository()).join("evolution");
        let root = scratch.join(name);
        // What an earlier run left may be of other sources.
        let _ = std::fs::remove_dir_all(&root);
        for source in MEMBERS {
            copy(&repository().join(source), &root.join(source));
        }
        for source in ["plugin", "host"] {
            copy(&repository().join("tests/evolution").join(source), &root.join(source));
        }
        write(&root.join("Cargo.toml"), &workspace_manifest());
        write(&root.join("Cargo.lock"), &read(&repository().join("Cargo.lock")));
        for edit in edits {
            apply(&root, edit);
        }
        let target = scratch.join("target");
        let mut command = cargo();
        command.current_dir(&root).env("CARGO_TARGET_DIR", &target).args(["build", "--quiet"]);
        for package in packages {
            command.args(["--package", package]);
        }
        for feature in features {
            command.args(["--features", feature]);
        }
        run(&mut command);
        let plugins = root.join("plugins");
        std::fs::create_dir_all(&plugins).expect("created");
        for (built, kept) in [
            ("libevolving_plugin.so", plugins.join("evolving.so")),
            ("evolving-host", root.join("evolving-host")),
        ] {
            let package = if built.starts_with("lib") { "evolving-plugin" } else { built };
            if packages.contains(&package) {
                std::fs::copy(target.join("debug").join(built), kept).expect("built");
            }
        }
        Self { root }
    }

    /// Runs this variant's host on the plugin of another.
    fn host_on(&self, other: &Self) -> Output {
        Command::new(self.root.join("evolving-host"))
            .arg(other.root.join("plugins"))
            .output()
            .expect("started")
    }
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn write(file: &Path, text: &str) {
    std::fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("created");
    for entry in std::fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().expect("known").is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(&from, &to).expect("copied");
        }
    }
}

/// The repository's own manifest, for the copied members alone.
fn workspace_manifest() -> String {
    let manifest = read(&repository().join("Cargo.toml"));
    let (head, rest) = manifest.split_once("members = [").expect("a list of members");
    let (_, rest) = rest.split_once("[workspace.package]").expect("a section after it");
    format!(
        "{head}members = [\"{}\", \"plugin\", \"host\"]\n\n[workspace.package]{rest}",
        MEMBERS.join("\", \"")
    )
}

fn apply(root: &Path, (file, place, text): &Edit) {
    let path = root.join(file);
    let old = read(&path);
    let new = match place {
        After(anchor) => old.replacen(anchor, &format!("{anchor}{text}"), 1),
        InsteadOf(anchor) => old.replacen(anchor, text, 1),
    };
    assert_ne!(old, new, "{file} has no place for this edit:{text}");
    write(&path, &new);
}

fn succeeded(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "it was not refused");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.lines().count() == 1 && stderr.len() < 600, "not one sentence: {stderr}");
    stderr
}

const BOTH: [&str; 2] = ["evolving-plugin", "evolving-host"];

#[test]
fn minors_work_both_ways_and_other_changes_are_refused() {
    let base = Variant::build("base", &[], &BOTH, &[]);
    let next =
        Variant::build("next", NEXT_MINOR, &BOTH, &["evolving-plugin/next", "evolving-host/next"]);
    let restored = "restored Some(b\"states\")\n";
    assert_eq!(succeeded(&base.host_on(&base)), restored);
    assert_eq!(succeeded(&base.host_on(&next)), restored);
    let old_plugin = succeeded(&next.host_on(&base));
    assert_eq!(old_plugin, format!("{restored}ping unsupported\nmotto None\n"));
    let new_plugin = succeeded(&next.host_on(&next));
    assert_eq!(new_plugin, format!("{restored}ping pong\nmotto Some(\"evolving\")\n"));

    let plugin_only = &["evolving-plugin"];
    let changed = Variant::build("changed", CHANGED_SIGNATURE, plugin_only, &[]);
    let reason = refused(&base.host_on(&changed));
    assert!(
        reason.contains("differs from this host's API 1.0.0 other than by appending"),
        "{reason}"
    );
    assert!(reason.contains("rebuild the plugin"), "{reason}");

    let major = Variant::build("major", NEXT_MAJOR, plugin_only, &[]);
    let reason = refused(&base.host_on(&major));
    assert!(reason.contains("built against API 2.0.0, this host understands API 1.x"), "{reason}");
}
