//! Each side reads, lists and deletes what the other wrote.

use std::fs;

use checkpoint_storage_api::{
    CheckpointKind, CheckpointStorage, ErrorKind, Integrity, ListQuery, ScanKind,
};
use checkpoint_storage_tests::java::ours::{self, job, names};
use checkpoint_storage_tests::java::{State, jars, latest, sorted};

use crate::folder::Folder;
use crate::peer::Plugin;

const JOB: &str = "任务 1";

fn mebibyte() -> Vec<u8> {
    (0..1_u32 << 20).map(|i| (i * 7 + i / 4096).to_le_bytes()[0]).collect()
}

/// In the order in which they are stored.
fn states() -> Vec<State> {
    let large = mebibyte();
    [
        (1, 1, Some(&b"first"[..])),
        (1, 2, None),
        (2, 1, Some(&large)),
        (1, 3, Some(b"")),
        (2, 9_223_372_036_854_775_807, Some(&[0xff; 513])),
        (0, 0, Some(b"zeros")),
    ]
    .map(|(pipeline, checkpoint, states)| State::new(JOB, pipeline, checkpoint, states))
    .into()
}

#[tokio::test]
async fn ours_reads_what_java_wrote() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let mut java = plugin.open(jars, &folder.namespace());
        let mut expected = states();
        // Java can write negative ids, though it does not find them again.
        expected.push(State::new(JOB, -1, 5, Some(b"negative pipeline")));
        expected.push(State::new(JOB, 3, -1, Some(b"negative checkpoint")));
        let written: Vec<_> =
            expected.iter().map(|state| java.store(state).expect("stored")).collect();

        let storage = folder.open().await;
        assert_eq!(storage.jobs().await.expect("listed"), [job(JOB)]);
        assert_eq!(names(&storage, JOB).await, written, "{plugin:?}");
        assert!(ours::all(&storage, JOB).await == expected, "{plugin:?}");
        assert!(ours::latest(&storage, JOB).await == latest(&expected), "{plugin:?}");
        for entry in storage.list(&job(JOB), &ListQuery::all()).await.expect("listed") {
            let read = storage.read(&job(JOB), &entry.name).await.expect("read");
            assert_eq!(read.entry.integrity, Integrity::NoChecksum);
        }
        let sidecars = folder.files(JOB).iter().filter(|name| name.ends_with(".crc")).count();
        assert_eq!(sidecars, if plugin == Plugin::Hdfs { expected.len() } else { 0 });
        let items = storage.scan(None).await.expect("scanned");
        assert!(items.iter().all(|item| matches!(item.kind, ScanKind::Checkpoint(_))), "{items:?}");
    }
}

#[tokio::test]
async fn a_flipped_bit_in_java_s_states_is_seen_where_java_kept_a_sidecar() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let mut java = plugin.open(jars, &folder.namespace());
        let name = java.store(&State::new(JOB, 1, 1, Some(&mebibyte()))).expect("stored");
        let file = folder.job(JOB).join(&name);
        let mut bytes = fs::read(&file).expect("readable");
        bytes[600_000] ^= 1;
        fs::write(&file, bytes).expect("written");

        let storage = folder.open().await;
        let read = storage.latest_of_pipeline(&job(JOB), 1).await;
        match plugin {
            Plugin::Hdfs => {
                let error = read.expect_err("damaged");
                assert_eq!(error.kind(), ErrorKind::Corrupt);
                assert!(error.to_string().contains(&name), "{error}");
                java.latest_of_pipeline(JOB, 1).expect_err("Hadoop sees it too");
            }
            Plugin::LocalFile => {
                let read = read.expect("nobody can tell").expect("present");
                assert_eq!(read.entry.integrity, Integrity::NoChecksum);
                assert!(java.latest_of_pipeline(JOB, 1).is_ok());
            }
        }
    }
}

