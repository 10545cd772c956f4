//! Storing: a name that is the newest of its job, then one atomic publication.

use std::future::poll_fn;
use std::task::Poll;

use checkpoint_storage_api::{
    CheckpointEntry, CheckpointName, Error, ErrorKind, Integrity, JobId, PipelineState,
    ReclaimOptions, Result,
};
use tracing::{debug, info, warn};

use crate::codec::{self, Seal};
use crate::filesystem::{Directory, FileEntry, FileSystem};
use crate::leftover::Fate;
use crate::naming::{self, FileKind};
use crate::sequence::{Stamp, Writing};
use crate::storage::{FileSystemStorage, checkpoints};

/// From how many bytes of states on the checksum is left to a later poll: the first one may be on a
/// thread of the engine's that has better things to do.
const LARGE_STATES: usize = 1 << 20;

/// How many names are tried when another writer takes the one that was chosen.
const NAME_ATTEMPTS: usize = 8;

impl<F: FileSystem> FileSystemStorage<F> {
    pub(crate) async fn store_state(&self, state: PipelineState) -> Result<CheckpointEntry> {
        if state.states.as_ref().is_some_and(|states| states.len() >= LARGE_STATES) {
            next_poll().await;
        }
        let body = codec::encode(&state, Seal::WithChecksum);
        let PipelineState { job_id, pipeline_id, checkpoint_id, kind, .. } = state;
        let size = body.total_len();
        let writing = self.sequence.begin(&job_id);
        for _ in 0..NAME_ATTEMPTS {
            let timestamp_ms = self.next_timestamp(&writing, &job_id).await?;
            let random = CheckpointName::random_part(self.environment.token(), kind);
            let name = CheckpointName { timestamp_ms, random, pipeline_id, checkpoint_id };
            match self.file_system.publish(&job_id, &name, body.clone()).await {
                Ok(()) => {
                    debug!(job = %job_id, %name, size, "checkpoint stored");
                    return Ok(CheckpointEntry {
                        job_id,
                        name,
                        size,
                        integrity: Integrity::Unread,
                    });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    warn!(job = %job_id, %name, "another writer of the job took the name; trying another");
                }
                Err(error) => return Err(error),
            }
        }
        let reason = format!("{NAME_ATTEMPTS} names in a row were taken by another writer");
        Err(Error::new(ErrorKind::AlreadyExists, "store", reason)
            .with_subject(self.file_system.describe(Directory::Job(&job_id), None))
            .with_advice("make sure that one writer at a time stores this job's checkpoints")
            .with_retryable(true))
    }

    /// The time stamp of the job's next checkpoint. What is stored is listed if this writer does
    /// not know it yet, or if its clock cannot vouch for being ahead of it.
    async fn next_timestamp(&self, writing: &Writing<'_>, job: &JobId) -> Result<u64> {
        let now_ms = self.environment.now_ms();
        let first = match writing.stamp(now_ms) {
            Stamp::Given(timestamp_ms) => return Ok(timestamp_ms),
            Stamp::ListFirst { first } => first,
        };
        let bound = naming::before_timestamp(now_ms);
        let entries = self.file_system.list(Directory::Job(job), bound.as_deref()).await?;
        if first {
            self.reclaim_before_first_store(job, &entries).await;
        }
        let newest = checkpoints(job, &entries).iter().map(|entry| entry.name.timestamp_ms).max();
        if newest.is_some_and(|newest| newest > now_ms) {
            warn!(%job, now_ms, newest_stored_ms = newest, "the clock is behind what is stored; names go on from there");
        }
        writing.stamp_after(now_ms, newest).ok_or_else(|| {
            Error::new(
                ErrorKind::Unexpected,
                "store",
                "no time stamp follows the newest stored one",
            )
            .with_subject(self.file_system.describe(Directory::Job(job), None))
            .with_advice("delete the checkpoint with the greatest time stamp in its name")
        })
    }

    /// Gives back, before more is asked for, what dead writers of the job took. Never fails the
    /// store.
    async fn reclaim_before_first_store(&self, job: &JobId, entries: &[FileEntry]) {
        let directory = Directory::Job(job);
        // The listing may leave out the checkpoints that sidecars belong to.
        let entries: Vec<_> = entries
            .iter()
            .filter(|entry| !matches!(naming::classify(&entry.name), FileKind::Sidecar(_)))
            .cloned()
            .collect();
        let older_than = ReclaimOptions::default().older_than;
        // Uploads take room elsewhere: no request more for them.
        let found = match self.unfinished_in(directory, &entries, &[], older_than).await {
            Ok(found) => found,
            Err(error) => {
                warn!(%job, %error, "cannot look for what dead writers left");
                return;
            }
        };
        for item in found.into_iter().filter(|item| item.fate == Fate::Leftover) {
            match self.file_system.reclaim(directory, &item.name).await {
                Ok(true) => info!(%job, file = item.name, size = item.size, "leftover reclaimed"),
                Ok(false) => {}
                Err(error) => warn!(%job, file = item.name, %error, "cannot reclaim a leftover"),
            }
        }
    }
}

/// Ends this poll and asks for another.
async fn next_poll() {
    let mut asked = false;
    poll_fn(|cx| {
        if asked {
            return Poll::Ready(());
        }
        asked = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
