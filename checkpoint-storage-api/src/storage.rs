//! The interface: what a plugin implements and an engine calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::background::{Spawn, StoreHandle};
use crate::{
    Capabilities, Checkpoint, CheckpointEntry, CheckpointId, CheckpointName, ConfigKey,
    DeleteReport, Error, ErrorKind, HealthOptions, HealthStep, JobId, ListQuery, OpenOptions,
    PipelineId, PipelineState, PluginConfig, ReclaimOptions, ReclaimReport, Result, ScanItem,
    latest_per_pipeline, names_with_ids,
};

/// How often a read begins again when what was listed vanished before it was read.
const LISTING_ATTEMPTS: usize = 4;

/// Opens storages: what a plugin exports.
#[async_trait]
pub trait CheckpointStorageFactory: Send + Sync {
    /// Opens a storage, or says with [`ErrorKind::InvalidConfig`] which key is wrong and why.
    async fn open(
        &self,
        config: PluginConfig,
        options: OpenOptions,
    ) -> Result<Arc<dyn CheckpointStorage>>;

    /// The keys of `plugin-config` that the plugin understands.
    fn config_keys(&self) -> Vec<ConfigKey> {
        Vec::new()
    }
}

/// A place that keeps the checkpoints of jobs.
///
/// The required methods are what a backend owes; see the [crate's guarantees](crate#guarantees).
/// Optional ones answer [`ErrorKind::Unsupported`] and are announced by
/// [`capabilities`](Self::capabilities). The operations of the Java engine's interface follow as
/// default methods over them; their documentation names the Java method they stand for.
///
/// Every call can be cancelled by dropping its future. A cancelled store may still appear, whole.
#[async_trait]
pub trait CheckpointStorage: Send + Sync {
    /// Stores a checkpoint and returns once it is complete, durable and visible to every later
    /// reader (contract 1). Java: `storeCheckPoint`.
    ///
    /// The random part of the entry's name comes from [`CheckpointName::random_part`]. A storage
    /// without [`Capabilities::SAVEPOINT`] need not look at the kind: a host never hands it a
    /// savepoint.
    async fn store(&self, state: PipelineState) -> Result<CheckpointEntry>;

    /// The checkpoints of a job that `query` asks for, oldest first; empty for an unknown job.
    async fn list(&self, job: &JobId, query: &ListQuery) -> Result<Vec<CheckpointEntry>>;

    /// Reads one checkpoint whole. [`ErrorKind::NotFound`] if there is none of that name,
    /// [`ErrorKind::Corrupt`] if what is there is not what was written (contract 3).
    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Checkpoint>;

    /// Deletes exactly what is named; what is not there is no error (contract 6).
    async fn delete_names(&self, job: &JobId, names: &[CheckpointName]) -> Result<DeleteReport>;

    /// Deletes every checkpoint of a job and what belongs to them; foreign and quarantined files
    /// stay. Java: `deleteCheckpoint(jobId)`.
    async fn delete_job(&self, job: &JobId) -> Result<DeleteReport>;

    /// The jobs that have a checkpoint, in the order of their ids.
    async fn jobs(&self) -> Result<Vec<JobId>>;

    /// Which optional operations follow.
    fn capabilities(&self) -> Capabilities {
        Capabilities::empty()
    }

    /// Opens one checkpoint for reading in chunks, in bounded memory.
    async fn open_reader(
        &self,
        _job: &JobId,
        _name: &CheckpointName,
    ) -> Result<Box<dyn CheckpointReader>> {
        Err(Error::unsupported("open a reader"))
    }

    /// Stores what `source` reads under the source's job and name, for copies between storages.
    /// Never writes over what is there: [`ErrorKind::AlreadyExists`].
    async fn import(
        &self,
        _source: Box<dyn CheckpointReader>,
        _options: ImportOptions,
    ) -> Result<CheckpointEntry> {
        Err(Error::unsupported("import"))
    }

    /// Everything in the namespace, or in one job's part of it: foreign files and leftovers too.
    async fn scan(&self, _job: Option<&JobId>) -> Result<Vec<ScanItem>> {
        Err(Error::unsupported("scan"))
    }

    /// Moves a corrupt checkpoint aside, where no reader takes it for a checkpoint, and says where.
    async fn quarantine(&self, _job: &JobId, _name: &CheckpointName) -> Result<String> {
        Err(Error::unsupported("quarantine"))
    }

    /// Removes what dead writers left; what living ones are writing stays.
    async fn reclaim_leftovers(&self, _options: ReclaimOptions) -> Result<ReclaimReport> {
        Err(Error::unsupported("reclaim leftovers"))
    }

    /// Tries the medium step by step. An error means that the check itself could not run.
    async fn health(&self, _options: HealthOptions) -> Result<Vec<HealthStep>> {
        Err(Error::unsupported("check health"))
    }

    /// Lets what is under way end and frees what the storage holds; every later call answers
    /// [`ErrorKind::Closed`], a second close nothing. A storage that is dropped unclosed loses
    /// nothing that it acknowledged.
    async fn close(&self) -> Result<()>;

    /// Stores while the caller goes on; `spawner` runs it. Java: `asyncStoreCheckPoint`.
    fn store_in_background(
        self: Arc<Self>,
        state: PipelineState,
        spawner: &dyn Spawn,
    ) -> StoreHandle
    where
        Self: 'static,
    {
        StoreHandle::spawn(async move { self.store(state).await }, spawner)
    }

