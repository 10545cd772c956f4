//! The storage: each call's way in, and the calls that are simple enough to stand here.

use std::fmt;
use std::sync::Arc;

use checkpoint_storage_api::{
    Capabilities, Checkpoint, CheckpointEntry, CheckpointName, CheckpointReader, CheckpointStorage,
    DeleteReport, Error, ErrorKind, HealthOptions, HealthStep, ImportOptions, Integrity, JobId,
    ListQuery, PipelineState, ReclaimOptions, ReclaimReport, Result, ScanItem, async_trait,
};
use tracing::debug;

use crate::filesystem::{Directory, FileEntry, FileSystem, FileType, defective, subject_of};
use crate::gate::Gate;
use crate::sequence::Sequence;
use crate::{Environment, codec};

/// How a [`FileSystemStorage`] behaves, whatever its [`FileSystem`].
#[derive(Debug, Clone, Default)]
pub struct StorageOptions {
    /// Every change answers [`ErrorKind::ReadOnly`] and nothing is touched.
    pub read_only: bool,
    /// The clock and the random numbers.
    pub environment: Environment,
}

/// A storage that keeps each checkpoint in a file of its own.
pub struct FileSystemStorage<F> {
    pub(crate) file_system: F,
    pub(crate) environment: Environment,
    pub(crate) sequence: Sequence,
    pub(crate) gate: Arc<Gate>,
    read_only: bool,
}

impl<F: FileSystem> FileSystemStorage<F> {
    /// A storage over `file_system`; touches nothing.
    pub fn new(file_system: F, options: StorageOptions) -> Self {
        Self {
            file_system,
            environment: options.environment,
            sequence: Sequence::default(),
            gate: Arc::default(),
            read_only: options.read_only,
        }
    }

    /// The medium.
    pub fn file_system(&self) -> &F {
        &self.file_system
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Refuses a change of a storage that was opened read-only.
    pub(crate) fn check_writable(
        &self,
        operation: &'static str,
        directory: Directory<'_>,
    ) -> Result<()> {
        if !self.read_only {
            return Ok(());
        }
        Err(Error::new(ErrorKind::ReadOnly, operation, "the storage was opened read-only")
            .with_subject(self.file_system.describe(directory, None))
            .with_advice("open it for writing"))
    }

    /// Refuses a change of a job that cannot be, or of a storage that was opened read-only.
    pub(crate) fn check_change(&self, operation: &'static str, job: &JobId) -> Result<()> {
        self.file_system.check_job_id(job)?;
        self.check_writable(operation, Directory::Job(job))
    }

    /// The regular files of a job's directory that are checkpoints.
    pub(crate) async fn checkpoints_in(&self, job: &JobId) -> Result<Vec<CheckpointEntry>> {
        let entries = self.file_system.list(Directory::Job(job), None).await?;
        Ok(checkpoints(job, &entries))
    }

    /// The checkpoints of a job that a query can ask for: of a long job, only the newest are listed
    /// where the newest of one pipeline are wanted.
    async fn checkpoints_for(
        &self,
        job: &JobId,
        query: &ListQuery,
    ) -> Result<Vec<CheckpointEntry>> {
        // Which other pipelines a job has shows only the whole listing.
        let (Some(pipeline), Some(count)) = (query.pipeline(), query.newest_count()) else {
            return self.checkpoints_in(job).await;
        };
        let is_enough = |entries: &[FileEntry]| {
            let of_pipeline = checkpoints(job, entries).into_iter();
            of_pipeline.filter(|entry| entry.name.pipeline_id == pipeline).count() >= count.get()
        };
        let now_ms = self.environment.now_ms();
        let entries = self.file_system.list_newest(job, now_ms, &is_enough).await?;
        Ok(checkpoints(job, &entries))
    }

    async fn read_checkpoint(&self, job: &JobId, name: &CheckpointName) -> Result<Checkpoint> {
        let file = self.file_system.read(job, name).await?;
        let decoded = codec::decode(&file)
            .and_then(|decoded| decoded.header.check_place(job, name).map(|()| decoded))
            .map_err(|defect| {
                defective("read", &subject_of(&self.file_system, job, name), &defect)
            })?;
        debug!(%job, %name, size = file.len(), integrity = decoded.integrity.as_str(), "checkpoint read");
        Ok(Checkpoint {
            entry: CheckpointEntry {
                job_id: job.clone(),
                name: *name,
                size: file.len() as u64,
                integrity: decoded.integrity,
            },
            states: decoded.states,
        })
    }
}

/// The checkpoints among the files of a job's directory.
pub(crate) fn checkpoints(job: &JobId, entries: &[FileEntry]) -> Vec<CheckpointEntry> {
    entries
        .iter()
        .filter(|entry| entry.file_type == FileType::Regular)
        .filter_map(|entry| {
            let name = entry.name.parse().ok()?;
            let integrity = Integrity::Unread;
            Some(CheckpointEntry { job_id: job.clone(), name, size: entry.size, integrity })
        })
        .collect()
}

#[async_trait]
impl<F: FileSystem> CheckpointStorage for FileSystemStorage<F> {
    async fn store(&self, state: PipelineState) -> Result<CheckpointEntry> {
        let _inside = self.gate.enter("store")?;
        state.check_storable()?;
        self.check_change("store", &state.job_id)?;
        self.store_state(state).await
    }

