//! The mistakes that users make, each with the message that it gets: `mistakes/NAME.yaml` and
//! `mistakes/NAME.txt`. After a change of the messages, read what
//! `UPDATE_EXPECT=1 cargo test -p storage-host --test mistakes` writes.

use std::path::{Path, PathBuf};

use expect_test::expect_file;
use storage_host::StorageHost;
use storage_host::config::ConfigReading;

/// The texts that stand for secrets all hold this.
const SECRET: &str = "hush";

fn mistakes() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    files
}

#[test]
fn each_mistake_gets_its_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = StorageHost::discover(folder.path()).expect("an empty plugins directory");
    let mistakes = mistakes();
    assert!(mistakes.len() >= 20, "{}", mistakes.len());
    for file in mistakes {
        let text = std::fs::read_to_string(&file).expect("a mistake");
        let mut reading = ConfigReading::of_text(&text, "seatunnel.yaml", &|_| None);
        host.review(&mut reading);
        let message = format!("{}\n", reading.diagnostics());
        assert!(!message.contains(SECRET), "{}: {message}", file.display());
        assert!(!format!("{reading:?}").contains(SECRET), "{}", file.display());
        assert!(reading.diagnostics().iter().all(|one| one.place.is_some()), "{message}");
        expect_file![file.with_extension("txt")].assert_eq(&message);
    }
}
