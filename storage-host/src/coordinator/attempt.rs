//! One checkpoint under way: its snapshot, its turn, its store.

use std::error::Error as StdError;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use checkpoint_storage_api::{
    BoxFuture, CheckpointEntry, CheckpointStorage, Error as StorageError, JobId, ListQuery,
    Outcome as StorageOutcome, PipelineState,
};
use futures_util::FutureExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::event::CheckpointOf;
use crate::error::{Error, ErrorKind};

/// Why an engine could not take a snapshot.
pub type SnapshotError = Box<dyn StdError + Send + Sync>;

/// How an engine takes a snapshot of a pipeline.
pub(super) type Snapshot =
    dyn Fn(CheckpointOf) -> BoxFuture<'static, Result<Bytes, SnapshotError>> + Send + Sync;

/// Far enough away for a time-out that no clock can hold.
const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// Where the newest checkpoints are looked through for one whose store's outcome is unknown: no
/// other of its pipeline is stored meanwhile.
const LOOK_BACK: usize = 8;

/// Tells the pipeline that a snapshot was taken.
pub(super) struct Taken {
    pub(super) of: CheckpointOf,
    pub(super) states_len: u64,
    pub(super) snapshot: Duration,
}

/// How an attempt ended.
pub(super) enum Outcome {
    Stored {
        entry: CheckpointEntry,
        snapshot: Duration,
        store: Duration,
    },
    Failed {
        error: Error,
        /// The store may still take effect.
        may_appear: bool,
    },
    Expired(Error),
}

/// What it takes to checkpoint a pipeline once.
pub(super) struct Attempt {
    pub(super) job: JobId,
    pub(super) of: CheckpointOf,
    pub(super) timeout: Duration,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) storage: Arc<dyn CheckpointStorage>,
    pub(super) taken: mpsc::UnboundedSender<Taken>,
    /// It is this one's turn to be stored.
    pub(super) turn: oneshot::Receiver<()>,
}

#[derive(Clone, Copy)]
enum Stage {
    Snapshot,
    Waiting,
    Store,
}

impl Attempt {
    /// Runs to the end or to the time-out, whichever comes first; if both come at once, to the end.
    pub(super) async fn run(self) -> Outcome {
        let began = Instant::now();
        let deadline = began.checked_add(self.timeout).unwrap_or_else(|| began + NEVER);
        let CheckpointOf { pipeline, checkpoint, kind } = self.of;
        let span = tracing::info_span!("checkpoint", job = %self.job, pipeline, checkpoint, kind = kind.as_str());
        let (subject, timeout) = (self.of.subject(&self.job), self.timeout);
        let mut stage = Stage::Snapshot;
        let work = self.take_and_store(&mut stage).instrument(span);
        match tokio::time::timeout_at(deadline, work).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome::Expired(expired(stage, subject, timeout)),
        }
    }

    async fn take_and_store(self, stage: &mut Stage) -> Outcome {
        let Self { job, of, snapshot, storage, taken, turn, .. } = self;
        let began = Instant::now();
        let states = async { snapshot(of).await };
        let span = tracing::debug_span!("snapshot");
        let states = match AssertUnwindSafe(states).catch_unwind().instrument(span).await {
            Ok(Ok(states)) => states,
            Ok(Err(error)) => return snapshot_failed(&of.subject(&job), error.to_string()),
            Err(_) => return snapshot_failed(&of.subject(&job), "it panicked".to_owned()),
        };
        let snapshot = began.elapsed();

        *stage = Stage::Waiting;
        let states_len = states.len() as u64;
        let told = taken.send(Taken { of, states_len, snapshot });
        if told.is_err() || turn.await.is_err() {
            // The pipeline has ended, and nobody hears of this.
            return snapshot_failed(&of.subject(&job), "the coordinator has ended".to_owned());
        }

        *stage = Stage::Store;
        let began = Instant::now();
        let state = PipelineState {
            kind: of.kind,
            ..PipelineState::new(job.clone(), of.pipeline, of.checkpoint, states)
        };
        let stored = storage.store(state).instrument(tracing::debug_span!("store")).await;
        let error = match stored {
            Ok(entry) => return Outcome::Stored { entry, snapshot, store: began.elapsed() },
            Err(error) if error.outcome() == StorageOutcome::NotApplied => {
                return Outcome::Failed { error: error.into(), may_appear: false };
            }
            Err(error) => error,
        };
        match look_up(&*storage, &job, of).await {
            Ok(Some(entry)) => {
                tracing::warn!(%error, name = %entry.name, "the store's outcome was unknown; it is stored");
                Outcome::Stored { entry, snapshot, store: began.elapsed() }
            }
            Ok(None) => Outcome::Failed { error: error.into(), may_appear: true },
            Err(looking) => {
                tracing::warn!(error = %looking, "the store's outcome could not be looked up");
                Outcome::Failed { error: error.into(), may_appear: true }
            }
        }
    }
}

/// Looks whether a checkpoint is stored; its id was never given to another of its pipeline.
async fn look_up(
    storage: &dyn CheckpointStorage,
    job: &JobId,
    of: CheckpointOf,
) -> Result<Option<CheckpointEntry>, StorageError> {
    let query = ListQuery::all().of_pipeline(of.pipeline).newest(LOOK_BACK);
    let entries = storage.list(job, &query).await?;
    Ok(entries.into_iter().find(|entry| entry.name.checkpoint_id == of.checkpoint))
}

fn snapshot_failed(subject: &str, reason: String) -> Outcome {
    let reason = format!("the snapshot failed: {reason}");
    let error = Error::new(ErrorKind::SnapshotFailed, subject, reason);
    Outcome::Failed { error, may_appear: false }
}

fn expired(stage: Stage, subject: String, timeout: Duration) -> Error {
    let (what, advice) = match stage {
        Stage::Snapshot => ("its snapshot was not taken", "look at what holds the pipeline up"),
        Stage::Waiting => ("the store before it did not end", "look whether the storage answers"),
        Stage::Store => ("it was not stored", "look whether the storage answers"),
    };
    Error::new(ErrorKind::CheckpointExpired, subject, format!("{what} within {timeout:?}"))
        .with_advice(format!("{advice}, or raise `timeout`"))
}