    async fn list(&self, job: &JobId, query: &ListQuery) -> Result<Vec<CheckpointEntry>> {
        let _inside = self.gate.enter("list")?;
        self.file_system.check_job_id(job)?;
        Ok(query.select(self.checkpoints_for(job, query).await?))
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Checkpoint> {
        let _inside = self.gate.enter("read")?;
        self.file_system.check_job_id(job)?;
        self.read_checkpoint(job, name).await
    }

    async fn delete_names(&self, job: &JobId, names: &[CheckpointName]) -> Result<DeleteReport> {
        let _inside = self.gate.enter("delete")?;
        self.check_change("delete", job)?;
        self.delete_files(job, names).await
    }

    async fn delete_job(&self, job: &JobId) -> Result<DeleteReport> {
        let _inside = self.gate.enter("delete job")?;
        self.check_change("delete job", job)?;
        self.delete_all_of(job).await
    }

    async fn jobs(&self) -> Result<Vec<JobId>> {
        let _inside = self.gate.enter("list jobs")?;
        let mut jobs = self.file_system.jobs().await?;
        jobs.sort_unstable();
        Ok(jobs)
    }

    fn capabilities(&self) -> Capabilities {
        self.file_system.capabilities()
    }

    async fn open_reader(
        &self,
        job: &JobId,
        name: &CheckpointName,
    ) -> Result<Box<dyn CheckpointReader>> {
        let _inside = self.gate.enter("open a reader")?;
        self.file_system.check_job_id(job)?;
        self.reader_of(job, name).await
    }

    async fn import(
        &self,
        source: Box<dyn CheckpointReader>,
        options: ImportOptions,
    ) -> Result<CheckpointEntry> {
        let _inside = self.gate.enter("import")?;
        self.check_change("import", &source.entry().job_id)?;
        self.import_from(source, options).await
    }

    async fn scan(&self, job: Option<&JobId>) -> Result<Vec<ScanItem>> {
        let _inside = self.gate.enter("scan")?;
        job.map_or(Ok(()), |job| self.file_system.check_job_id(job))?;
        self.scan_items(job).await
    }

    async fn quarantine(&self, job: &JobId, name: &CheckpointName) -> Result<String> {
        let _inside = self.gate.enter("quarantine")?;
        self.check_change("quarantine", job)?;
        self.quarantine_checkpoint(job, name).await
    }

    async fn reclaim_leftovers(&self, options: ReclaimOptions) -> Result<ReclaimReport> {
        let _inside = self.gate.enter("reclaim leftovers")?;
        if !options.dry_run {
            self.check_writable("reclaim leftovers", Directory::Namespace)?;
        }
        self.reclaim_everywhere(options).await
    }

    async fn health(&self, options: HealthOptions) -> Result<Vec<HealthStep>> {
        let _inside = self.gate.enter("check health")?;
        self.check_health(options).await
    }

    async fn close(&self) -> Result<()> {
        self.gate.close().await;
        self.file_system.close().await
    }
}

impl<F> fmt::Debug for FileSystemStorage<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSystemStorage").field("read_only", &self.read_only).finish()
    }
}
