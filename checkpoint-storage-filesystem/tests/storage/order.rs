//! Contract 5: order is the order of names, and a writer's time stamps only ever increase.

use crate::support::{Fixture, NOW_MS, PUBLICATIONS, job, state};
use checkpoint_storage_api::{
    CheckpointEntry, CheckpointStorage, ErrorKind, ListQuery, PipelineState,
};

async fn store(fixture: &Fixture, pipeline: i32, checkpoint: i64) -> CheckpointEntry {
    fixture.storage.store(state("1", pipeline, checkpoint, b"s")).await.expect("stored")
}

async fn latest(fixture: &Fixture, pipeline: i32) -> PipelineState {
    let latest = fixture.storage.latest_of_pipeline(&job("1"), pipeline).await;
    latest.expect("readable").expect("present").into_state()
}

#[tokio::test]
async fn stores_in_one_millisecond_are_ordered_as_they_were_acknowledged() {
    let fixture = Fixture::new();
    let mut stamps = Vec::new();
    for checkpoint in [9, 3, 7, 1] {
        stamps.push(store(&fixture, 1, checkpoint).await.name.timestamp_ms);
    }
    assert_eq!(stamps, [NOW_MS, NOW_MS + 1, NOW_MS + 2, NOW_MS + 3]);
    assert_eq!(latest(&fixture, 1).await.checkpoint_id, 1);
}

#[tokio::test]
async fn a_clock_set_back_changes_nothing() {
    let fixture = Fixture::new();
    store(&fixture, 1, 1).await;
    fixture.set_clock(NOW_MS - 3_600_000);
    assert_eq!(store(&fixture, 1, 2).await.name.timestamp_ms, NOW_MS + 1);
    // Another writer, who knows nothing of the first, takes over with the wrong clock.
    let successor = Fixture::over(fixture.memory.clone(), false);
    successor.set_clock(NOW_MS - 7_200_000);
    assert_eq!(store(&successor, 1, 3).await.name.timestamp_ms, NOW_MS + 2);
    assert_eq!(latest(&successor, 1).await.checkpoint_id, 3);
    successor.set_clock(NOW_MS + 10);
    assert_eq!(store(&successor, 1, 4).await.name.timestamp_ms, NOW_MS + 10);
}

#[tokio::test]
async fn ids_that_begin_again_are_the_latest() {
    let fixture = Fixture::new();
    store(&fixture, 1, 41).await;
    fixture.set_clock(NOW_MS + 1_000);
    let again = store(&fixture, 1, 1).await;
    assert_eq!(latest(&fixture, 1).await.checkpoint_id, 1);
    fixture.set_clock(NOW_MS + 2_000);
    let newest = store(&fixture, 1, 1).await;
    assert!(newest.name > again.name);

    let found = fixture.storage.checkpoint(&job("1"), 1, 1).await.expect("readable");
    assert_eq!(found.expect("present").entry.name, newest.name);
    let report = fixture.storage.delete_checkpoint(&job("1"), 1, 1).await.expect("deleted");
    assert_eq!(report.deleted, [again.name, newest.name]);
    assert_eq!(latest(&fixture, 1).await.checkpoint_id, 41);
}

#[tokio::test]
async fn a_clock_of_another_century_changes_nothing() {
    for clock_ms in [0, 60_000, 978_307_200_000] {
        let fixture = Fixture::new();
        store(&fixture, 1, 1).await;
        let successor = Fixture::over(fixture.memory.clone(), false);
        successor.set_clock(clock_ms);
        assert_eq!(store(&successor, 1, 2).await.name.timestamp_ms, NOW_MS + 1, "{clock_ms}");
        assert_eq!(latest(&successor, 1).await.checkpoint_id, 2);
    }
    let fixture = Fixture::new();
    store(&fixture, 1, 1).await;
    fixture.set_clock(10_413_792_000_000);
    store(&fixture, 1, 2).await;
    let successor = Fixture::over(fixture.memory.clone(), false);
    successor.set_clock(10_413_792_000_000);
    assert_eq!(store(&successor, 1, 3).await.name.timestamp_ms, 10_413_792_000_001);
}

