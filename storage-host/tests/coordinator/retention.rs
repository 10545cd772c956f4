//! What is kept, and that deleting is never in the way.

use checkpoint_storage_api::{CheckpointKind, CheckpointStorage as _, Integrity, ListQuery};
use storage_host::retention::prune_plan;
use storage_host::{CoordinatorSettings, Shutdown};

use crate::support::{Scripted, Store, after, builder, job, pass, seen, settings, start};

fn keeping(max_retained: u32) -> CoordinatorSettings {
    CoordinatorSettings { max_retained, ..settings() }
}

#[tokio::test(start_paused = true)]
async fn the_newest_stay_and_savepoints_do_too() {
    let storage = Scripted::default();
    let (coordinator, mut events) = start(&storage, keeping(2), &[]).await;
    for _ in 0..2 {
        coordinator.checkpoint(1).await.expect("completed");
    }
    let savepoint = coordinator.savepoint(1).await.expect("completed");
    assert_eq!(savepoint.of.kind, CheckpointKind::Savepoint);
    assert_eq!(savepoint.name.kind(), CheckpointKind::Savepoint);
    for _ in 0..4 {
        coordinator.checkpoint(1).await.expect("completed");
    }
    coordinator.shutdown(Shutdown::Wait).await.expect("the job did not fail");
    assert_eq!(storage.ids(1), [3, 6, 7]);
    assert!(seen(&mut events).iter().any(|word| word.starts_with("pruned")));
}

#[tokio::test(start_paused = true)]
async fn what_was_stored_before_is_pruned_and_other_pipelines_are_left_alone() {
    let storage = Scripted::default();
    for id in 1..=5 {
        storage.put(1, id, Integrity::Ok);
        storage.put(2, id, Integrity::Ok);
    }
    let (coordinator, _events) = start(&storage, keeping(3), &[]).await;
    pass(1).await;
    assert_eq!(storage.calls(), (1, 0), "retention runs after a store, not before");
    coordinator.checkpoint(1).await.expect("completed");
    coordinator.shutdown(Shutdown::Wait).await.expect("the job did not fail");
    assert_eq!((storage.ids(1), storage.ids(2)), (vec![4, 5, 6], vec![1, 2, 3, 4, 5]));
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_fails_fails_no_store_and_is_tried_again() {
    let storage = Scripted::default();
    storage.let_delete_fail(true);
    let (coordinator, mut events) = start(&storage, keeping(1), &[]).await;
    for _ in 0..3 {
        coordinator.checkpoint(1).await.expect("completed");
        pass(1).await;
    }
    assert_eq!(storage.ids(1), [1, 2, 3]);
    let pruned: Vec<_> =
        seen(&mut events).into_iter().filter(|w| w.starts_with("pruned")).collect();
    assert_eq!(pruned, ["pruned 0, failed 1", "pruned 0, failed 2"]);
    storage.let_delete_fail(false);
    coordinator.checkpoint(1).await.expect("completed");
    pass(1).await;
    assert_eq!(storage.ids(1), [4]);
}

#[tokio::test(start_paused = true)]
async fn a_storage_without_savepoints_refuses_one_before_anything_is_stored() {
    let storage = Scripted::without_savepoints();
    let (coordinator, mut events) = start(&storage, settings(), &[]).await;
    let error = coordinator.savepoint(1).await.expect_err("it would be pruned");
    assert_eq!(error.kind().as_str(), "unsupported");
    assert_eq!(seen(&mut events), [] as [&str; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_savepoint_waits_for_a_place_and_answers_for_a_checkpoint_that_waits_too() {
    let storage = Scripted::default();
    storage.script([Store::Takes(500)]);
    let (coordinator, _events) = start(&storage, settings(), &[]).await;
    let (first, checkpoint, savepoint, last) = tokio::join!(
        coordinator.checkpoint(1),
        after(1, coordinator.checkpoint(1)),
        after(2, coordinator.savepoint(1)),
        after(3, coordinator.finish(1)),
    );
    let of = |done: Result<storage_host::coordinator::Completed, _>| done.expect("completed").of;
    let (first, checkpoint, savepoint, last) = (of(first), of(checkpoint), of(savepoint), of(last));
    assert_eq!((first.checkpoint, savepoint.checkpoint, last.checkpoint), (1, 2, 3));
    assert_eq!(checkpoint, savepoint);
    assert_eq!(
        (savepoint.kind, last.kind),
        (CheckpointKind::Savepoint, CheckpointKind::Checkpoint)
    );
}

#[tokio::test(start_paused = true)]
async fn a_thousand_pipelines_are_pruned_together() {
    let storage = Scripted::default();
    let mut builder = builder(&storage, keeping(2));
    for pipeline in 0..1000 {
        builder = builder.pipeline(pipeline, |of| async move {
            Ok::<_, std::io::Error>(of.checkpoint.to_string())
        });
    }
    let (coordinator, mut events) = builder.start().await.expect("started");
    pass(5500).await;
    coordinator.shutdown(Shutdown::Wait).await.expect("the job did not fail");
    let entries = storage.list(&job(), &ListQuery::all()).await.expect("listed");
    assert_eq!(entries.len(), 2000);
    assert!(entries.iter().all(|entry| entry.name.checkpoint_id > 3), "the newest two of five");
    let (lists, deletes) = storage.calls();
    assert!(
        lists < 1000 && deletes < 1000,
        "{lists} listings and {deletes} deletes for 5,000 stores"
    );
    let events = seen(&mut events);
    assert!(events.len() <= 8000, "a stream that nobody reads holds no more");
}

#[tokio::test(start_paused = true)]
async fn pruning_by_hand_reads_before_it_deletes_the_last_good_one() {
    let storage = Scripted::default();
    for (id, integrity) in
        [(1, Integrity::Ok), (2, Integrity::Ok), (3, Integrity::Corrupt), (4, Integrity::Corrupt)]
    {
        storage.put(1, id, integrity);
        storage.put(2, id, Integrity::Corrupt);
        storage.put(3, id, Integrity::Ok);
    }
    let plan = prune_plan(&storage, &job(), 2).await.expect("planned");
    let of = |pipeline| -> Vec<i64> {
        let names = plan.superfluous.iter().filter(|name| name.pipeline_id == pipeline);
        names.map(|name| name.checkpoint_id).collect()
    };
    assert_eq!((of(1), of(2), of(3)), (vec![1], vec![], vec![1, 2]));
    assert_eq!(plan.unreadable, [2]);
}
