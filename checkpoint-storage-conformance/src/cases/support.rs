//! What the cases share: things to store, and short ways to look at what is stored.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use checkpoint_storage_api::{
    Checkpoint, CheckpointEntry, CheckpointId, CheckpointName, CheckpointReader, ImportOptions,
    Integrity, JobId, ListQuery, PipelineId, PipelineState, Result as StorageResult, async_trait,
};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::check::{Check, Failure, ensure, ensure_eq};
use crate::context::Storage;

/// A job id as the Java engine gives them.
pub(crate) fn job() -> JobId {
    job_called("865405612345123456")
}

/// A job id that every storage can hold.
pub(crate) fn job_called(id: &str) -> JobId {
    JobId::new(id).expect("cases use this for valid ids only")
}

/// States of [`job`].
pub(crate) fn state(
    pipeline: PipelineId,
    checkpoint: CheckpointId,
    states: impl Into<Bytes>,
) -> PipelineState {
    PipelineState::new(job(), pipeline, checkpoint, states)
}

/// The states that [`store`] stores: the same for the same ids.
pub(crate) fn states_of(pipeline: PipelineId, checkpoint: CheckpointId) -> Bytes {
    format!("the states of pipeline {pipeline} at checkpoint {checkpoint}").into()
}

/// Bytes without a pattern that a damage could hide in, the same for the same length.
pub(crate) fn noise(len: usize) -> Bytes {
    let mut bytes = vec![0; len];
    fastrand::Rng::with_seed(len as u64).fill(&mut bytes);
    bytes.into()
}

/// Stores a checkpoint of [`job`] with [`states_of`] it.
pub(crate) async fn store(
    storage: &Storage,
    pipeline: PipelineId,
    checkpoint: CheckpointId,
) -> Check<CheckpointEntry> {
    store_in(storage, &job(), pipeline, checkpoint).await
}

/// Stores a checkpoint of a job with [`states_of`] it.
pub(crate) async fn store_in(
    storage: &Storage,
    job: &JobId,
    pipeline: PipelineId,
    checkpoint: CheckpointId,
) -> Check<CheckpointEntry> {
    let states = states_of(pipeline, checkpoint);
    let state = PipelineState::new(job.clone(), pipeline, checkpoint, states);
    Ok(storage.store(state).await?)
}

/// Stores all of `states` at once; the entries in the order of their names.
pub(crate) async fn store_at_once(
    storage: &Storage,
    states: impl IntoIterator<Item = PipelineState>,
) -> Check<Vec<CheckpointEntry>> {
    let mut stores = JoinSet::new();
    for state in states {
        let storage = Arc::clone(storage);
        stores.spawn(async move { storage.store(state).await });
    }
    let mut entries = Vec::new();
    while let Some(stored) = stores.join_next().await {
        entries.push(stored??);
    }
    entries.sort_unstable_by_key(|entry| entry.name);
    Ok(entries)
}

/// The names of what is listed of a job, as they are listed.
pub(crate) async fn listed_of(storage: &Storage, job: &JobId) -> Check<Vec<CheckpointName>> {
    Ok(names(&storage.list(job, &ListQuery::all()).await?))
}

/// The names of what is listed of [`job`].
pub(crate) async fn listed(storage: &Storage) -> Check<Vec<CheckpointName>> {
    listed_of(storage, &job()).await
}

/// The names of entries.
pub(crate) fn names(entries: &[CheckpointEntry]) -> Vec<CheckpointName> {
    entries.iter().map(|entry| entry.name).collect()
}

/// Ends the case unless a checkpoint reads as the states that were stored.
pub(crate) async fn ensure_reads(
    storage: &Storage,
    entry: &CheckpointEntry,
    states: Option<&Bytes>,
) -> Check {
    let checkpoint = storage.read(&entry.job_id, &entry.name).await?;
    ensure_is(&checkpoint, entry, states)
}

/// Ends the case unless every one of `entries`, which [`store`] made, reads as it was stored.
pub(crate) async fn ensure_all_read(storage: &Storage, entries: &[CheckpointEntry]) -> Check {
    for entry in entries {
        let CheckpointName { pipeline_id, checkpoint_id, .. } = entry.name;
        ensure_reads(storage, entry, Some(&states_of(pipeline_id, checkpoint_id))).await?;
    }
    Ok(())
}

/// Ends the case unless `checkpoint` is the one of `entry` with these states.
pub(crate) fn ensure_is(
    checkpoint: &Checkpoint,
    entry: &CheckpointEntry,
    states: Option<&Bytes>,
) -> Check {
    let Checkpoint { entry: found, states: read } = checkpoint;
    ensure_eq!(found.job_id, entry.job_id, "the job of what was read");
    ensure_eq!(found.name, entry.name, "the name of what was read");
    ensure!(
        matches!(found.integrity, Integrity::Ok | Integrity::NoChecksum),
        "what was read whole has the integrity {:?}",
        found.integrity
    );
    ensure_eq!(read.as_ref().map(Bytes::len), states.map(Bytes::len), "the length of the states");
    ensure!(read.as_ref() == states, "the states are not those that were stored");
    Ok(())
}

