//! Plugins that misbehave: every fault is an error with a name, and the host lives on.

use std::path::Path;
use std::time::Duration;

use checkpoint_storage_api::{
    CheckpointStorage, ErrorKind, JobId, ListQuery, Outcome, PipelineState, PluginConfig,
};
use checkpoint_storage_tests::{command_line, plugin, plugins_directory};
use object::{Object, ObjectSection, ObjectSymbol};
use storage_host::{Error, ManagedStorage, StorageHost, StorageSettings, Verdict};

async fn open(fault: &str, settings: StorageSettings) -> Result<ManagedStorage, Error> {
    let plugins = plugins_directory(&["faulty_plugin"]);
    let host = StorageHost::discover(plugins.path())?;
    host.open_plugin("faulty", PluginConfig::from([("fault", fault)]), settings).await
}

fn impatient() -> StorageSettings {
    StorageSettings { operation_timeout: Duration::from_millis(200), ..StorageSettings::default() }
}

fn state() -> PipelineState {
    PipelineState::new(JobId::new("1").expect("valid"), 1, 1, &b"states"[..])
}

#[tokio::test]
async fn a_panic_is_an_error_with_unknown_outcome() {
    for (fault, message) in
        [("panic-in-store", "store panics"), ("late-panic-in-store", "store panics late")]
    {
        let storage = open(fault, StorageSettings::default()).await.expect("opened");
        let error = storage.store(state()).await.expect_err(fault);
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::PluginFault, Outcome::Unknown));
        assert!(error.to_string().contains(message), "{error}");
        storage.jobs().await.expect("the storage still answers");
    }
}

#[tokio::test]
async fn a_panic_while_opening_or_dropping_goes_no_further() {
    let error = open("panic-in-open", StorageSettings::default()).await.expect_err("it panics");
    assert!(error.to_string().contains("open panics"), "{error}");
    let storage = open("panic-in-drop", StorageSettings::default()).await.expect("opened");
    storage.close().await.expect("closed");
    drop(storage);
}

#[tokio::test]
async fn a_plugin_s_error_crosses_whole() {
    let error = open("error-in-open", StorageSettings::default()).await.expect_err("it fails");
    assert_eq!(error.kind(), storage_host::ErrorKind::Config);
    assert_eq!(error.to_string(), "open: the key `fault` is wrong; leave it out");
    let storage = open("unknown-in-store", StorageSettings::default()).await.expect("opened");
    let error = storage.store(state()).await.expect_err("it fails");
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn what_hangs_ends_with_the_time_out_and_is_cancelled_in_the_plugin() {
    let error = open("hang-in-open", impatient()).await.expect_err("it hangs");
    assert!(error.to_string().contains("did not open within 200ms"), "{error}");

    let storage = open("hang-in-store", impatient()).await.expect("opened");
    let job = JobId::new("1").expect("valid");
    let cancelled = async || {
        let entries = storage.list(&job, &ListQuery::all()).await.expect("listed");
        entries[0].size
    };
    let before = cancelled().await;
    let error = storage.store(state()).await.expect_err("it hangs");
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::TimedOut, Outcome::Unknown));
    // The plugin's runtime drops the call on its own thread, soon.
    while cancelled().await == before {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn after_close_every_call_is_refused() {
    let storage = open("", StorageSettings::default()).await.expect("opened");
    storage.close().await.expect("closed");
    storage.close().await.expect("closing again is nothing");
    let job = JobId::new("1").expect("valid");
    for error in [
        storage.store(state()).await.expect_err("closed"),
        storage.list(&job, &ListQuery::all()).await.expect_err("closed"),
        storage.jobs().await.expect_err("closed"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Closed);
    }
}

#[tokio::test]
async fn a_read_only_storage_refuses_changes_whatever_its_plugin_does() {
    let settings = StorageSettings { read_only: true, ..StorageSettings::default() };
    let storage = open("", settings).await.expect("opened");
    let error = storage.store(state()).await.expect_err("read-only");
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ReadOnly, Outcome::NotApplied));
    storage.jobs().await.expect("reading is allowed");
}

#[tokio::test]
async fn negative_ids_are_refused_before_the_plugin_sees_them() {
    let storage = open("panic-in-store", StorageSettings::default()).await.expect("opened");
    let negative = PipelineState { pipeline_id: -1, ..state() };
    let error = storage.store(negative).await.expect_err("negative");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_plugin_whose_factory_panics_fails_to_start() {
    let plugins = plugins_directory(&["faulty_plugin"]);
    let configuration = plugins.path().join("faulty.yaml");
    std::fs::write(
        &configuration,
        "seatunnel:\n  engine:\n    checkpoint:\n      storage:\n        type: faulty\n",
    )
    .expect("written");
    let output = command_line(&configuration, plugins.path(), ["jobs"])
        .env("FAULTY_PLUGIN", "1")
        .output()
        .expect("started");
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("libfaulty_plugin.so"), "{stderr}");
    assert!(stderr.contains("the plugin panicked: the factory panics"), "{stderr}");
}

