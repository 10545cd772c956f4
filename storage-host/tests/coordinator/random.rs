//! Any times and any failures: what must hold of every order of events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use storage_host::coordinator::{CheckpointOf, Event};
use storage_host::{CoordinatorSettings, Shutdown};
use tokio::time::sleep;

use crate::support::{Scripted, Store, pass, settings, start};

#[derive(Debug, Clone, Copy)]
enum Act {
    Pass(u64),
    Ask,
    Savepoint,
    Pause,
    Resume,
}

fn store() -> impl Strategy<Value = Store> {
    prop_oneof![
        4 => (0..7000_u64).prop_map(Store::Takes),
        1 => Just(Store::Fails),
        1 => Just(Store::UnknownStored),
        1 => Just(Store::UnknownLost),
        1 => (0..9000_u64).prop_map(Store::StoredUnheard),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..3000_u64).prop_map(Act::Pass),
        2 => Just(Act::Ask),
        1 => Just(Act::Savepoint),
        1 => Just(Act::Pause),
        1 => Just(Act::Resume),
    ]
}

/// Follows the events of a pipeline and ends the test at the first that must not be.
#[derive(Default)]
struct Follower {
    under_way: BTreeSet<i64>,
    storing: BTreeSet<i64>,
    completed: Vec<i64>,
    given_up: BTreeSet<i64>,
    last: i64,
    in_a_row: u32,
    job_failed: bool,
}

impl Follower {
    fn see(&mut self, event: &Event, settings: &CoordinatorSettings) {
        match event {
            Event::Triggered(of) => {
                assert!(of.checkpoint > self.last, "an id was given twice");
                self.last = of.checkpoint;
                self.under_way.insert(of.checkpoint);
                assert!(self.under_way.len() <= settings.max_concurrent as usize);
                assert!(!self.job_failed);
            }
            Event::Storing { of, .. } => {
                assert!(self.under_way.contains(&of.checkpoint));
                self.storing.insert(of.checkpoint);
                assert_eq!(self.storing.len(), 1, "two stores at once");
            }
            Event::Completed(completed) => {
                self.end(completed.of);
                assert!(self.completed.last() < Some(&completed.of.checkpoint), "out of order");
                self.completed.push(completed.of.checkpoint);
                self.in_a_row = 0;
            }
            Event::Failed { of, consecutive, .. } | Event::Expired { of, consecutive, .. } => {
                self.end(*of);
                self.given_up.insert(of.checkpoint);
                self.in_a_row += 1;
                assert_eq!(*consecutive, self.in_a_row);
            }
            Event::Subsumed { of, by } => {
                self.end(*of);
                assert!(of.checkpoint < *by && self.completed.contains(by));
            }
            Event::Aborted(of) => {
                self.end(*of);
                self.given_up.insert(of.checkpoint);
            }
            Event::JobFailed { .. } => {
                assert!(self.in_a_row > settings.tolerable_failure && !self.job_failed);
                self.job_failed = true;
            }
            _ => {}
        }
    }

    fn end(&mut self, of: CheckpointOf) {
        assert!(self.under_way.remove(&of.checkpoint), "{of:?} ended and was not under way");
        self.storing.remove(&of.checkpoint);
    }
}

async fn play(
    settings: CoordinatorSettings,
    snapshots: Vec<u64>,
    stores: Vec<Store>,
    acts: Vec<Act>,
) {
    let storage = Scripted::default();
    storage.script(stores);
    let (coordinator, mut events) = start(&storage, settings.clone(), &snapshots).await;
    let ask = |is_savepoint: bool| {
        let mut asking: std::pin::Pin<Box<dyn Future<Output = _> + '_>> = match is_savepoint {
            true => Box::pin(coordinator.savepoint(1)),
            false => Box::pin(coordinator.checkpoint(1)),
        };
        // Asked for, and not waited for.
        let _ = futures_util::FutureExt::now_or_never(&mut asking);
    };
    for act in acts {
        match act {
            Act::Pass(ms) => pass(ms).await,
            Act::Ask => ask(false),
            Act::Savepoint => ask(true),
            Act::Pause => coordinator.pause(),
            Act::Resume => coordinator.resume(),
        }
    }
    let ended = coordinator.shutdown(Shutdown::Wait).await;
    drop(coordinator);
    let mut follower = Follower::default();
    while let Some(event) = events.next().await {
        follower.see(&event, &settings);
    }
    assert!(follower.under_way.is_empty(), "not ended: {:?}", follower.under_way);
    assert_eq!(ended.is_err(), follower.job_failed);
    assert!(storage.most_storing() <= 1);
    // Everything that completed is stored, in order; of what was given up only what appeared since.
    sleep(Duration::from_millis(20_000)).await;
    let stored = storage.ids(1);
    let mut order = BTreeMap::new();
    for (place, id) in stored.iter().enumerate() {
        assert!(order.insert(*id, place).is_none(), "{id} is stored twice");
    }
    let kept: Vec<_> = stored.into_iter().filter(|id| !follower.given_up.contains(id)).collect();
    assert_eq!(kept, follower.completed);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_exceeds_its_limits_whatever_happens(
        max_concurrent in 1..4_u32,
        tolerable_failure in 0..6_u32,
        snapshots in prop::collection::vec(0..6000_u64, 0..30),
        stores in prop::collection::vec(store(), 0..30),
        acts in prop::collection::vec(act(), 1..30),
    ) {
        let settings = CoordinatorSettings { max_concurrent, tolerable_failure, ..settings() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("started").block_on(play(settings, snapshots, stores, acts));
    }
}