/// The time in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}

/// A checkpoint's name with a random part that means nothing.
pub(crate) fn name_at(
    timestamp_ms: u64,
    pipeline_id: PipelineId,
    checkpoint_id: CheckpointId,
) -> CheckpointName {
    CheckpointName { timestamp_ms, random: 500, pipeline_id, checkpoint_id }
}

/// A checkpoint of [`job`] that comes from somewhere else, for imports.
pub(crate) struct Source {
    entry: CheckpointEntry,
    states_len: Option<u64>,
    /// What is still to be given, back to front.
    chunks: Vec<StorageResult<Bytes>>,
    /// What to wait for before the last chunk.
    hold: Option<Arc<Semaphore>>,
}

impl Source {
    /// Gives `states` in chunks of `chunk_len` bytes.
    pub(crate) fn new(name: CheckpointName, states: Option<&Bytes>, chunk_len: usize) -> Self {
        let chunks = states.into_iter().flat_map(|states| {
            let starts = (0..states.len()).step_by(chunk_len.max(1));
            starts.map(|start| Ok(states.slice(start..states.len().min(start + chunk_len))))
        });
        let mut chunks: Vec<_> = chunks.collect();
        chunks.reverse();
        let size = states.map_or(0, Bytes::len) as u64;
        let entry = CheckpointEntry { job_id: job(), name, size, integrity: Integrity::Unread };
        Self { entry, states_len: states.map(|states| states.len() as u64), chunks, hold: None }
    }

    /// Says that this many bytes will come, whatever does.
    pub(crate) fn announcing(mut self, states_len: u64) -> Self {
        self.states_len = Some(states_len);
        self
    }

    /// Ends in an error instead of an end.
    pub(crate) fn ending_in(mut self, error: checkpoint_storage_api::Error) -> Self {
        self.chunks.insert(0, Err(error));
        self
    }

    /// Gives the last chunk only when there is a permit.
    pub(crate) fn holding(mut self, hold: &Arc<Semaphore>) -> Self {
        self.hold = Some(Arc::clone(hold));
        self
    }
}

#[async_trait]
impl CheckpointReader for Source {
    fn entry(&self) -> &CheckpointEntry {
        &self.entry
    }

    fn states_len(&self) -> Option<u64> {
        self.states_len
    }

    async fn next_chunk(&mut self, max_len: usize) -> StorageResult<Option<Bytes>> {
        if let (Some(hold), true) = (&self.hold, self.chunks.len() <= 1) {
            // A semaphore that is closed holds nothing up.
            let _ = hold.acquire().await;
        }
        let Some(mut chunk) = self.chunks.pop().transpose()? else { return Ok(None) };
        if chunk.len() > max_len {
            self.chunks.push(Ok(chunk.split_off(max_len)));
        }
        Ok(Some(chunk))
    }
}

/// Imports a checkpoint of [`job`] with [`states_of`] it under a given name.
pub(crate) async fn import(storage: &Storage, name: CheckpointName) -> Check<CheckpointEntry> {
    let states = states_of(name.pipeline_id, name.checkpoint_id);
    let source = Source::new(name, Some(&states), 7);
    let entry = storage.import(Box::new(source), ImportOptions::default()).await?;
    ensure_eq!(entry.name, name, "the name of what was imported");
    Ok(entry)
}

/// Reads a checkpoint in chunks of at most `max_len` bytes, to its end.
pub(crate) async fn read_in_chunks(
    storage: &Storage,
    job: &JobId,
    name: &CheckpointName,
    max_len: usize,
) -> StorageResult<Option<Bytes>> {
    let mut reader = storage.open_reader(job, name).await?;
    let announced = reader.states_len();
    let mut states = Vec::new();
    while let Some(chunk) = reader.next_chunk(max_len).await? {
        states.extend_from_slice(&chunk);
    }
    Ok(announced.map(|_| states.into()))
}

/// The one element that there must be.
pub(crate) fn only<T: Clone>(of: &[T], what: &str) -> Check<T> {
    match of {
        [one] => Ok(one.clone()),
        _ => Err(Failure::Failed(format!("{what}: expected one, found {}", of.len()))),
    }
}

/// Ends the case unless everything that is listed of [`job`] reads as one of `states`.
pub(crate) async fn ensure_listed_is_whole(storage: &Storage, states: &Bytes) -> Check {
    for name in listed(storage).await? {
        let read = storage.read(&job(), &name).await?;
        ensure!(read.states.as_ref() == Some(states), "{name} is listed and not whole");
    }
    Ok(())
}

/// Polls a call once and drops it.
pub(crate) async fn drop_after_one_poll<F: Future>(call: F) {
    let mut call = Box::pin(call);
    poll_fn(|cx| {
        // What it answers is of no interest: the caller is gone.
        let _ = call.as_mut().poll(cx);
        Poll::Ready(())
    })
    .await;
}
