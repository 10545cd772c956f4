//! Contracts 1, 2, 6 and 9: what is stored is there, whole, for everyone, until it is deleted.

use std::fs;
use std::sync::Arc;

use checkpoint_storage_api::{ErrorKind, ImportOptions, ListQuery, PipelineState};

use crate::support::{Folder, bytes, job, name, names, read_all, state};

#[tokio::test]
async fn what_is_stored_is_read_by_another_storage() {
    let folder = Folder::new();
    for (keys, id) in [([("sync", "true")], 1), ([("sync", "false")], 2)] {
        let storage = folder.open_with(keys, false).await.expect("opened");
        for len in [0, 1, 4096, (4 << 20) + 7, 9 << 20] {
            let stored = state(id, bytes(len));
            let entry = storage.store(stored.clone()).await.expect("stored");
            let other = folder.open_with([], true).await.expect("opened");
            let read = other.read(&job("1"), &entry.name).await.expect("read");
            assert_eq!(read.entry.size, entry.size);
            assert_eq!(read.into_state(), stored);
            let file = folder.job("1").join(entry.name.to_string());
            assert_eq!(fs::metadata(file).expect("there").len(), entry.size);
        }
    }
    let storage = folder.open().await;
    let null = PipelineState { states: None, ..state(3, "") };
    let entry = storage.store(null.clone()).await.expect("stored");
    assert_eq!(storage.read(&job("1"), &entry.name).await.expect("read").into_state(), null);
    let listed = storage.list(&job("1"), &ListQuery::all()).await.expect("listed");
    assert_eq!(
        names(&folder.job("1")),
        listed.iter().map(|e| e.name.to_string()).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn opening_and_reading_create_nothing() {
    let folder = Folder::new();
    for read_only in [true, false] {
        let storage = folder.open_with([], read_only).await.expect("opened");
        assert!(storage.jobs().await.expect("listed").is_empty());
        assert!(storage.list(&job("1"), &ListQuery::all()).await.expect("listed").is_empty());
        assert!(storage.scan(None).await.expect("scanned").is_empty());
        let absent = storage.read(&job("1"), &name("1-1-1-1.ser")).await.expect_err("absent");
        assert_eq!(absent.kind(), ErrorKind::NotFound);
        let absent = storage.open_reader(&job("1"), &name("1-1-1-1.ser")).await.err();
        assert_eq!(absent.expect("absent").kind(), ErrorKind::NotFound);
    }
    let storage = folder.open().await;
    let report = storage.delete_job(&job("1")).await.expect("deleted");
    assert!(report.deleted.is_empty() && report.failed.is_empty());
    assert!(names(folder.path()).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stores_at_once_are_all_kept() {
    let folder = Folder::new();
    // Several storages, so that each one's first store looks for leftovers among living writers.
    let mut stores = Vec::new();
    for writer in 0..4 {
        let storage = folder.open().await;
        for id in 0..16 {
            let storage = Arc::clone(&storage);
            stores.push(tokio::spawn(async move {
                storage.store(state(writer * 16 + id, bytes(100_000))).await
            }));
        }
    }
    let mut stored = Vec::new();
    for store in stores {
        stored.push(store.await.expect("no panic").expect("stored").name);
    }
    stored.sort_unstable();
    let storage = folder.open().await;
    let listed = storage.list(&job("1"), &ListQuery::all()).await.expect("listed");
    assert_eq!(listed.iter().map(|entry| entry.name).collect::<Vec<_>>(), stored);
    assert_eq!(storage.checkpoints_of_job(&job("1")).await.expect("all whole").len(), 64);
    assert_eq!(names(&folder.job("1")).len(), 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_that_is_deleted_all_the_while_can_be_written() {
    let folder = Folder::new();
    let storage = folder.open_with([("sync", "false")], false).await.expect("opened");
    let deleting = {
        let storage = folder.open_with([("sync", "false")], false).await.expect("opened");
        tokio::spawn(async move {
            loop {
                storage.delete_job(&job("1")).await.expect("deleted");
            }
        })
    };
    for id in 0..200 {
        storage.store(state(id, "s")).await.expect("stored");
    }
    deleting.abort();
    assert!(deleting.await.expect_err("aborted").is_cancelled());
}

#[tokio::test]
async fn delete_takes_the_directory_when_it_is_empty() {
    let folder = Folder::new();
    let storage = folder.open().await;
    let first = storage.store(state(1, "a")).await.expect("stored").name;
    let second = storage.store(state(2, "b")).await.expect("stored").name;
    let absent = name("1-1-1-1.ser");
    let report = storage.delete_names(&job("1"), &[first, absent]).await.expect("deleted");
    assert_eq!((report.deleted, report.missing), (vec![first], vec![absent]));
    assert_eq!(names(&folder.job("1")), [second.to_string()]);

    let report = storage.delete_job(&job("1")).await.expect("deleted");
    assert_eq!(report.deleted, [second]);
    assert!(!folder.job("1").exists());
    assert!(storage.jobs().await.expect("listed").is_empty());
    storage.store(state(3, "c")).await.expect("stored");
    assert_eq!(storage.jobs().await.expect("listed"), [job("1")]);
}

#[tokio::test]
async fn a_copy_between_namespaces_is_the_same_file() {
    let (from, to) = (Folder::new(), Folder::new());
    let (source, target) = (from.open().await, to.open().await);
    let entry = source.store(state(1, bytes(3_000_000))).await.expect("stored");
    let file_name = entry.name.to_string();
    let reader = source.open_reader(&job("1"), &entry.name).await.expect("opened");
    target.import(reader, ImportOptions::default()).await.expect("copied");
    let file = |folder: &Folder| fs::read(folder.job("1").join(&file_name)).expect("readable");
    assert!(file(&from) == file(&to), "the copy differs");

    let reader = source.open_reader(&job("1"), &entry.name).await.expect("opened");
    let again = target.import(reader, ImportOptions::default()).await.expect_err("taken");
    assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    target.close().await.expect("closed");
    assert_eq!(names(&to.job("1")), [file_name]);
}

#[tokio::test]
async fn chunks_are_bounded() {
    let folder = Folder::new();
    let storage = folder.open().await;
    let entry = storage.store(state(1, bytes(1_000_000))).await.expect("stored");
    for max_len in [4_000, 65_536, usize::MAX] {
        let mut reader = storage.open_reader(&job("1"), &entry.name).await.expect("opened");
        assert_eq!(read_all(&mut *reader, max_len).await.expect("whole"), bytes(1_000_000));
    }
}

#[tokio::test]
async fn a_quarantined_file_is_kept_beside() {
    let folder = Folder::new();
    let storage = folder.open().await;
    let entry = storage.store(state(1, "s")).await.expect("stored");
    let sidecar = folder.job("1").join(format!(".{}.crc", entry.name));
    fs::write(&sidecar, "sums").expect("written");
    let place = storage.quarantine(&job("1"), &entry.name).await.expect("moved");
    assert_eq!(
        place,
        folder.job("1").join(format!("{}.quarantined", entry.name)).to_str().expect("text")
    );
    assert_eq!(
        names(&folder.job("1")),
        [format!(".{}.quarantined.crc", entry.name), format!("{}.quarantined", entry.name)]
    );
    assert!(storage.jobs().await.expect("listed").is_empty());
    // A second file of that name does not replace the evidence.
    fs::write(folder.job("1").join(entry.name.to_string()), "x").expect("written");
    let error = storage.quarantine(&job("1"), &entry.name).await.expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.advice().is_some(), "{error}");
}

#[tokio::test]
async fn namespaces_and_odd_job_ids_live_side_by_side() {
    let folder = Folder::new();
    let root = folder.path().to_str().expect("text");
    let below = folder
        .open_with([("fs.defaultFS", root), ("storageNameSpace", "below/")], false)
        .await
        .expect("opened");
    let beside = folder.open().await;
    for id in ["a b%2F;x😀", "任务-1", " ", "...", "-rf", ".hidden"] {
        let stored = PipelineState { job_id: job(id), ..state(1, id.to_owned()) };
        below.store(stored.clone()).await.expect(id);
        let read = below.latest_of_pipeline(&job(id), 1).await.expect(id).expect(id);
        assert_eq!(read.into_state(), stored);
        assert!(folder.path().join("below").join(id).is_dir());
    }
    assert_eq!(below.jobs().await.expect("listed").len(), 6);
    assert!(beside.jobs().await.expect("listed").is_empty());
}
