//! The cluster as a [`FileSystem`].

use std::sync::Arc;

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointName, HealthOptions, HealthStep, JobId, Result, async_trait,
};
use checkpoint_storage_filesystem::codec::Encoded;
use checkpoint_storage_filesystem::{
    ChunkReader, Directory, FileEntry, FileSystem, Upload, naming,
};
use futures_util::{StreamExt as _, stream};

use crate::files::{Files, Target};

/// How many files are deleted at once.
const DELETES_AT_ONCE: usize = 8;

/// A [`FileSystem`] on HDFS.
pub(crate) struct HdfsFileSystem {
    files: Arc<Files>,
}

impl HdfsFileSystem {
    pub(crate) fn new(files: Arc<Files>) -> Self {
        Self { files }
    }

    fn target(&self, operation: &'static str, job: &JobId, name: &CheckpointName) -> Target {
        let directory = self.files.directory(Directory::Job(job));
        Target { operation, directory, name: name.to_string() }
    }
}

#[async_trait]
impl FileSystem for HdfsFileSystem {
    fn check_job_id(&self, job: &JobId) -> Result<()> {
        self.files.check_job_id(job)
    }

    fn describe(&self, directory: Directory<'_>, file_name: Option<&str>) -> String {
        let directory = self.files.directory(directory);
        match file_name {
            Some(name) => self.files.url(&format!("{directory}/{name}")),
            None => self.files.url(&directory),
        }
    }

    async fn list(
        &self,
        directory: Directory<'_>,
        _start_after: Option<&str>,
    ) -> Result<Vec<FileEntry>> {
        self.files.list(directory).await
    }

    async fn publish(&self, job: &JobId, name: &CheckpointName, body: Encoded) -> Result<()> {
        self.files.publish(self.target("store", job, name), name, body.into()).await
    }

    async fn begin_publish(
        &self,
        job: &JobId,
        name: &CheckpointName,
        total_len: u64,
    ) -> Result<Box<dyn Upload>> {
        let upload =
            self.files.begin_upload(self.target("import", job, name), name, total_len).await?;
        Ok(Box::new(upload))
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Bytes> {
        self.files.read(self.target("read", job, name)).await
    }

    async fn open(&self, job: &JobId, name: &CheckpointName) -> Result<Box<dyn ChunkReader>> {
        Ok(Box::new(self.files.open(self.target("read", job, name)).await?))
    }

    async fn delete(&self, job: &JobId, names: &[CheckpointName]) -> Result<Vec<Result<bool>>> {
        let deadline = self.files.deadline();
        let targets: Vec<_> = names.iter().map(|name| self.target("delete", job, name)).collect();
        let deletes = targets
            .into_iter()
            .map(|target| async move { self.files.delete(&target, deadline).await });
        Ok(stream::iter(deletes).buffered(DELETES_AT_ONCE).collect().await)
    }

    async fn remove_directory(&self, job: &JobId) -> Result<bool> {
        self.files.remove_directory(&self.files.directory(Directory::Job(job))).await
    }

    async fn quarantine(&self, job: &JobId, name: &CheckpointName) -> Result<String> {
        let from = self.target("quarantine", job, name);
        let to = from.beside(naming::quarantined(name));
        self.files.rename(&from, &to).await?;
        Ok(self.files.url(&to.path()))
    }

    async fn reclaim(&self, directory: Directory<'_>, name: &str) -> Result<bool> {
        let directory = self.files.directory(directory);
        let target = Target { operation: "reclaim a leftover", directory, name: name.to_owned() };
        self.files.delete(&target, self.files.deadline()).await
    }

    async fn health(&self, options: HealthOptions) -> Result<Vec<HealthStep>> {
        Ok(self.files.health(options).await)
    }

    async fn close(&self) -> Result<()> {
        self.files.close().await;
        Ok(())
    }
}
