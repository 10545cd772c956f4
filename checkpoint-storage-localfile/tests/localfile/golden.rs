//! What the Java engine wrote on a disk, read through the storage.

use std::fs;
use std::path::{Path, PathBuf};

use checkpoint_storage_api::{Integrity, ListQuery, ScanKind};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::support::{Folder, job, names, read_all};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Golden {
    file: String,
    job_id: String,
    pipeline_id: i32,
    checkpoint_id: i64,
    states_null: bool,
    states_sha256: Option<String>,
    file_len: u64,
}

pub(crate) fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden")
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("created");
    for entry in names(from) {
        fs::copy(from.join(&entry), to.join(&entry)).expect("copied");
    }
}

#[tokio::test]
async fn what_java_s_plugins_wrote_is_listed_and_read() {
    let manifest = fs::read(golden().join("manifest.json")).expect("readable");
    let manifest: Vec<Golden> = serde_json::from_slice(&manifest).expect("a manifest");
    for plugin in ["hdfs-local", "localfile"] {
        let folder = Folder::new();
        for job in names(&golden().join(plugin)) {
            copy_directory(&golden().join(plugin).join(&job), &folder.job(&job));
        }
        let storage = folder.open_with([], true).await.expect("opened");
        let expected: Vec<_> =
            manifest.iter().filter(|golden| golden.file.starts_with(plugin)).collect();
        assert!(!expected.is_empty());
        let mut listed = Vec::new();
        for job in storage.jobs().await.expect("listed") {
            listed.extend(storage.list(&job, &ListQuery::all()).await.expect("listed"));
        }
        assert_eq!(listed.len(), expected.len());
        for golden in expected {
            let one = job(&golden.job_id);
            let entry = listed
                .iter()
                .find(|entry| golden.file.ends_with(&format!("{one}/{}", entry.name)))
                .expect("listed");
            assert_eq!((&entry.job_id, entry.size), (&one, golden.file_len));
            let read = storage.read(&one, &entry.name).await.expect("read");
            assert_eq!(read.entry.integrity, Integrity::NoChecksum);
            assert_eq!(read.entry.name.pipeline_id, golden.pipeline_id);
            assert_eq!(read.entry.name.checkpoint_id, golden.checkpoint_id);
            assert_eq!(read.states.is_none(), golden.states_null);
            assert_eq!(read.states.as_deref().map(sha256), golden.states_sha256);
            let mut reader = storage.open_reader(&one, &entry.name).await.expect("opened");
            let streamed = read_all(&mut *reader, 1000).await.expect("read");
            assert_eq!(read.states.unwrap_or_default(), streamed);
        }
        // Sidecars belong to their checkpoints: nothing is foreign and nothing is left over.
        let items = storage.scan(None).await.expect("scanned");
        assert!(items.iter().all(|item| matches!(item.kind, ScanKind::Checkpoint(_))), "{items:?}");
    }
}

#[tokio::test]
async fn a_checkpoint_of_the_whole_engine_is_restored() {
    let folder = Folder::new();
    copy_directory(&golden().join("engine"), &folder.job("5001"));
    let storage = folder.open().await;
    let latest = storage.latest_of_pipeline(&job("5001"), 1).await.expect("read");
    let state = latest.expect("present").into_state();
    assert_eq!((state.checkpoint_id, state.states.expect("present").len()), (6, 68_669));
}
