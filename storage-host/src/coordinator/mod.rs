//! Checkpoints of a running job: when they are taken, what becomes of them, and what an engine
//! hears of it.
//!
//! An engine hands the [`Coordinator`] a way to take a snapshot of each pipeline. Pipelines are
//! independent of each other; for each one
//!
//! - a checkpoint is triggered every `interval`, counted from the trigger before it on a clock that
//!   only goes forward. While `max-concurrent` are under way a trigger waits; several that wait
//!   become one checkpoint;
//! - a checkpoint expires after `timeout`, from its trigger until it is stored. If it is stored at
//!   that very instant, it is completed;
//! - snapshots are taken side by side, stores one after the other, so that the newest stored is the
//!   newest taken. When one completes, older ones that still wait are subsumed;
//! - ids go on from the greatest that is stored, and none is given twice;
//! - a store whose outcome is unknown is looked up. What was reported as failed, expired or aborted
//!   and appears in the storage all the same is deleted as soon as it is seen;
//! - checkpoints that failed or expired in a row are counted. One more than `tolerable-failure`, and
//!   the job has failed: everything under way in all its pipelines is aborted.
//!
//! Retention runs beside all this, after a checkpoint completed: see [`retention`](crate::retention).
//!
//! # What it does not guarantee
//!
//! Two coordinators of one job at once are not kept apart. If the process dies, what it had given up
//! but could not delete yet can be found by a restore: whole.
//!
//! # Map
//!
//! - `ledger`: every decision, without a clock or a storage
//! - `pipeline`: the task of one pipeline; `attempt`: one checkpoint under way
//! - `sweeper`: retention
//! - `builder`, `settings`: how it begins
//! - `event`, `report`, [`metrics`]: what is told
//! - `failure`, `refusal`: the failure of a job, and why a request gets no checkpoint

mod attempt;
mod builder;
mod event;
mod failure;
mod ledger;
pub mod metrics;
mod pipeline;
mod refusal;
mod report;
mod settings;
mod sweeper;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use checkpoint_storage_api::{CheckpointStorage, JobId, PipelineId};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;

use crate::error::Error;
use failure::JobFailure;
use ledger::Request;
use pipeline::Command;
use refusal::{check_savepoint, no_such_pipeline, stopped};
use report::Reporter;

pub use attempt::SnapshotError;
pub use builder::CoordinatorBuilder;
pub use event::{CheckpointOf, Completed, Event, EventStream};
pub use settings::CoordinatorSettings;

/// What happens to checkpoints under way when a coordinator is shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// They end by themselves, within `timeout`.
    Wait,
    /// They are aborted.
    Abort,
}

/// Takes the checkpoints of one job. Dropping it aborts what is under way.
pub struct Coordinator {
    job: JobId,
    storage: Arc<dyn CheckpointStorage>,
    pipelines: BTreeMap<PipelineId, mpsc::UnboundedSender<Command>>,
    reporter: Reporter,
    failure: JobFailure,
    tasks: TaskTracker,
    ages: AbortHandle,
}

impl Coordinator {
    /// Begins to describe a coordinator of `job` that stores on `storage`.
    pub fn builder(
        storage: Arc<dyn CheckpointStorage>,
        job: JobId,
        settings: CoordinatorSettings,
    ) -> CoordinatorBuilder {
        CoordinatorBuilder::new(storage, job, settings)
    }

    /// What happens from now on. To miss nothing, subscribe with the
    /// [builder](CoordinatorBuilder::start).
    pub fn subscribe(&self) -> EventStream {
        self.reporter.subscribe()
    }

    /// Takes a checkpoint of a pipeline as soon as there is a place, and waits until it has ended.
    /// Several callers who wait for a place get the same one. Dropping the future stops nothing.
    ///
    /// # Errors
    ///
    /// What the checkpoint ended with; [`ErrorKind::JobFailed`](crate::ErrorKind::JobFailed) or
    /// [`ErrorKind::CoordinatorStopped`](crate::ErrorKind::CoordinatorStopped) if it never began.
    pub async fn checkpoint(&self, pipeline: PipelineId) -> Result<Completed, Arc<Error>> {
        self.request(pipeline, Request::Manual).await
    }

    /// Like [`checkpoint`](Self::checkpoint), but a savepoint: retention never deletes it.
    ///
    /// # Errors
    ///
    /// The same, and `unsupported` if the storage has no savepoints.
    pub async fn savepoint(&self, pipeline: PipelineId) -> Result<Completed, Arc<Error>> {
        check_savepoint(&*self.storage)?;
        self.request(pipeline, Request::Savepoint).await
    }

    /// Takes the final checkpoint of a pipeline that has nothing more to do: no other begins after
    /// it. If it fails and that is tolerated, another one is taken after `interval`, and the
    /// pipeline goes on until one completes or the job fails.
    ///
    /// # Errors
    ///
    /// Those of [`checkpoint`](Self::checkpoint), except for a checkpoint whose failure is
    /// tolerated.
    pub async fn finish(&self, pipeline: PipelineId) -> Result<Completed, Arc<Error>> {
        self.request(pipeline, Request::Final).await
    }

    async fn request(
        &self,
        pipeline: PipelineId,
        request: Request,
    ) -> Result<Completed, Arc<Error>> {
        let commands =
            self.pipelines.get(&pipeline).ok_or_else(|| no_such_pipeline(&self.job, pipeline))?;
        let (answer, answered) = oneshot::channel();
        let ended = || self.failure.get().unwrap_or_else(|| stopped(&self.job, pipeline));
        commands.send(Command::Request(request, answer)).map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }

    /// Lets the interval trigger nothing until [`resume`](Self::resume). What is under way goes on,
    /// and what is asked for is still done.
    pub fn pause(&self) {
        self.tell_all(|| Command::Pause);
    }

    /// Lets the interval begin anew.
    pub fn resume(&self) {
        self.tell_all(|| Command::Resume);
    }

    /// Waits until the job fails, for ever if it does not.
    pub async fn failed(&self) -> Arc<Error> {
        self.failure.wait().await
    }

    /// Ends: nothing is triggered any more, what is under way ends as `how` says, and retention runs
    /// once more. The storage stays open. A second call waits for the first, or aborts what that one
    /// waits for.
    ///
    /// # Errors
    ///
    /// Why the job failed, if it did.
    pub async fn shutdown(&self, how: Shutdown) -> Result<(), Arc<Error>> {
        self.tell_all(|| match how {
            Shutdown::Wait => Command::Drain,
            Shutdown::Abort => Command::Abort,
        });
        self.tasks.wait().await;
        self.ages.abort();
        self.failure.get().map_or(Ok(()), Err)
    }

    fn tell_all(&self, command: impl Fn() -> Command) {
        for commands in self.pipelines.values() {
            // One that has ended has nothing to do.
            let _ = commands.send(command());
        }
    }
}

impl Drop for Coordinator {
    fn drop(&mut self) {
        self.ages.abort();
    }
}

impl fmt::Debug for Coordinator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pipelines: Vec<_> = self.pipelines.keys().collect();
        f.debug_struct("Coordinator")
            .field("job", &self.job)
            .field("pipelines", &pipelines)
            .finish()
    }
}