#[tokio::test]
async fn java_reads_what_ours_wrote() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let storage = folder.open().await;
        let mut expected = states();
        for state in &expected {
            ours::store(&storage, state).await;
        }
        // Java takes a savepoint for what it is besides: a checkpoint.
        let savepoint = State::new(JOB, 1, 4, Some(b"kept"));
        ours::store_as(&storage, &savepoint, CheckpointKind::Savepoint).await;
        expected.push(savepoint);
        let mut java = plugin.open(jars, &folder.namespace());
        assert!(java.all(JOB).expect("read") == sorted(&expected), "{plugin:?}");
        assert!(java.latest(JOB).expect("read") == latest(&expected), "{plugin:?}");
        for last in latest(&expected) {
            let read = java.latest_of_pipeline(JOB, last.pipeline).expect("read");
            assert!(read == Some(last), "{plugin:?}");
        }
        let second: Vec<_> = expected.iter().filter(|s| s.pipeline == 2).cloned().collect();
        assert!(java.of_pipeline(JOB, 2).expect("read") == sorted(&second), "{plugin:?}");
        for state in &expected {
            let read = java.get(JOB, state.pipeline, state.checkpoint).expect("read");
            assert!(read == *state, "{plugin:?}");
        }
    }
}

#[tokio::test]
async fn java_deletes_what_ours_wrote_and_ours_goes_on() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let storage = folder.open().await;
        let mut expected = states();
        for state in &expected {
            ours::store(&storage, state).await;
        }
        let mut java = plugin.open(jars, &folder.namespace());
        java.delete(JOB, 1, &[1, 2, 77]).expect("deleted");
        expected.retain(|state| state.pipeline != 1 || state.checkpoint > 2);
        assert!(ours::all(&storage, JOB).await == expected, "{plugin:?}");
        assert_eq!(folder.files(JOB), names(&storage, JOB).await, "{plugin:?}");

        java.delete_job(JOB).expect("deleted");
        assert_eq!(storage.jobs().await.expect("listed"), []);
        assert_eq!(names(&storage, JOB).await, [] as [String; 0]);
        // The directory went away under a storage that had made it.
        let again = State::new(JOB, 1, 1, Some(b"again"));
        ours::store(&storage, &again).await;
        assert_eq!(java.all(JOB).expect("read"), [again]);
    }
}

#[tokio::test]
async fn ours_deletes_what_java_wrote_and_java_goes_on() {
    let Some(jars) = jars() else { return };
    for plugin in Plugin::ALL {
        let folder = Folder::new();
        let mut java = plugin.open(jars, &folder.namespace());
        let storage = folder.open().await;
        let mut expected = states();
        for state in &expected {
            java.store(state).expect("stored");
        }
        let report = storage.delete_checkpoints(&job(JOB), 1, &[1, 2]).await.expect("deleted");
        assert_eq!(report.deleted.len(), 2);
        expected.retain(|state| state.pipeline != 1 || state.checkpoint > 2);
        let between = State::new(JOB, 1, 4, Some(b"between"));
        ours::store(&storage, &between).await;
        expected.push(between);
        let after = State::new(JOB, 1, 5, Some(b"after"));
        java.store(&after).expect("stored");
        expected.push(after);
        assert!(java.all(JOB).expect("read") == sorted(&expected), "{plugin:?}");
        assert!(java.latest(JOB).expect("read") == latest(&expected), "{plugin:?}");
        no_sidecar_is_alone(&folder, plugin, expected.len() - 1);

        storage.delete_job(&job(JOB)).await.expect("deleted");
        assert!(!folder.job(JOB).exists(), "{plugin:?}: {:?}", folder.files(JOB));
        assert_eq!(java.all(JOB).expect("no error"), []);
        java.store(&State::new(JOB, 1, 1, Some(b"again"))).expect("stored");
        assert_eq!(names(&storage, JOB).await.len(), 1);
    }
}

/// Each sidecar has its file, and `of_java` files have one if Java's plugin keeps them.
fn no_sidecar_is_alone(folder: &Folder, plugin: Plugin, of_java: usize) {
    let files = folder.files(JOB);
    let sidecars: Vec<_> = files.iter().filter_map(|name| name.strip_suffix(".crc")).collect();
    for of in &sidecars {
        let of = of.strip_prefix('.').expect("hidden");
        assert!(
            files.iter().any(|name| name == of),
            "{plugin:?}: a sidecar of no file in {files:?}"
        );
    }
    assert_eq!(sidecars.len(), if plugin == Plugin::Hdfs { of_java } else { 0 }, "{files:?}");
}
