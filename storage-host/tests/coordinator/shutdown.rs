//! Ending, at every stage.

use storage_host::{CoordinatorSettings, ErrorKind, Shutdown};
use tokio::time::Instant;

use crate::support::{Scripted, Store, after, pass, seen, settings, start};

/// A job of which 1 is being stored from 1000 to 4000, 2 waits for that, and 3 has its snapshot at
/// 6000, begun at 3000.
async fn at_3500() -> (Scripted, storage_host::Coordinator, storage_host::coordinator::EventStream)
{
    let storage = Scripted::default();
    storage.script([Store::Takes(3000)]);
    let settings = CoordinatorSettings { max_concurrent: 3, ..settings() };
    let (coordinator, mut events) = start(&storage, settings, &[0, 0, 3000]).await;
    pass(3500).await;
    let before = ["triggered 1", "storing 1", "triggered 2", "triggered 3"];
    assert_eq!(seen(&mut events), before);
    (storage, coordinator, events)
}

#[tokio::test(start_paused = true)]
async fn waiting_lets_every_stage_end() {
    let (storage, coordinator, mut events) = at_3500().await;
    let began = Instant::now();
    coordinator.shutdown(Shutdown::Wait).await.expect("the job did not fail");
    assert_eq!(began.elapsed().as_millis(), 2500);
    let ended = ["completed 1", "storing 2", "completed 2", "storing 3", "completed 3"];
    assert_eq!(seen(&mut events), ended);
    assert_eq!(storage.ids(1), [1, 2, 3]);
    drop(coordinator);
    assert!(events.next().await.is_none(), "the stream ends with the coordinator");
}

#[tokio::test(start_paused = true)]
async fn aborting_ends_every_stage_at_once() {
    let (storage, coordinator, mut events) = at_3500().await;
    let began = Instant::now();
    coordinator.shutdown(Shutdown::Abort).await.expect("the job did not fail");
    assert_eq!(began.elapsed().as_millis(), 0);
    assert_eq!(seen(&mut events), ["aborted 1", "aborted 2", "aborted 3"]);
    pass(10_000).await;
    assert_eq!(storage.ids(1), [] as [i64; 0]);
}

#[tokio::test(start_paused = true)]
async fn aborting_ends_what_waits_for_the_end() {
    let (_storage, coordinator, mut events) = at_3500().await;
    let (waited, aborted) = tokio::join!(
        coordinator.shutdown(Shutdown::Wait),
        after(700, coordinator.shutdown(Shutdown::Abort))
    );
    waited.and(aborted).expect("the job did not fail");
    assert_eq!(seen(&mut events)[..2], ["completed 1", "storing 2"]);
    coordinator.shutdown(Shutdown::Wait).await.expect("it has ended already");
}

#[tokio::test(start_paused = true)]
async fn dropping_it_aborts() {
    let (storage, coordinator, mut events) = at_3500().await;
    drop(coordinator);
    pass(1).await;
    assert_eq!(seen(&mut events), ["aborted 1", "aborted 2", "aborted 3"]);
    assert!(events.next().await.is_none());
    assert_eq!(storage.ids(1), [] as [i64; 0]);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_told() {
    let storage = Scripted::default();
    let (coordinator, _events) = start(&storage, settings(), &[2000]).await;
    let (running, waiting, shutdown, after) = tokio::join!(
        coordinator.checkpoint(1),
        after(1, coordinator.checkpoint(1)),
        after(2, coordinator.shutdown(Shutdown::Wait)),
        after(3, coordinator.checkpoint(1)),
    );
    running.expect("it began, so it is waited for");
    assert_eq!(waiting.expect_err("it never began").kind(), ErrorKind::CoordinatorStopped);
    assert_eq!(after.expect_err("too late").kind(), ErrorKind::CoordinatorStopped);
    shutdown.expect("the job did not fail");
}

#[tokio::test(start_paused = true)]
async fn an_idle_one_ends_at_once() {
    let (coordinator, mut events) = start(&Scripted::default(), settings(), &[]).await;
    coordinator.shutdown(Shutdown::Wait).await.expect("the job did not fail");
    pass(10_000).await;
    assert_eq!(seen(&mut events), [] as [&str; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_fails_while_it_is_waited_for_fails_the_job() {
    let storage = Scripted::default();
    storage.script([Store::Fails]);
    let (coordinator, _events) = start(&storage, settings(), &[2000]).await;
    pass(1500).await;
    let error = coordinator.shutdown(Shutdown::Wait).await.expect_err("nothing is tolerated");
    assert_eq!(error.kind(), ErrorKind::JobFailed);
}
