//! Ids, clocks, and what a job goes on from.

use checkpoint_storage_api::{ErrorKind as StorageKind, Integrity};
use storage_host::config::OnCorrupt;
use storage_host::{ErrorKind, restore_job, restore_pipeline};

use crate::support::{Scripted, Store, builder, job, pass, settings, start};

#[tokio::test(start_paused = true)]
async fn ids_go_on_from_the_greatest_that_is_stored() {
    let storage = Scripted::default();
    storage.put(1, 41, Integrity::Ok);
    storage.put(1, 3, Integrity::Ok);
    storage.put(2, 99, Integrity::Ok);
    for expected in [42, 43] {
        let (coordinator, _events) = start(&storage, settings(), &[]).await;
        let done = coordinator.checkpoint(1).await.expect("completed");
        assert_eq!(done.of.checkpoint, expected);
    }
    assert_eq!(storage.ids(1), [41, 3, 42, 43]);
}

#[tokio::test(start_paused = true)]
async fn an_id_is_not_given_again_whatever_became_of_it() {
    let storage = Scripted::default();
    storage.script([Store::Fails, Store::UnknownLost]);
    let settings = storage_host::CoordinatorSettings { tolerable_failure: 9, ..settings() };
    let (coordinator, _events) = start(&storage, settings, &[]).await;
    coordinator.checkpoint(1).await.expect_err("scripted");
    coordinator.checkpoint(1).await.expect_err("scripted");
    assert_eq!(coordinator.checkpoint(1).await.expect("completed").of.checkpoint, 3);
}

#[tokio::test(start_paused = true)]
async fn after_the_last_id_the_job_fails_and_says_so() {
    let storage = Scripted::default();
    storage.put(1, i64::MAX - 1, Integrity::Ok);
    let (coordinator, _events) = start(&storage, settings(), &[]).await;
    assert_eq!(coordinator.checkpoint(1).await.expect("the last").of.checkpoint, i64::MAX);
    let error = coordinator.checkpoint(1).await.expect_err("there is none after it");
    assert_eq!(error.kind(), ErrorKind::JobFailed);
    assert!(error.to_string().contains("no id"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_changes_neither_the_interval_nor_what_is_latest() {
    let storage = Scripted::default();
    storage.set_clock(1_000_000);
    let (_coordinator, _events) = start(&storage, settings(), &[]).await;
    pass(1001).await;
    storage.set_clock(5);
    pass(2000).await;
    assert_eq!(storage.ids(1), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn pipelines_are_checked_before_anything_begins() {
    let storage = Scripted::default();
    let nothing = |_| async { Ok::<_, std::io::Error>("") };
    for pipelines in [[1, 1], [0, -1]] {
        let builder = builder(&storage, settings()).pipeline(pipelines[0], nothing);
        let error = builder.pipeline(pipelines[1], nothing).start().await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Storage(StorageKind::InvalidInput));
    }
    storage.let_listing_fail(true);
    let started = builder(&storage, settings()).pipeline(1, nothing).start().await;
    started.expect_err("without the ids that are stored, an id might be given twice");
}

#[tokio::test(start_paused = true)]
async fn a_job_without_checkpoints_restores_from_nothing() {
    let restored = restore_job(&Scripted::default(), OnCorrupt::Fail, &job()).await;
    assert!(restored.expect("nothing is no error").is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_pipeline_restores_from_its_latest_unless_that_is_corrupt() {
    let storage = Scripted::default();
    storage.put(1, 1, Integrity::Ok);
    storage.put(2, 1, Integrity::Ok);
    storage.put(1, 2, Integrity::Ok);
    storage.put(2, 2, Integrity::Corrupt);
    let failed = restore_job(&storage, OnCorrupt::Fail, &job()).await.expect_err("corrupt");
    assert_eq!(failed.kind(), StorageKind::Corrupt);
    let restored = restore_job(&storage, OnCorrupt::Previous, &job()).await.expect("readable");
    let ids: Vec<_> =
        restored.iter().map(|(id, from)| (*id, from.entry.name.checkpoint_id)).collect();
    assert_eq!(ids, [(1, 2), (2, 1)]);
}

#[tokio::test(start_paused = true)]
async fn where_all_are_corrupt_nothing_is_restored_and_nothing_lost() {
    let storage = Scripted::default();
    storage.put(1, 1, Integrity::Corrupt);
    storage.put(1, 2, Integrity::Corrupt);
    for on_corrupt in [OnCorrupt::Fail, OnCorrupt::Previous] {
        let restored = restore_pipeline(&storage, on_corrupt, &job(), 1).await;
        assert_eq!(restored.expect_err("all are").kind(), StorageKind::Corrupt);
    }
    assert_eq!(storage.ids(1), [1, 2]);
}
