//! Contract 2: what is no checkpoint is not taken for one, and cannot stall or mislead a reader.

use std::fs;
use std::os::unix::fs::symlink;

use checkpoint_storage_api::{ErrorKind, ListQuery, ScanKind};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::{Folder, NAME, job, name, names, state};

/// Names of checkpoints under which something else lies.
const PIPE: &str = "1895474038044-1-1-1.ser";
const LINK: &str = "1895474038044-2-1-1.ser";
const DIRECTORY: &str = "1895474038044-3-1-1.ser";
const DANGLING: &str = "1895474038044-4-1-1.ser";

#[tokio::test]
async fn pipes_links_and_directories_are_never_checkpoints() {
    let folder = Folder::new();
    let storage = folder.open().await;
    let entry = storage.store(state(1, "s")).await.expect("stored");
    let one = folder.job("1");
    mknodat(CWD, one.join(PIPE), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
    fs::create_dir(one.join(DIRECTORY)).expect("created");
    symlink(one.join(entry.name.to_string()), one.join(LINK)).expect("linked");
    symlink("/nowhere", one.join(DANGLING)).expect("linked");

    let listed = storage.list(&job("1"), &ListQuery::all()).await.expect("listed");
    assert_eq!(listed.iter().map(|entry| entry.name).collect::<Vec<_>>(), [entry.name]);
    for file_name in [PIPE, LINK, DIRECTORY, DANGLING] {
        let name = name(file_name);
        let read = storage.read(&job("1"), &name).await.expect_err(file_name);
        assert_eq!(read.kind(), ErrorKind::NotFound, "{read}");
        let opened = storage.open_reader(&job("1"), &name).await.err().expect(file_name);
        assert_eq!(opened.kind(), ErrorKind::NotFound);
        let moved = storage.quarantine(&job("1"), &name).await.expect_err(file_name);
        assert_eq!(moved.kind(), ErrorKind::NotFound);
        let report = storage.delete_names(&job("1"), &[name]).await.expect("reported");
        assert_eq!(report.missing, [name]);
    }
    let foreign: Vec<_> = storage
        .scan(Some(&job("1")))
        .await
        .expect("scanned")
        .into_iter()
        .filter(|item| item.kind == ScanKind::Foreign)
        .map(|item| item.path)
        .collect();
    assert_eq!(foreign, [PIPE, LINK, DIRECTORY, DANGLING].map(|name| format!("1/{name}")));

    storage.delete_job(&job("1")).await.expect("deleted");
    assert_eq!(names(&one), [PIPE, LINK, DIRECTORY, DANGLING]);
    assert!(storage.jobs().await.expect("listed").is_empty());
}

#[tokio::test]
async fn a_sidecar_that_is_a_pipe_stalls_nobody() {
    let folder = Folder::new();
    let storage = folder.open().await;
    let entry = storage.store(state(1, "s")).await.expect("stored");
    let pipe = folder.job("1").join(format!(".{}.crc", entry.name));
    mknodat(CWD, pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
    storage.read(&job("1"), &entry.name).await.expect("read");
}

#[tokio::test]
async fn what_lies_around_in_the_namespace_disturbs_nobody() {
    let folder = Folder::new();
    let storage = folder.open().await;
    storage.store(state(1, "s")).await.expect("stored");
    let namespace = folder.namespace();
    fs::write(namespace.join(NAME), "a file of the namespace's own").expect("written");
    fs::create_dir(namespace.join("empty")).expect("created");
    fs::create_dir(namespace.join("foreign")).expect("created");
    fs::write(namespace.join("foreign/notes.ser"), "notes").expect("written");
    symlink(folder.job("1"), namespace.join("link")).expect("linked");
    // No text in any encoding that a job id could have.
    let no_text: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"caf\xe9");
    fs::create_dir(namespace.join(no_text)).expect("created");
    fs::write(namespace.join(no_text).join(NAME), "x").expect("written");

    assert_eq!(storage.jobs().await.expect("listed"), [job("1")]);
    let items = storage.scan(None).await.expect("scanned");
    let foreign: Vec<_> = items
        .iter()
        .filter(|item| item.kind == ScanKind::Foreign)
        .map(|item| item.path.as_str())
        .collect();
    assert_eq!(foreign, [NAME, "caf\u{fffd}", "foreign/notes.ser", "link"]);
    assert_eq!(items.len(), 5);
}
