//! How a coordinator begins.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointEntry, CheckpointId, CheckpointStorage, Error as StorageError,
    ErrorKind as StorageKind, JobId, ListQuery, PipelineId,
};
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::Coordinator;
use super::attempt::Snapshot;
use super::event::{CheckpointOf, EventStream};
use super::failure::JobFailure;
use super::pipeline::{PipelineTask, Shared};
use super::report::Reporter;
use super::settings::CoordinatorSettings;
use super::sweeper::Sweeper;
use crate::error::Result;

/// The least number of events that are kept for a stream that is read slowly.
const MIN_EVENTS: usize = 1024;

/// How many events a round of checkpoints makes for each pipeline, and some more.
const EVENTS_PER_PIPELINE: usize = 8;

/// Describes a [`Coordinator`].
pub struct CoordinatorBuilder {
    storage: Arc<dyn CheckpointStorage>,
    job: JobId,
    settings: CoordinatorSettings,
    pipelines: Vec<(PipelineId, Arc<Snapshot>)>,
}

impl CoordinatorBuilder {
    pub(super) fn new(
        storage: Arc<dyn CheckpointStorage>,
        job: JobId,
        settings: CoordinatorSettings,
    ) -> Self {
        Self { storage, job, settings, pipelines: Vec::new() }
    }

    /// Adds a pipeline. `snapshot` yields its states; it is called for each checkpoint, and for the
    /// next one before the last has ended if `max-concurrent` is more than one. Its future is
    /// dropped when the checkpoint expires, is subsumed or aborted.
    #[must_use]
    pub fn pipeline<F, S, E>(
        mut self,
        pipeline: PipelineId,
        snapshot: impl Fn(CheckpointOf) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<Bytes>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let snapshot: Arc<Snapshot> = Arc::new(move |of| {
            let states = snapshot(of);
            Box::pin(async move { states.await.map(Into::into).map_err(Into::into) })
        });
        self.pipelines.push((pipeline, snapshot));
        self
    }

    /// Looks which ids are stored already and begins: the first checkpoints are triggered one
    /// interval from now. The stream misses no event, if it is read fast enough.
    ///
    /// # Errors
    ///
    /// The storage's, if it cannot list the job; `invalid-input` for a negative pipeline id or one
    /// that was added twice.
    pub async fn start(self) -> Result<(Coordinator, EventStream)> {
        let Self { storage, job, settings, pipelines } = self;
        check_pipelines(&job, pipelines.iter().map(|(pipeline, _)| *pipeline))?;
        let stored = storage.list(&job, &ListQuery::all()).await?;
        let greatest = greatest_ids(&stored);

        let ids = pipelines.iter().map(|(pipeline, _)| *pipeline);
        let capacity = MIN_EVENTS.max(pipelines.len() * EVENTS_PER_PIPELINE);
        let reporter = Reporter::new(job.clone(), ids, capacity);
        let events = reporter.subscribe();
        let (failure, tasks) = (JobFailure::none(), TaskTracker::new());

        let (sweeper_notes, notes) = mpsc::unbounded_channel();
        let sweeper = Sweeper::new(
            job.clone(),
            Arc::clone(&storage),
            settings.max_retained,
            reporter.clone(),
        );
        tasks.spawn(sweeper.run(notes));
        let shared = Shared {
            job: job.clone(),
            storage: Arc::clone(&storage),
            settings,
            reporter: reporter.clone(),
            failure: failure.clone(),
            sweeper: sweeper_notes,
        };
        let mut commands_to = BTreeMap::new();
        for (pipeline, snapshot) in pipelines {
            let (sender, commands) = mpsc::unbounded_channel();
            let next_id = next_id(greatest.get(&pipeline).copied());
            let task = PipelineTask::new(shared.clone(), pipeline, snapshot, next_id, commands);
            tasks.spawn(task.run());
            commands_to.insert(pipeline, sender);
        }
        tasks.close();
        let ages = tokio::spawn(reporter.clone().tell_ages()).abort_handle();
        let coordinator =
            Coordinator { job, storage, pipelines: commands_to, reporter, failure, tasks, ages };
        Ok((coordinator, events))
    }
}

fn check_pipelines(job: &JobId, pipelines: impl Iterator<Item = PipelineId>) -> Result<()> {
    let refuse = |pipeline: PipelineId, why: &str| {
        let error = StorageError::new(StorageKind::InvalidInput, "start a coordinator", why)
            .with_subject(format_args!("job {job} pipeline {pipeline}"));
        Err(error.into())
    };
    let mut seen = std::collections::BTreeSet::new();
    for pipeline in pipelines {
        if pipeline < 0 {
            return refuse(pipeline, "pipeline ids are 0 or greater");
        }
        if !seen.insert(pipeline) {
            return refuse(pipeline, "the pipeline was added twice");
        }
    }
    Ok(())
}

fn greatest_ids(stored: &[CheckpointEntry]) -> BTreeMap<PipelineId, CheckpointId> {
    let mut greatest = BTreeMap::new();
    for entry in stored {
        let id = greatest.entry(entry.name.pipeline_id).or_insert(entry.name.checkpoint_id);
        *id = entry.name.checkpoint_id.max(*id);
    }
    greatest
}

/// The id that follows the greatest that is stored; `None` if there is none. Like the Java engine's,
/// ids begin at 1.
fn next_id(greatest: Option<CheckpointId>) -> Option<CheckpointId> {
    match greatest {
        Some(greatest) => greatest.checked_add(1).map(|next| next.max(1)),
        None => Some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_go_on_and_begin_at_one() {
        assert_eq!(next_id(None), Some(1));
        assert_eq!(next_id(Some(-7)), Some(1));
        assert_eq!(next_id(Some(0)), Some(1));
        assert_eq!(next_id(Some(41)), Some(42));
        assert_eq!(next_id(Some(CheckpointId::MAX)), None);
    }
}
