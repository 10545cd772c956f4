//! The disk as a [`FileSystem`]: each call on a thread that may block.

use std::sync::Arc;

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointName, Error, ErrorKind, HealthOptions, HealthStep, JobId, Result, async_trait,
};
use checkpoint_storage_filesystem::codec::Encoded;
use checkpoint_storage_filesystem::{
    ChunkReader, Directory, FileEntry, FileSystem, Upload, Writer,
};

use crate::disk::{Disk, FileReader, PendingFile, Progress};
use crate::workers::Workers;

/// A [`FileSystem`] on a local disk.
#[derive(Debug)]
pub(crate) struct LocalFileSystem {
    disk: Arc<Disk>,
    workers: Workers,
}

impl LocalFileSystem {
    pub(crate) fn new(disk: Disk) -> Self {
        Self { disk: Arc::new(disk), workers: Workers::default() }
    }

    /// Says early that the namespace cannot be; creates nothing.
    pub(crate) async fn check_namespace(&self) -> Result<()> {
        let disk = Arc::clone(&self.disk);
        self.workers.run("open", move |_| disk.check_namespace()).await
    }
}

/// A [`Directory`] that a thread of its own can hold.
enum OwnedDirectory {
    Namespace,
    Job(JobId),
}

impl OwnedDirectory {
    fn of(directory: Directory<'_>) -> Self {
        match directory {
            Directory::Namespace => Self::Namespace,
            Directory::Job(job) => Self::Job(job.clone()),
        }
    }

    fn borrow(&self) -> Directory<'_> {
        match self {
            Self::Namespace => Directory::Namespace,
            Self::Job(job) => Directory::Job(job),
        }
    }
}

#[async_trait]
impl FileSystem for LocalFileSystem {
    fn check_job_id(&self, job: &JobId) -> Result<()> {
        self.disk.check_job_id(job)
    }

    fn describe(&self, directory: Directory<'_>, file_name: Option<&str>) -> String {
        self.disk.describe(directory, file_name)
    }

    async fn list(
        &self,
        directory: Directory<'_>,
        start_after: Option<&str>,
    ) -> Result<Vec<FileEntry>> {
        let (disk, directory) = (Arc::clone(&self.disk), OwnedDirectory::of(directory));
        let start_after = start_after.map(str::to_owned);
        self.workers
            .run("list", move |_| disk.list(directory.borrow(), start_after.as_deref()))
            .await
    }

    async fn jobs(&self) -> Result<Vec<JobId>> {
        let disk = Arc::clone(&self.disk);
        self.workers.run("list jobs", move |_| disk.jobs()).await
    }

    async fn publish(&self, job: &JobId, name: &CheckpointName, body: Encoded) -> Result<()> {
        let (disk, job, name) = (Arc::clone(&self.disk), job.clone(), *name);
        self.workers
            .run("store", move |cancelled| disk.publish(&job, &name, &body, cancelled))
            .await
    }

    async fn begin_publish(
        &self,
        job: &JobId,
        name: &CheckpointName,
        _total_len: u64,
    ) -> Result<Box<dyn Upload>> {
        let (disk, job, name) = (Arc::clone(&self.disk), job.clone(), *name);
        let file = self.workers.run("import", move |_| disk.begin_import(&job, &name)).await?;
        Ok(Box::new(FileUpload { file: Some(file), workers: self.workers.clone() }))
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Bytes> {
        let (disk, job, name) = (Arc::clone(&self.disk), job.clone(), *name);
        self.workers.run("read", move |_| disk.read(&job, &name)).await
    }

    async fn open(&self, job: &JobId, name: &CheckpointName) -> Result<Box<dyn ChunkReader>> {
        let (disk, job, name) = (Arc::clone(&self.disk), job.clone(), *name);
        let (file, progress) =
            self.workers.run("read", move |_| disk.open_reader(&job, &name)).await?;
        Ok(Box::new(FileChunks { file: Arc::new(file), progress, workers: self.workers.clone() }))
    }

    async fn delete(&self, job: &JobId, names: &[CheckpointName]) -> Result<Vec<Result<bool>>> {
        let (disk, job, names) = (Arc::clone(&self.disk), job.clone(), names.to_vec());
        self.workers.run("delete", move |_| disk.delete(&job, &names)).await
    }

    async fn remove_directory(&self, job: &JobId) -> Result<bool> {
        let (disk, job) = (Arc::clone(&self.disk), job.clone());
        self.workers.run("delete job", move |_| disk.remove_directory(&job)).await
    }

    async fn quarantine(&self, job: &JobId, name: &CheckpointName) -> Result<String> {
        let (disk, job, name) = (Arc::clone(&self.disk), job.clone(), *name);
        self.workers.run("quarantine", move |_| disk.quarantine(&job, &name)).await
    }

    async fn writers(&self, directory: Directory<'_>, names: &[&str]) -> Result<Vec<Writer>> {
        let (disk, directory) = (Arc::clone(&self.disk), OwnedDirectory::of(directory));
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        self.workers
            .run("look for leftovers", move |_| disk.writers(directory.borrow(), &names))
            .await
    }

    async fn reclaim(&self, directory: Directory<'_>, name: &str) -> Result<bool> {
        let (disk, directory) = (Arc::clone(&self.disk), OwnedDirectory::of(directory));
        let name = name.to_owned();
        self.workers
            .run("reclaim a leftover", move |_| disk.reclaim(directory.borrow(), &name))
            .await
    }

    async fn health(&self, options: HealthOptions) -> Result<Vec<HealthStep>> {
        let disk = Arc::clone(&self.disk);
        self.workers.run("check health", move |cancelled| Ok(disk.health(options, cancelled))).await
    }

    async fn close(&self) -> Result<()> {
        self.workers.finish().await;
        Ok(())
    }
}

/// A checkpoint that is being written in chunks.
struct FileUpload {
    /// `None` while a call uses it, and for good after one that failed or was dropped.
    file: Option<PendingFile>,
    workers: Workers,
}

impl FileUpload {
    fn take(&mut self) -> Result<PendingFile> {
        self.file.take().ok_or_else(|| {
            Error::new(ErrorKind::Unexpected, "import", "an earlier write failed or was dropped")
                .with_advice("begin again")
        })
    }
}

impl Drop for FileUpload {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            self.workers.discard(file);
        }
    }
}

#[async_trait]
impl Upload for FileUpload {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        let file = self.take()?;
        let write = move |cancelled: &_| file.write(&chunk, cancelled).map(|()| file);
        self.file = Some(self.workers.run("import", write).await?);
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        let file = self.take()?;
        self.workers.run("import", move |cancelled| file.finish(cancelled)).await
    }
}

/// A checkpoint that is being read in chunks.
struct FileChunks {
    file: Arc<FileReader>,
    progress: Progress,
    workers: Workers,
}

#[async_trait]
impl ChunkReader for FileChunks {
    fn file_len(&self) -> u64 {
        self.file.len()
    }

    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        let (file, progress) = (Arc::clone(&self.file), self.progress.clone());
        let read = move |_: &_| file.next_chunk(progress, max_len);
        let Some((chunk, progress)) = self.workers.run("read", read).await? else {
            return Ok(None);
        };
        self.progress = progress;
        Ok(Some(chunk))
    }
}
