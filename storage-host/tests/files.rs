//! The document's samples as they stand, and the files of `config/`.

use std::path::{Path, PathBuf};

use checkpoint_storage_keys::{ALL, Value};
use storage_host::StorageHost;
use storage_host::config::{ConfigReading, Severity};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository")
}

/// Reads a text as if every plugin of the table were there.
fn reading(text: &str) -> ConfigReading {
    let folder = tempfile::tempdir().expect("a folder");
    let host = StorageHost::discover(folder.path()).expect("an empty plugins directory");
    let mut reading = ConfigReading::of_text(text, "seatunnel.yaml", &|_| None);
    host.review(&mut reading);
    reading
}

fn sample(name: &str) -> ConfigReading {
    let file = repository().join("storage-host/tests/samples").join(name);
    reading(&std::fs::read_to_string(file).expect("a sample"))
}

fn configurations() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(repository().join("config")).expect("the folder");
    folder.map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn the_document_s_plugin_sample_loads_and_its_unknown_keys_are_warned_of() {
    let reading = sample("plugin-config.yaml");
    let found: Vec<_> =
        reading.diagnostics().iter().map(|one| (one.severity, one.key.as_str())).collect();
    let expected = [
        (Severity::Warning, "storage.plugin-config.K1"),
        (Severity::Warning, "storage.plugin-config.K2"),
    ];
    assert_eq!(found, expected, "{}", reading.diagnostics());
    let storage = &reading.config().storage;
    assert_eq!(storage.plugin_type, "hdfs");
    assert_eq!(storage.plugin_config.get("storageNameSpace"), Some(""));
}

#[test]
fn the_document_s_s3_samples_load_without_a_word() {
    for (name, key, value) in [
        ("s3-static-keys.yaml", "fs.s3a.secret-key", "your-secret-key"),
        ("s3-instance-profile.yaml", "fs.s3a.endpoint", "your-endpoint"),
    ] {
        let reading = sample(name);
        assert_eq!(reading.diagnostics().iter().count(), 0, "{}", reading.diagnostics());
        let config = reading.into_config().expect("valid");
        assert_eq!((config.interval.as_millis(), config.timeout.as_millis()), (6000, 7000));
        assert_eq!((config.max_concurrent, config.tolerable_failure), (5, 2));
        assert_eq!((config.storage.plugin_type.as_str(), config.storage.max_retained), ("hdfs", 3));
        assert_eq!(config.storage.plugin_config.get(key), Some(value));
    }
}

#[test]
fn every_file_of_config_loads_without_a_word() {
    let files = configurations();
    assert!(files.len() >= 9, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a configuration");
        let reading = reading(&text);
        let is_expected = |key: &str| key.starts_with("storage.plugin-config.sqlite.");
        let unexpected: Vec<_> =
            reading.diagnostics().iter().filter(|one| !is_expected(&one.key)).collect();
        assert!(unexpected.is_empty(), "{}: {}", file.display(), reading.diagnostics());
    }
}

#[test]
fn the_complete_file_lists_every_key_and_loads_with_all_of_them() {
    let text = std::fs::read_to_string(repository().join("config/complete.yaml")).expect("read");
    for key in ALL.iter().filter(|key| key.value != Value::Section) {
        let name = key.name.trim_end_matches('*');
        assert!(text.contains(name), "{name}");
    }
    let is_key = |line: &str| line.trim_start().starts_with("# ") && line.contains(": ");
    let everything: String = text
        .lines()
        .map(|line| match line.find("# ") {
            Some(at) if is_key(line) && line.starts_with("          ") => {
                format!("{}{}\n", &line[..at], &line[at + 2..])
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let reading = reading(&everything);
    assert_eq!(reading.diagnostics().iter().count(), 0, "{}", reading.diagnostics());
    assert_eq!(reading.config().storage.plugin_config.get("s3.checksum"), Some("auto"));
}
