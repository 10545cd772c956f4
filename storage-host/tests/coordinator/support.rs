//! A storage that does what a test tells it, and a job on it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use checkpoint_storage_api::{
    Capabilities, Checkpoint, CheckpointEntry, CheckpointName, CheckpointStorage, DeleteReport,
    Error, ErrorKind, Integrity, JobId, ListQuery, Outcome, PipelineId, PipelineState, Result,
    async_trait, next_timestamp,
};
use storage_host::coordinator::{CheckpointOf, CoordinatorBuilder, Event, EventStream};
use storage_host::{Coordinator, CoordinatorSettings};
use tokio::time::sleep;

/// How a store ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Store {
    /// Well, after a while.
    Takes(u64),
    /// In an error that leaves nothing behind.
    Fails,
    /// In an error, though it is stored.
    UnknownStored,
    /// In an error, and it is not stored.
    UnknownLost,
    /// Never; it is stored all the same after a while, cancelled or not.
    StoredUnheard(u64),
}

#[derive(Default)]
struct State {
    now_ms: u64,
    stored: BTreeMap<CheckpointName, (Bytes, Integrity)>,
    /// How the next stores end; well and at once when there is none left.
    script: VecDeque<Store>,
    storing: usize,
    most_storing: usize,
    listing_fails: bool,
    delete_fails: bool,
    lists: usize,
    deletes: usize,
}

/// A storage in memory. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Scripted {
    state: Arc<Mutex<State>>,
    has_no_savepoints: bool,
}

impl Scripted {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics with it")
    }

    /// One that does not announce them.
    pub(crate) fn without_savepoints() -> Self {
        Self { has_no_savepoints: true, ..Self::default() }
    }

    pub(crate) fn script(&self, stores: impl IntoIterator<Item = Store>) {
        self.state().script.extend(stores);
    }

    pub(crate) fn set_clock(&self, now_ms: u64) {
        self.state().now_ms = now_ms;
    }

    pub(crate) fn let_listing_fail(&self, fails: bool) {
        self.state().listing_fails = fails;
    }

    pub(crate) fn let_delete_fail(&self, fails: bool) {
        self.state().delete_fails = fails;
    }

    /// Puts a checkpoint there as another writer would.
    pub(crate) fn put(&self, pipeline: PipelineId, checkpoint: i64, integrity: Integrity) {
        let state = PipelineState::new(job(), pipeline, checkpoint, "laid there");
        let name = self.insert(&state).name;
        self.state().stored.get_mut(&name).expect("inserted").1 = integrity;
    }

    fn insert(&self, of: &PipelineState) -> CheckpointEntry {
        let mut state = self.state();
        let newest = state.stored.keys().map(|name| name.timestamp_ms).max();
        let name = CheckpointName {
            timestamp_ms: next_timestamp(state.now_ms, newest).expect("not the last one"),
            random: CheckpointName::random_part(0, of.kind),
            pipeline_id: of.pipeline_id,
            checkpoint_id: of.checkpoint_id,
        };
        let states = of.states.clone().expect("the coordinator stores states");
        let entry = entry(name, states.len());
        state.stored.insert(name, (states, Integrity::Ok));
        entry
    }

    /// The ids of what is stored of a pipeline, oldest first.
    pub(crate) fn ids(&self, pipeline: PipelineId) -> Vec<i64> {
        let state = self.state();
        let of_pipeline = state.stored.keys().filter(|name| name.pipeline_id == pipeline);
        of_pipeline.map(|name| name.checkpoint_id).collect()
    }

    /// How many stores there were at most at once.
    pub(crate) fn most_storing(&self) -> usize {
        self.state().most_storing
    }

    /// How many calls there were of list and delete.
    pub(crate) fn calls(&self) -> (usize, usize) {
        let state = self.state();
        (state.lists, state.deletes)
    }

    async fn play(&self, of: &PipelineState) -> Result<CheckpointEntry> {
        let next = self.state().script.pop_front().unwrap_or(Store::Takes(0));
        let failed =
            |outcome| Error::new(ErrorKind::Unavailable, "store", "scripted").with_outcome(outcome);
        match next {
            Store::Takes(ms) => {
                sleep(Duration::from_millis(ms)).await;
                Ok(self.insert(of))
            }
            Store::Fails => Err(failed(Outcome::NotApplied)),
            Store::UnknownLost => Err(failed(Outcome::Unknown)),
            Store::UnknownStored => {
                self.insert(of);
                Err(failed(Outcome::Unknown))
            }
            Store::StoredUnheard(ms) => {
                let (storage, of) = (self.clone(), of.clone());
                tokio::spawn(async move {
                    sleep(Duration::from_millis(ms)).await;
                    storage.insert(&of);
                });
                std::future::pending().await
            }
        }
    }
}

fn entry(name: CheckpointName, size: usize) -> CheckpointEntry {
    CheckpointEntry { job_id: job(), name, size: size as u64, integrity: Integrity::Unread }
}

/// Counts a store for as long as it is under way.
struct Storing<'s>(&'s Scripted);

impl<'s> Storing<'s> {
    fn new(storage: &'s Scripted) -> Self {
        let mut state = storage.state();
        state.storing += 1;
        state.most_storing = state.most_storing.max(state.storing);
        Self(storage)
    }
}

