//! What an engine sees of its checkpoints.

use std::sync::Arc;
use std::time::Duration;

use checkpoint_storage_api::{CheckpointId, CheckpointKind, CheckpointName, JobId, PipelineId};
use tokio::sync::broadcast;

use crate::error::Error;

/// What happened. Each checkpoint that was triggered ends in exactly one of `Completed`, `Failed`,
/// `Expired`, `Subsumed` and `Aborted`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A snapshot is being taken.
    Triggered(CheckpointOf),
    /// It was taken and is being stored.
    Storing {
        /// Which checkpoint.
        of: CheckpointOf,
        /// The length of the states in bytes.
        states_len: u64,
        /// How long the snapshot took.
        snapshot: Duration,
    },
    /// It is stored: a restore can use it.
    Completed(Completed),
    /// The snapshot or the store failed.
    Failed {
        /// Which checkpoint.
        of: CheckpointOf,
        /// Why.
        error: Arc<Error>,
        /// How many of the pipeline have failed in a row by now.
        consecutive: u32,
    },
    /// It took longer than `timeout`.
    Expired {
        /// Which checkpoint.
        of: CheckpointOf,
        /// What it was doing when the time was over.
        error: Arc<Error>,
        /// How many of the pipeline have failed in a row by now.
        consecutive: u32,
    },
    /// A newer one of the pipeline completed first.
    Subsumed {
        /// Which checkpoint.
        of: CheckpointOf,
        /// The newer one.
        by: CheckpointId,
    },
    /// The job failed, or the coordinator was told to stop.
    Aborted(CheckpointOf),
    /// Retention deleted what it does not keep.
    Pruned {
        /// What is gone.
        deleted: Vec<CheckpointName>,
        /// What is still there, or may be, and why; the next round tries again.
        failed: Vec<(CheckpointName, Arc<Error>)>,
    },
    /// Retention could not look or delete; the next round tries again.
    PruneFailed {
        /// Why.
        error: Arc<Error>,
    },
    /// More checkpoints of a pipeline failed in a row than is tolerated. Everything under way was
    /// aborted.
    JobFailed {
        /// The pipeline.
        pipeline: PipelineId,
        /// Why.
        error: Arc<Error>,
    },
    /// This stream was read too slowly, and so many events are lost to it.
    Missed(u64),
}

/// Which checkpoint an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckpointOf {
    /// The pipeline.
    pub pipeline: PipelineId,
    /// The checkpoint's id.
    pub checkpoint: CheckpointId,
    /// Whether it is a savepoint.
    pub kind: CheckpointKind,
}

impl CheckpointOf {
    /// What an error calls it.
    pub(super) fn subject(&self, job: &JobId) -> String {
        let Self { pipeline, checkpoint, kind } = self;
        format!("job {job} pipeline {pipeline} {} {checkpoint}", kind.as_str())
    }
}

/// A checkpoint that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// Which checkpoint.
    pub of: CheckpointOf,
    /// The name it is stored under.
    pub name: CheckpointName,
    /// How many bytes are stored for it.
    pub size: u64,
    /// How long the snapshot took.
    pub snapshot: Duration,
    /// How long the store took, from the moment it was the pipeline's turn.
    pub store: Duration,
}

/// The events of one job from the moment of the subscription on.
#[derive(Debug)]
pub struct EventStream(pub(super) broadcast::Receiver<Event>);

impl EventStream {
    /// The next event; `None` once the coordinator has ended and all were read. A stream that is
    /// read too slowly loses the oldest events and says how many with [`Event::Missed`].
    ///
    /// Cancelling it loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(count)) => Some(Event::Missed(count)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
