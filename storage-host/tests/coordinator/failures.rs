//! What fails, what is tolerated, and what is only unknown.

use std::sync::Arc;

use storage_host::coordinator::Event;
use storage_host::{CoordinatorSettings, ErrorKind, Shutdown};

use crate::support::{Scripted, Store, builder, pass, seen, settings, start};

fn tolerating(tolerable_failure: u32) -> CoordinatorSettings {
    CoordinatorSettings { tolerable_failure, ..settings() }
}

#[tokio::test(start_paused = true)]
async fn a_success_resets_the_count_of_failures() {
    let storage = Scripted::default();
    let (fails, works) = (Store::Fails, Store::Takes(0));
    storage.script([fails, fails, works, fails, fails, works, fails, fails, fails]);
    let (coordinator, mut events) = start(&storage, tolerating(2), &[]).await;
    pass(8500).await;
    let mut ends = seen(&mut events);
    ends.retain(|word| !word.starts_with("triggered") && !word.starts_with("storing"));
    let expected = [
        "failed 1 (1)",
        "failed 2 (2)",
        "completed 3",
        "failed 4 (1)",
        "failed 5 (2)",
        "completed 6",
        "failed 7 (1)",
        "failed 8 (2)",
    ];
    assert_eq!(ends, expected);
    pass(501).await;
    let mut ends = seen(&mut events);
    assert_eq!(ends.split_off(2), ["failed 9 (3)", "job failed"]);
    let reason = coordinator.failed().await;
    assert_eq!(reason.kind(), ErrorKind::JobFailed);
    for part in [
        "job job pipeline 1",
        "3 checkpoints in a row",
        "`tolerable-failure` is 2",
        "9: ",
        "scripted",
    ] {
        assert!(reason.to_string().contains(part), "{reason}: no {part:?}");
    }
    assert!(Arc::ptr_eq(&coordinator.shutdown(Shutdown::Wait).await.expect_err("failed"), &reason));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_tolerated_by_default_and_a_failed_job_takes_no_checkpoints() {
    let storage = Scripted::default();
    storage.script([Store::Fails]);
    let (coordinator, mut events) = start(&storage, tolerating(0), &[]).await;
    let answer = coordinator.checkpoint(1).await.expect_err("scripted");
    assert_eq!(answer.kind().as_str(), "unavailable");
    assert_eq!(coordinator.failed().await.kind(), ErrorKind::JobFailed);
    for request in [coordinator.checkpoint(1).await, coordinator.finish(1).await] {
        assert_eq!(request.expect_err("the job failed").kind(), ErrorKind::JobFailed);
    }
    pass(10_000).await;
    assert_eq!(seen(&mut events), ["triggered 1", "storing 1", "failed 1 (1)", "job failed"]);
}

#[tokio::test(start_paused = true)]
async fn one_pipeline_that_fails_too_often_ends_all() {
    let storage = Scripted::default();
    let never = |_| std::future::pending::<Result<&'static str, std::io::Error>>();
    let fails = |_| async { Err::<&'static str, _>(std::io::Error::other("no state")) };
    let (coordinator, mut events) = builder(&storage, tolerating(0))
        .pipeline(1, never)
        .pipeline(2, fails)
        .start()
        .await
        .expect("started");
    let (one, two) = tokio::join!(coordinator.checkpoint(1), coordinator.checkpoint(2));
    assert_eq!(one.expect_err("aborted").kind(), ErrorKind::CheckpointAborted);
    let two = two.expect_err("failed");
    assert_eq!(two.kind(), ErrorKind::SnapshotFailed);
    assert!(two.to_string().contains("no state"), "{two}");
    let mut failures = 0;
    while let Some(event) = {
        pass(1).await;
        futures_util::FutureExt::now_or_never(events.next()).flatten()
    } {
        failures += usize::from(matches!(event, Event::JobFailed { pipeline: 2, .. }));
    }
    assert_eq!(failures, 1, "a job fails once");
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_panics_is_one_that_failed() {
    let storage = Scripted::default();
    let panics = |of: storage_host::coordinator::CheckpointOf| async move {
        assert!(of.checkpoint > 2, "on purpose");
        Ok::<_, std::io::Error>("states")
    };
    let (coordinator, _events) =
        builder(&storage, tolerating(2)).pipeline(1, panics).start().await.expect("started");
    for _ in 0..2 {
        let error = coordinator.checkpoint(1).await.expect_err("it panics");
        assert_eq!(error.kind(), ErrorKind::SnapshotFailed);
    }
    assert_eq!(coordinator.checkpoint(1).await.expect("completed").of.checkpoint, 3);
}

#[tokio::test(start_paused = true)]
async fn a_store_whose_outcome_is_unknown_is_looked_up() {
    let storage = Scripted::default();
    storage.script([Store::UnknownStored, Store::UnknownLost]);
    let (coordinator, _events) = start(&storage, tolerating(1), &[]).await;
    let done = coordinator.checkpoint(1).await.expect("it is stored");
    assert_eq!((done.of.checkpoint, done.name.checkpoint_id), (1, 1));
    let error = coordinator.checkpoint(1).await.expect_err("it is not stored");
    assert_eq!(error.kind().as_str(), "unavailable");
    assert_eq!(storage.ids(1), [1]);
}

#[tokio::test(start_paused = true)]
async fn one_that_cannot_be_looked_up_counts_as_failed_and_is_deleted_once_it_is_seen() {
    let storage = Scripted::default();
    storage.script([Store::UnknownStored]);
    let (coordinator, _events) = start(&storage, tolerating(1), &[]).await;
    storage.let_listing_fail(true);
    coordinator.checkpoint(1).await.expect_err("nobody knows");
    pass(100).await;
    assert_eq!(storage.ids(1), [1], "it could not be listed either");
    storage.let_listing_fail(false);
    coordinator.checkpoint(1).await.expect("completed");
    pass(1).await;
    assert_eq!(storage.ids(1), [2], "what was reported as failed is not restored from");
}

#[tokio::test(start_paused = true)]
async fn what_expired_is_never_completed_and_deleted_when_it_appears() {
    let storage = Scripted::default();
    storage.script([Store::StoredUnheard(5500)]);
    let (_coordinator, mut events) = start(&storage, tolerating(1), &[]).await;
    // It expires at 6000, a second one is stored, and the first appears at 6500.
    pass(6501).await;
    let ended =
        ["triggered 1", "storing 1", "expired 1 (1)", "triggered 2", "storing 2", "completed 2"];
    assert_eq!(seen(&mut events), ended);
    assert_eq!(storage.ids(1), [2, 1]);
    pass(1000).await;
    assert_eq!(storage.ids(1), [2, 3]);
    let later = ["triggered 3", "storing 3", "completed 3", "pruned 1, failed 0"];
    assert_eq!(seen(&mut events), later);
}
