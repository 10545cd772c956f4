//! A storage whose stores fail on demand.

use std::sync::atomic::{AtomicU32, Ordering};

use checkpoint_storage_api::{
    Capabilities, Checkpoint, CheckpointEntry, CheckpointName, CheckpointStorage, DeleteReport,
    Error, ErrorKind, JobId, ListQuery, PipelineId, PipelineState, Result, async_trait,
};
use storage_host::ManagedStorage;

/// Lets the first stores of one pipeline fail; all else is the storage's.
pub(super) struct Faulty {
    storage: ManagedStorage,
    pipeline: PipelineId,
    failures_left: AtomicU32,
}

impl Faulty {
    pub(super) fn new(storage: ManagedStorage, pipeline: PipelineId, failures: u32) -> Self {
        Self { storage, pipeline, failures_left: AtomicU32::new(failures) }
    }
}

#[async_trait]
impl CheckpointStorage for Faulty {
    async fn store(&self, state: PipelineState) -> Result<CheckpointEntry> {
        let fails = state.pipeline_id == self.pipeline
            && self
                .failures_left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                .is_ok();
        if fails {
            return Err(Error::new(ErrorKind::Unavailable, "store", "--fail-stores asked for it"));
        }
        self.storage.store(state).await
    }

    async fn list(&self, job: &JobId, query: &ListQuery) -> Result<Vec<CheckpointEntry>> {
        self.storage.list(job, query).await
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Checkpoint> {
        self.storage.read(job, name).await
    }

    async fn delete_names(&self, job: &JobId, names: &[CheckpointName]) -> Result<DeleteReport> {
        self.storage.delete_names(job, names).await
    }

    async fn delete_job(&self, job: &JobId) -> Result<DeleteReport> {
        self.storage.delete_job(job).await
    }

    async fn jobs(&self) -> Result<Vec<JobId>> {
        self.storage.jobs().await
    }

    fn capabilities(&self) -> Capabilities {
        self.storage.capabilities() & Capabilities::SAVEPOINT
    }

    async fn close(&self) -> Result<()> {
        self.storage.close().await
    }
}
