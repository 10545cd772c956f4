//! Interval, time-out and places.

use std::time::Duration;

use storage_host::{CoordinatorSettings, ErrorKind, Shutdown};

use crate::support::{Scripted, Store, after, pass, seen, settings, start};

#[tokio::test(start_paused = true)]
async fn the_interval_runs_from_trigger_to_trigger() {
    let storage = Scripted::default();
    let (_coordinator, mut events) = start(&storage, settings(), &[400, 0]).await;
    pass(999).await;
    assert_eq!(seen(&mut events), [] as [&str; 0], "the first is due after one interval");
    pass(2).await;
    assert_eq!(seen(&mut events), ["triggered 1"]);
    pass(998).await;
    assert_eq!(seen(&mut events), ["storing 1", "completed 1"]);
    pass(2).await;
    assert_eq!(seen(&mut events), ["triggered 2", "storing 2", "completed 2"]);
}

#[tokio::test(start_paused = true)]
async fn triggers_that_find_no_place_become_one_that_waits() {
    let storage = Scripted::default();
    let (_coordinator, mut events) = start(&storage, settings(), &[3500]).await;
    pass(4499).await;
    assert_eq!(seen(&mut events), ["triggered 1"], "three triggers found no place");
    pass(2).await;
    let ended = ["storing 1", "completed 1", "triggered 2", "storing 2", "completed 2"];
    assert_eq!(seen(&mut events), ended);
    pass(998).await;
    assert_eq!(seen(&mut events), [] as [&str; 0], "the interval runs from the late trigger");
    pass(2).await;
    assert_eq!(seen(&mut events).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn as_many_as_allowed_are_under_way_and_no_more() {
    let storage = Scripted::default();
    let settings = CoordinatorSettings { max_concurrent: 3, ..settings() };
    let (_coordinator, mut events) = start(&storage, settings, &[4500, 4500, 4500]).await;
    pass(5400).await;
    assert_eq!(seen(&mut events), ["triggered 1", "triggered 2", "triggered 3"]);
    pass(101).await;
    assert_eq!(seen(&mut events)[..3], ["storing 1", "completed 1", "triggered 4"]);
}

#[tokio::test(start_paused = true)]
async fn the_time_out_covers_the_snapshot() {
    let storage = Scripted::default();
    let settings = CoordinatorSettings { tolerable_failure: 1, ..settings() };
    let (_coordinator, mut events) = start(&storage, settings, &[5001]).await;
    pass(5999).await;
    assert_eq!(seen(&mut events), ["triggered 1"]);
    pass(2).await;
    let ended = ["expired 1 (1)", "triggered 2", "storing 2", "completed 2"];
    assert_eq!(seen(&mut events), ended);
}

#[tokio::test(start_paused = true)]
async fn the_time_out_covers_snapshot_and_store_together() {
    let storage = Scripted::default();
    storage.script([Store::Takes(2001)]);
    let settings = CoordinatorSettings { tolerable_failure: 1, ..settings() };
    let (_coordinator, mut events) = start(&storage, settings, &[3000]).await;
    pass(6001).await;
    let ended =
        ["triggered 1", "storing 1", "expired 1 (1)", "triggered 2", "storing 2", "completed 2"];
    assert_eq!(seen(&mut events), ended);
    assert_eq!(storage.ids(1), [2], "the store was cancelled");
}

#[tokio::test(start_paused = true)]
async fn what_completes_at_the_very_instant_of_its_time_out_is_completed() {
    for (snapshot, store) in [(0, 5000), (2500, 2500), (4999, 1)] {
        let storage = Scripted::default();
        storage.script([Store::Takes(store)]);
        let (_coordinator, mut events) = start(&storage, settings(), &[snapshot]).await;
        pass(6001).await;
        assert_eq!(seen(&mut events)[..3], ["triggered 1", "storing 1", "completed 1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_for_another_s_store_expires_as_well() {
    let storage = Scripted::default();
    storage.script([Store::Takes(4900)]);
    let settings = CoordinatorSettings {
        max_concurrent: 2,
        timeout: Duration::from_millis(4950),
        tolerable_failure: 1,
        ..settings()
    };
    // 1 stores from 1000 to 5900; 2 has its snapshot at 2000 and waits; nothing else has a place.
    let (_coordinator, mut events) = start(&storage, settings, &[0, 0]).await;
    pass(5899).await;
    assert_eq!(seen(&mut events), ["triggered 1", "storing 1", "triggered 2"]);
    pass(2).await;
    let ended = ["completed 1", "storing 2", "triggered 3", "completed 2"];
    let mut seen = seen(&mut events);
    seen.retain(|word| ended.contains(&word.as_str()));
    assert_eq!(seen, ended);
    assert_eq!(storage.most_storing(), 1, "stores of a pipeline come one after the other");
}

#[tokio::test(start_paused = true)]
async fn a_newer_one_that_completes_subsumes_older_ones_that_were_not_stored() {
    let storage = Scripted::default();
    let settings = CoordinatorSettings { max_concurrent: 3, ..settings() };
    let (_coordinator, mut events) = start(&storage, settings, &[4000, 4000, 100]).await;
    pass(3101).await;
    let ended = [
        "triggered 1",
        "triggered 2",
        "triggered 3",
        "storing 3",
        "completed 3",
        "subsumed 1 by 3",
        "subsumed 2 by 3",
    ];
    assert_eq!(seen(&mut events), ended);
    pass(2000).await;
    assert!(!seen(&mut events).iter().any(|word| word.ends_with(" 1") || word.ends_with(" 2")));
    assert_eq!(storage.ids(1)[0], 3);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_gets_the_checkpoint_they_waited_for() {
    let storage = Scripted::default();
    let (coordinator, mut events) = start(&storage, settings(), &[500, 500]).await;
    let (first, second, third) = tokio::join!(
        coordinator.checkpoint(1),
        after(100, coordinator.checkpoint(1)),
        after(200, coordinator.checkpoint(1)),
    );
    let ids = [first, second, third].map(|done| done.expect("completed").of.checkpoint);
    assert_eq!(ids, [1, 2, 2], "those who wait for a place share one");
    assert_eq!(seen(&mut events).len(), 6);
    assert_eq!(
        coordinator.checkpoint(2).await.expect_err("no such pipeline").kind().as_str(),
        "invalid-input"
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_stops_the_interval_and_nothing_else() {
    let storage = Scripted::default();
    let (coordinator, mut events) = start(&storage, settings(), &[500]).await;
    pass(1200).await;
    coordinator.pause();
    pass(10_000).await;
    assert_eq!(seen(&mut events), ["triggered 1", "storing 1", "completed 1"]);
    assert_eq!(coordinator.checkpoint(1).await.expect("completed").of.checkpoint, 2);
    coordinator.resume();
    pass(999).await;
    assert_eq!(seen(&mut events).len(), 3, "the interval begins anew");
    pass(2).await;
    assert_eq!(seen(&mut events), ["triggered 3", "storing 3", "completed 3"]);
}

#[tokio::test(start_paused = true)]
async fn the_final_checkpoint_is_the_last_and_is_tried_again() {
    let storage = Scripted::default();
    storage.script([Store::Fails]);
    let settings = CoordinatorSettings { tolerable_failure: 1, ..settings() };
    let (coordinator, mut events) = start(&storage, settings, &[]).await;
    coordinator.pause();
    let done = coordinator.finish(1).await.expect("the second one completed");
    assert_eq!(done.of.checkpoint, 2);
    let ended =
        ["triggered 1", "storing 1", "failed 1 (1)", "triggered 2", "storing 2", "completed 2"];
    assert_eq!(seen(&mut events), ended);
    pass(10_000).await;
    assert_eq!(seen(&mut events), [] as [&str; 0]);
    let after = coordinator.checkpoint(1).await.expect_err("it was the last");
    assert_eq!(after.kind(), ErrorKind::CoordinatorStopped);
    coordinator.shutdown(Shutdown::Wait).await.expect("the job did not fail");
}

#[tokio::test(start_paused = true)]
async fn times_that_no_clock_can_hold_never_come() {
    let storage = Scripted::default();
    let settings =
        CoordinatorSettings { interval: Duration::MAX, timeout: Duration::MAX, ..settings() };
    let (coordinator, mut events) = start(&storage, settings, &[]).await;
    pass(1_000_000_000).await;
    assert_eq!(seen(&mut events), [] as [&str; 0]);
    coordinator.checkpoint(1).await.expect("completed");
}