    /// Reads every checkpoint of a job, oldest first. Java: `getAllCheckpoints`.
    async fn checkpoints_of_job(&self, job: &JobId) -> Result<Vec<Checkpoint>> {
        read_all(self, job, &ListQuery::all()).await
    }

    /// Reads every checkpoint of a pipeline, oldest first.
    /// Java: `getCheckpointsByJobIdAndPipelineId`.
    async fn checkpoints_of_pipeline(
        &self,
        job: &JobId,
        pipeline: PipelineId,
    ) -> Result<Vec<Checkpoint>> {
        read_all(self, job, &ListQuery::all().of_pipeline(pipeline)).await
    }

    /// Reads the latest checkpoint of each pipeline (contract 4). Java: `getLatestCheckpoint`.
    async fn latest_of_each_pipeline(
        &self,
        job: &JobId,
    ) -> Result<BTreeMap<PipelineId, Checkpoint>> {
        let entries = self.list(job, &ListQuery::all().newest(1)).await?;
        let mut latest = BTreeMap::new();
        for (pipeline, entry) in latest_per_pipeline(&entries) {
            let checkpoint = match self.read(job, &entry.name).await {
                // Deleted since it was listed: a newer one must be there, or none at all.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.latest_of_pipeline(job, pipeline).await?
                }
                checkpoint => Some(checkpoint?),
            };
            latest.extend(checkpoint.map(|checkpoint| (pipeline, checkpoint)));
        }
        Ok(latest)
    }

    /// Reads the latest checkpoint of a pipeline, `None` if it has none. If the latest cannot be
    /// read the answer is its error, never an older one (contract 4).
    /// Java: `getLatestCheckpointByJobIdAndPipelineId`.
    async fn latest_of_pipeline(
        &self,
        job: &JobId,
        pipeline: PipelineId,
    ) -> Result<Option<Checkpoint>> {
        read_newest(self, job, &ListQuery::all().of_pipeline(pipeline).newest(1), |entries| {
            entries.last().map(|entry| entry.name)
        })
        .await
    }

    /// Reads the newest checkpoint with these ids, `None` if there is none.
    /// Java: `getCheckpoint`.
    async fn checkpoint(
        &self,
        job: &JobId,
        pipeline: PipelineId,
        checkpoint: CheckpointId,
    ) -> Result<Option<Checkpoint>> {
        read_newest(self, job, &ListQuery::all().of_pipeline(pipeline), |entries| {
            names_with_ids(entries, pipeline, &[checkpoint]).last().copied()
        })
        .await
    }

    /// Deletes every checkpoint with these ids.
    /// Java: `deleteCheckpoint(jobId, pipelineId, checkpointId)`.
    async fn delete_checkpoint(
        &self,
        job: &JobId,
        pipeline: PipelineId,
        checkpoint: CheckpointId,
    ) -> Result<DeleteReport> {
        self.delete_checkpoints(job, pipeline, &[checkpoint]).await
    }

    /// Deletes every checkpoint of a pipeline with one of these ids.
    /// Java: `deleteCheckpoint(jobId, pipelineId, checkpointIdList)`.
    async fn delete_checkpoints(
        &self,
        job: &JobId,
        pipeline: PipelineId,
        checkpoints: &[CheckpointId],
    ) -> Result<DeleteReport> {
        let entries = self.list(job, &ListQuery::all().of_pipeline(pipeline)).await?;
        self.delete_names(job, &names_with_ids(&entries, pipeline, checkpoints)).await
    }
}

/// Reads one checkpoint's states in chunks.
#[async_trait]
pub trait CheckpointReader: Send {
    /// What is being read.
    fn entry(&self) -> &CheckpointEntry;

    /// How many bytes of states will come; `None` if the checkpoint was stored without any.
    fn states_len(&self) -> Option<u64>;

    /// The next chunk, never empty and at most `max_len` bytes long, or `None` once all were read
    /// and the checkpoint has proved to be whole. What was read before an
    /// [`ErrorKind::Corrupt`] is not to be trusted.
    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>>;
}

/// How [`CheckpointStorage::import`] writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImportOptions {
    /// Give a checksum to a checkpoint that came without; otherwise it stays byte for byte as the
    /// Java engine wrote it.
    pub reseal: bool,
}

async fn read_all<S: CheckpointStorage + ?Sized>(
    storage: &S,
    job: &JobId,
    query: &ListQuery,
) -> Result<Vec<Checkpoint>> {
    let mut checkpoints = Vec::new();
    for entry in storage.list(job, query).await? {
        match storage.read(job, &entry.name).await {
            // Deleted since it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            checkpoint => checkpoints.push(checkpoint?),
        }
    }
    Ok(checkpoints)
}

/// Reads what `choose` picks from a listing; lists again when retention deleted it in between.
async fn read_newest<S: CheckpointStorage + ?Sized>(
    storage: &S,
    job: &JobId,
    query: &ListQuery,
    choose: impl Fn(&[CheckpointEntry]) -> Option<CheckpointName> + Send,
) -> Result<Option<Checkpoint>> {
    let mut attempt = 1;
    loop {
        let entries = storage.list(job, query).await?;
        let Some(name) = choose(&entries) else { return Ok(None) };
        match storage.read(job, &name).await {
            Err(error) if error.kind() == ErrorKind::NotFound && attempt < LISTING_ATTEMPTS => {
                attempt += 1;
            }
            result => return result.map(Some),
        }
    }
}