#[tokio::test]
async fn what_is_stored_is_only_listed_when_the_clock_cannot_vouch() {
    let fixture = Fixture::new();
    store(&fixture, 1, 1).await;
    assert_eq!(fixture.memory.calls("list"), 1);
    for checkpoint in 2..10 {
        fixture.set_clock(NOW_MS + checkpoint as u64);
        store(&fixture, 1, checkpoint).await;
    }
    assert_eq!(fixture.memory.calls("list"), 1);
    store(&fixture, 1, 10).await;
    assert_eq!(fixture.memory.calls("list"), 2);
}

#[tokio::test]
async fn a_taken_name_is_left_alone_and_another_is_used() {
    let fixture = Fixture::new();
    fixture.memory.fail_next("publish", ErrorKind::AlreadyExists);
    let entry = store(&fixture, 1, 1).await;
    assert_eq!(fixture.memory.names("1"), [entry.name.to_string()]);
    assert_eq!(fixture.memory.calls("publish"), 2);

    for _ in 0..100 {
        fixture.memory.fail_next("publish", ErrorKind::AlreadyExists);
    }
    let error = fixture.storage.store(state("1", 1, 2, b"s")).await.expect_err("gave up");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.is_retryable() && fixture.memory.calls("publish") < 20, "{error}");
}

#[tokio::test]
async fn stores_at_once_get_time_stamps_of_their_own() {
    let fixture = Fixture::new();
    let stores: Vec<_> = (0..64)
        .map(|id| {
            let storage = std::sync::Arc::clone(&fixture.storage);
            tokio::spawn(
                async move { storage.store(state("1", id % 4, i64::from(id), b"s")).await },
            )
        })
        .collect();
    let mut stamps = Vec::new();
    for store in stores {
        stamps.push(store.await.expect("no panic").expect("stored").name.timestamp_ms);
    }
    stamps.sort_unstable();
    stamps.dedup();
    assert_eq!(stamps.len(), 64);
    let listed = fixture.storage.list(&job("1"), &ListQuery::all()).await.expect("listed");
    assert_eq!(listed.len(), 64);
}

#[tokio::test]
async fn a_deleted_job_begins_anew_and_a_store_under_way_is_not_overtaken() {
    let fixture = Fixture::new();
    store(&fixture, 1, 1).await;
    fixture.storage.delete_job(&job("1")).await.expect("deleted");
    fixture.set_clock(NOW_MS - 1_000);
    assert_eq!(store(&fixture, 1, 1).await.name.timestamp_ms, NOW_MS - 1_000);

    // A store that waits in the medium while its job is deleted.
    fixture.set_clock(NOW_MS);
    let held = fixture.memory.publications.acquire_many(PUBLICATIONS).await.expect("open");
    let storage = std::sync::Arc::clone(&fixture.storage);
    let waiting = tokio::spawn(async move { storage.store(state("1", 1, 2, b"s")).await });
    while fixture.memory.calls("publish") < 3 {
        tokio::task::yield_now().await;
    }
    fixture.storage.delete_job(&job("1")).await.expect("deleted");
    fixture.set_clock(NOW_MS - 500);
    drop(held);
    let later = store(&fixture, 1, 3).await;
    let earlier = waiting.await.expect("no panic").expect("stored");
    assert_eq!(earlier.name.timestamp_ms, NOW_MS);
    assert!(later.name > earlier.name, "{later:?} was ordered before {earlier:?}");
}

#[tokio::test]
async fn no_time_stamp_after_the_last_is_an_error_and_touches_nothing() {
    let fixture = Fixture::new();
    fixture.memory.put("1", &format!("{}-0-1-1.ser", u64::MAX), "x");
    let error = fixture.storage.store(state("1", 1, 2, b"s")).await.expect_err("no name left");
    assert!(error.advice().is_some() && error.subject().contains("memory:/1"), "{error}");
    assert_eq!(fixture.memory.calls("publish"), 0);
}