/// The place in the file of an exported symbol's first byte.
fn offset_of(library: &[u8], name: &str) -> usize {
    let file = object::File::parse(library).expect("a library");
    let symbol = file.dynamic_symbols().find(|symbol| symbol.name() == Ok(name)).expect("exported");
    let index = symbol.section_index().expect("defined");
    let section = file.section_by_index(index).expect("present");
    let (start, _) = section.file_range().expect("in the file");
    usize::try_from(start + symbol.address() - section.address()).expect("in memory")
}

/// A plugins directory with one plugin, some bytes of which were changed.
fn patched(symbol: &str, patch: impl FnOnce(&mut [u8])) -> tempfile::TempDir {
    let mut library = std::fs::read(plugin("faulty_plugin")).expect("built");
    let offset = offset_of(&library, symbol);
    patch(&mut library[offset..]);
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("patched.so"), library).expect("written");
    directory
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let at = bytes.windows(from.len()).position(|window| window == from).expect("present");
    bytes[at..at + to.len()].copy_from_slice(to);
}

fn rejection(directory: &Path) -> String {
    let host = StorageHost::discover(directory).expect("readable");
    match &host.findings()[0].verdict {
        Verdict::Rejected(error) => error.to_string(),
        verdict => panic!("{verdict:?}"),
    }
}

#[test]
fn another_api_abi_stable_or_machine_is_refused_in_one_sentence_without_loading() {
    let other_api =
        patched("CKPT_PLUGIN_MANIFEST", |bytes| replace(bytes, b"api=1.0.0", b"api=2.0.0"));
    let other_abi_stable = patched("CKPT_PLUGIN_ROOT", |bytes| bytes[36] += 1);
    let no_manifest = patched("CKPT_PLUGIN_MANIFEST", |bytes| bytes[0] = b'X');
    for (directory, part) in [
        (&other_api, "it was built against API 2.0.0, this host understands API 1.x"),
        (&other_abi_stable, "it was built with abi_stable 0.12, this host with 0.11"),
        (&no_manifest, "it is cut off or not of this format"),
    ] {
        let text = rejection(directory.path());
        assert!(text.contains(part), "{text}");
        assert!(text.lines().count() == 1 && text.len() < 400, "{text}");
    }

    let mut library = std::fs::read(plugin("faulty_plugin")).expect("built");
    let (own, other) = if cfg!(target_arch = "aarch64") { (183, 62) } else { (62, 183) };
    assert_eq!(library[18], own, "the machine of an ELF file is its byte 18");
    library[18] = other;
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("other.so"), library).expect("written");
    let text = rejection(directory.path());
    assert!(text.contains("built for another machine"), "{text}");
}

#[tokio::test]
async fn a_manifest_that_disagrees_with_its_module_is_found_out_when_it_is_loaded() {
    let directory =
        patched("CKPT_PLUGIN_MANIFEST", |bytes| replace(bytes, b"name=faulty", b"name=faultz"));
    let host = StorageHost::discover(directory.path()).expect("readable");
    let error = host
        .open_plugin("faultz", PluginConfig::default(), StorageSettings::default())
        .await
        .expect_err("they disagree");
    let text = error.to_string();
    assert!(text.contains("its manifest says `faultz`, its module `faulty`"), "{text}");
}

#[tokio::test]
async fn two_plugins_of_one_name_fail_the_open_that_needs_it_and_nothing_else() {
    let plugins = plugins_directory(&["faulty_plugin", "checkpoint_storage_localfile"]);
    std::fs::copy(plugin("faulty_plugin"), plugins.path().join("second.so")).expect("copied");
    let host = StorageHost::discover(plugins.path()).expect("readable");
    let open = |name: &'static str| {
        host.open_plugin(name, PluginConfig::default(), StorageSettings::default())
    };
    let error = open("faulty").await.expect_err("two");
    assert_eq!(error.kind(), storage_host::ErrorKind::PluginAmbiguous);
    let text = error.to_string();
    assert!(text.contains("libfaulty_plugin.so") && text.contains("second.so"), "{text}");
    open("localfile").await.expect("the other one opens");
}
