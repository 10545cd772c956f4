//! The ABI's layout against what was recorded when each minor was released.

use std::path::{Path, PathBuf};

use checkpoint_storage_api::ffi::{LayoutChange, changes_since, describe_layout};

const RECORD: &str = "CHECKPOINT_STORAGE_RECORD_ABI";

const HOW_TO_APPEND: &str = "\
the ABI may only grow at its ends (see the `ffi` module):
  1. put a new method of RawStorage or RawReader last, with a default body that answers
     `unsupported`; put a new field of PluginModule or HostApi last; leave plain structs alone
  2. raise the minor in checkpoint-storage-api/Cargo.toml
  3. record it: CHECKPOINT_STORAGE_RECORD_ABI=1 cargo test -p checkpoint-storage-api --test abi_layout";

fn records() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("abi")
}

fn own_record() -> PathBuf {
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    records().join(format!("{major}.{minor}.txt"))
}

fn listed(changes: &[LayoutChange]) -> String {
    changes.iter().map(|change| format!("  {change}\n")).collect()
}

#[test]
fn the_layout_is_what_this_minor_recorded() {
    let (current, file) = (describe_layout(), own_record());
    if std::env::var_os(RECORD).is_some() && !file.exists() {
        std::fs::write(&file, &current).expect("the record can be written");
    }
    let recorded = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}\n{HOW_TO_APPEND}", file.display()));
    let changes = changes_since(&recorded, &current);
    let file = file.display();
    assert!(changes.is_empty(), "changed since {file}:\n{}{HOW_TO_APPEND}", listed(&changes));
}

#[test]
fn no_released_layout_was_changed_other_than_by_appending() {
    let current = describe_layout();
    let mut compared = 0;
    for file in std::fs::read_dir(records()).expect("the records are there") {
        let path = file.expect("readable").path();
        let mut changes =
            changes_since(&std::fs::read_to_string(&path).expect("readable"), &current);
        changes.retain(|change| matches!(change, LayoutChange::Broken(_)));
        let file = path.display();
        assert!(changes.is_empty(), "broken since {file}:\n{}{HOW_TO_APPEND}", listed(&changes));
        compared += 1;
    }
    assert!(compared > 0, "no layout is recorded in {}", records().display());
}
