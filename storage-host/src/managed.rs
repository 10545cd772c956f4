//! A storage as the host hands it out: every call is bounded in time and runs in a span, a
//! read-only storage refuses changes whatever its plugin does, and a restore honours `on-corrupt`.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use checkpoint_storage_api::{
    Capabilities, Checkpoint, CheckpointEntry, CheckpointKind, CheckpointName, CheckpointReader,
    CheckpointStorage, DeleteReport, Error, ErrorKind, HealthOptions, HealthStep, ImportOptions,
    JobId, ListQuery, Outcome, PipelineId, PipelineState, ReclaimOptions, ReclaimReport, Result,
    ScanItem, async_trait,
};
use tracing::Instrument as _;

use crate::config::StorageSettings;
use crate::plugin::LoadedPlugin;
use crate::restore::{restore_job, restore_pipeline};

/// An open storage. Clones are handles to the same storage.
#[derive(Clone)]
pub struct ManagedStorage {
    storage: Arc<dyn CheckpointStorage>,
    plugin: Arc<LoadedPlugin>,
    settings: StorageSettings,
}

impl ManagedStorage {
    pub(crate) fn new(
        storage: Arc<dyn CheckpointStorage>,
        plugin: Arc<LoadedPlugin>,
        settings: StorageSettings,
    ) -> Self {
        Self { storage, plugin, settings }
    }

    /// The plugin that serves it.
    pub fn plugin(&self) -> &LoadedPlugin {
        &self.plugin
    }

    /// Reads the checkpoint that a pipeline restores from, as the configuration's `on-corrupt` says:
    /// see [`restore_pipeline`].
    pub async fn restore(&self, job: &JobId, pipeline: PipelineId) -> Result<Option<Checkpoint>> {
        restore_pipeline(self, self.settings.on_corrupt, job, pipeline).await
    }

    /// Reads the checkpoint that each pipeline of a job restores from: see [`restore_job`].
    pub async fn restore_job(&self, job: &JobId) -> Result<BTreeMap<PipelineId, Checkpoint>> {
        restore_job(self, self.settings.on_corrupt, job).await
    }

    fn refuse_if_read_only(&self, operation: &'static str) -> Result<()> {
        if !self.settings.read_only {
            return Ok(());
        }
        Err(Error::new(ErrorKind::ReadOnly, operation, "the storage was opened read-only"))
    }

    fn timed_out(&self, operation: &'static str, subject: String, on_timeout: Outcome) -> Error {
        let limit = self.settings.operation_timeout;
        Error::new(ErrorKind::TimedOut, operation, format!("it did not end within {limit:?}"))
            .with_subject(subject)
            .with_outcome(on_timeout)
            .with_advice("look whether the medium answers, or raise `operation-timeout`")
    }

    async fn reading<T>(
        &self,
        operation: &'static str,
        subject: String,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        self.bounded(operation, subject, Outcome::NotApplied, call).await
    }

    async fn changing<T>(
        &self,
        operation: &'static str,
        subject: String,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        self.refuse_if_read_only(operation)?;
        self.bounded(operation, subject, Outcome::Unknown, call).await
    }

    async fn bounded<T>(
        &self,
        operation: &'static str,
        subject: String,
        on_timeout: Outcome,
        call: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let span = tracing::debug_span!("checkpoint_storage", operation, subject);
        match tokio::time::timeout(self.settings.operation_timeout, call.instrument(span)).await {
            Ok(result) => result,
            Err(_) => Err(self.timed_out(operation, subject, on_timeout)),
        }
    }
}

impl fmt::Debug for ManagedStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "storage of {:?}", self.plugin)
    }
}

#[async_trait]
impl CheckpointStorage for ManagedStorage {
    async fn store(&self, state: PipelineState) -> Result<CheckpointEntry> {
        check_savepoint(&*self.storage, state.kind)?;
        let subject = format!(
            "job {} pipeline {} checkpoint {}",
            state.job_id, state.pipeline_id, state.checkpoint_id
        );
        self.changing("store", subject, self.storage.store(state)).await
    }