impl Drop for Storing<'_> {
    fn drop(&mut self) {
        self.0.state().storing -= 1;
    }
}

#[async_trait]
impl CheckpointStorage for Scripted {
    async fn store(&self, state: PipelineState) -> Result<CheckpointEntry> {
        let _storing = Storing::new(self);
        self.play(&state).await
    }

    async fn list(&self, _: &JobId, query: &ListQuery) -> Result<Vec<CheckpointEntry>> {
        let mut state = self.state();
        state.lists += 1;
        if state.listing_fails {
            return Err(Error::new(ErrorKind::Unavailable, "list", "scripted"));
        }
        let entries = state.stored.iter().map(|(name, (states, _))| entry(*name, states.len()));
        Ok(query.select(entries.collect()))
    }

    async fn read(&self, _: &JobId, name: &CheckpointName) -> Result<Checkpoint> {
        let state = self.state();
        match state.stored.get(name) {
            None => Err(Error::new(ErrorKind::NotFound, "read", "scripted")),
            Some((_, Integrity::Corrupt)) => {
                Err(Error::new(ErrorKind::Corrupt, "read", "scripted").with_subject(name))
            }
            Some((states, _)) => {
                Ok(Checkpoint { entry: entry(*name, states.len()), states: Some(states.clone()) })
            }
        }
    }

    async fn delete_names(&self, _: &JobId, names: &[CheckpointName]) -> Result<DeleteReport> {
        let mut state = self.state();
        state.deletes += 1;
        let mut report = DeleteReport::default();
        for name in names {
            if state.delete_fails {
                let error = Error::new(ErrorKind::PermissionDenied, "delete", "scripted");
                report.failed.push((*name, error));
            } else if state.stored.remove(name).is_some() {
                report.deleted.push(*name);
            }
        }
        Ok(report)
    }

    async fn delete_job(&self, _: &JobId) -> Result<DeleteReport> {
        unreachable!("the coordinator deletes by name")
    }

    async fn jobs(&self) -> Result<Vec<JobId>> {
        unreachable!("the coordinator knows its job")
    }

    fn capabilities(&self) -> Capabilities {
        if self.has_no_savepoints { Capabilities::empty() } else { Capabilities::SAVEPOINT }
    }

    async fn close(&self) -> Result<()> {
        unreachable!("the storage is not the coordinator's")
    }
}

pub(crate) fn job() -> JobId {
    JobId::new("job").expect("valid")
}

/// Every second, within five, one at a time, none may fail, all are kept.
pub(crate) fn settings() -> CoordinatorSettings {
    CoordinatorSettings {
        interval: Duration::from_millis(1000),
        timeout: Duration::from_millis(5000),
        max_concurrent: 1,
        tolerable_failure: 0,
        max_retained: 1000,
    }
}

pub(crate) fn builder(storage: &Scripted, settings: CoordinatorSettings) -> CoordinatorBuilder {
    Coordinator::builder(Arc::new(storage.clone()), job(), settings)
}

/// A coordinator of pipeline 1, whose snapshots take these times in turn, and then none.
pub(crate) async fn start(
    storage: &Scripted,
    settings: CoordinatorSettings,
    snapshots_ms: &[u64],
) -> (Coordinator, EventStream) {
    let durations = Mutex::new(VecDeque::from(snapshots_ms.to_vec()));
    let snapshot = move |of: CheckpointOf| {
        let ms = durations.lock().expect("no panic").pop_front().unwrap_or_default();
        async move {
            sleep(Duration::from_millis(ms)).await;
            Ok::<_, std::io::Error>(format!("states of {}", of.checkpoint))
        }
    };
    builder(storage, settings).pipeline(1, snapshot).start().await.expect("started")
}

/// Lets time pass.
pub(crate) async fn pass(ms: u64) {
    sleep(Duration::from_millis(ms)).await;
}

/// Begins something after a while.
pub(crate) async fn after<T>(ms: u64, then: impl Future<Output = T>) -> T {
    pass(ms).await;
    then.await
}

/// What happened so far, a word for each event.
pub(crate) fn seen(events: &mut EventStream) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(Some(event)) = futures_util::FutureExt::now_or_never(events.next()) {
        seen.extend(word(&event));
    }
    seen
}

fn word(event: &Event) -> Option<String> {
    Some(match event {
        Event::Triggered(of) => format!("triggered {}", of.checkpoint),
        Event::Storing { of, .. } => format!("storing {}", of.checkpoint),
        Event::Completed(completed) => format!("completed {}", completed.of.checkpoint),
        Event::Failed { of, consecutive, .. } => {
            format!("failed {} ({consecutive})", of.checkpoint)
        }
        Event::Expired { of, consecutive, .. } => {
            format!("expired {} ({consecutive})", of.checkpoint)
        }
        Event::Subsumed { of, by } => format!("subsumed {} by {by}", of.checkpoint),
        Event::Aborted(of) => format!("aborted {}", of.checkpoint),
        Event::Pruned { deleted, failed } => {
            format!("pruned {}, failed {}", deleted.len(), failed.len())
        }
        Event::PruneFailed { .. } => "prune failed".to_owned(),
        Event::JobFailed { .. } => "job failed".to_owned(),
        _ => return None,
    })
}