    async fn list(&self, job: &JobId, query: &ListQuery) -> Result<Vec<CheckpointEntry>> {
        self.reading("list", format!("job {job}"), self.storage.list(job, query)).await
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Checkpoint> {
        let subject = format!("job {job} {name}");
        self.reading("read", subject, self.storage.read(job, name)).await
    }

    async fn delete_names(&self, job: &JobId, names: &[CheckpointName]) -> Result<DeleteReport> {
        let call = self.storage.delete_names(job, names);
        self.changing("delete", format!("job {job}"), call).await
    }

    async fn delete_job(&self, job: &JobId) -> Result<DeleteReport> {
        let call = self.storage.delete_job(job);
        self.changing("delete", format!("job {job}"), call).await
    }

    async fn jobs(&self) -> Result<Vec<JobId>> {
        self.reading("list the jobs", String::new(), self.storage.jobs()).await
    }

    fn capabilities(&self) -> Capabilities {
        self.storage.capabilities()
    }

    async fn open_reader(
        &self,
        job: &JobId,
        name: &CheckpointName,
    ) -> Result<Box<dyn CheckpointReader>> {
        let subject = format!("job {job} {name}");
        let call = self.storage.open_reader(job, name);
        let reader = self.reading("open a reader", subject, call).await?;
        Ok(Box::new(BoundedReader { storage: self.clone(), reader }))
    }

    /// Bounded by progress, not as a whole: the limit applies to the time without a chunk, so that
    /// it need not know the checkpoint's size.
    async fn import(
        &self,
        source: Box<dyn CheckpointReader>,
        options: ImportOptions,
    ) -> Result<CheckpointEntry> {
        self.refuse_if_read_only("import")?;
        let subject = format!("job {} {}", source.entry().job_id, source.entry().name);
        let chunks = Arc::new(AtomicU64::new(0));
        let source = SourceOfImport {
            source,
            chunks: Arc::clone(&chunks),
            runtime: tokio::runtime::Handle::current(),
        };
        let span = tracing::debug_span!("checkpoint_storage", operation = "import", subject);
        let mut call = pin!(self.storage.import(Box::new(source), options).instrument(span));
        loop {
            let before = chunks.load(Ordering::Relaxed);
            match tokio::time::timeout(self.settings.operation_timeout, &mut call).await {
                Ok(result) => return result,
                Err(_) if chunks.load(Ordering::Relaxed) > before => {}
                Err(_) => return Err(self.timed_out("import", subject, Outcome::Unknown)),
            }
        }
    }

    async fn scan(&self, job: Option<&JobId>) -> Result<Vec<ScanItem>> {
        self.reading("scan", String::new(), self.storage.scan(job)).await
    }

    async fn quarantine(&self, job: &JobId, name: &CheckpointName) -> Result<String> {
        let subject = format!("job {job} {name}");
        self.changing("quarantine", subject, self.storage.quarantine(job, name)).await
    }

    async fn reclaim_leftovers(&self, options: ReclaimOptions) -> Result<ReclaimReport> {
        self.changing("reclaim leftovers", String::new(), self.storage.reclaim_leftovers(options))
            .await
    }

    async fn health(&self, options: HealthOptions) -> Result<Vec<HealthStep>> {
        let call = self.storage.health(options);
        if options.write {
            return self.changing("check health", String::new(), call).await;
        }
        self.reading("check health", String::new(), call).await
    }

    async fn close(&self) -> Result<()> {
        self.bounded("close", String::new(), Outcome::Unknown, self.storage.close()).await
    }
}

/// Refuses to store a savepoint where it would be stored as any other checkpoint, and pruned.
pub(crate) fn check_savepoint(storage: &dyn CheckpointStorage, kind: CheckpointKind) -> Result<()> {
    match kind {
        CheckpointKind::Savepoint if !storage.capabilities().contains(Capabilities::SAVEPOINT) => {
            Err(Error::unsupported("store a savepoint"))
        }
        _ => Ok(()),
    }
}

struct BoundedReader {
    storage: ManagedStorage,
    reader: Box<dyn CheckpointReader>,
}

#[async_trait]
impl CheckpointReader for BoundedReader {
    fn entry(&self) -> &CheckpointEntry {
        self.reader.entry()
    }

    fn states_len(&self) -> Option<u64> {
        self.reader.states_len()
    }

    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        let entry = self.reader.entry();
        let subject = format!("job {} {}", entry.job_id, entry.name);
        self.storage.reading("read the next chunk", subject, self.reader.next_chunk(max_len)).await
    }
}

/// A source that a plugin polls on its own threads: it runs inside the host's runtime all the same,
/// and counts what it gave.
struct SourceOfImport {
    source: Box<dyn CheckpointReader>,
    chunks: Arc<AtomicU64>,
    runtime: tokio::runtime::Handle,
}

#[async_trait]
impl CheckpointReader for SourceOfImport {
    fn entry(&self) -> &CheckpointEntry {
        self.source.entry()
    }

    fn states_len(&self) -> Option<u64> {
        self.source.states_len()
    }

    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        let mut next = self.source.next_chunk(max_len);
        let runtime = &self.runtime;
        let chunk = std::future::poll_fn(|cx| {
            let _entered = runtime.enter();
            next.as_mut().poll(cx)
        })
        .await;
        self.chunks.fetch_add(1, Ordering::Relaxed);
        chunk
    }
}
