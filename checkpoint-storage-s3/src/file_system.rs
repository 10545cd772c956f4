//! The bucket as a [`FileSystem`].

use std::sync::Arc;

use bytes::Bytes;
use checkpoint_storage_api::{
    Capabilities, CheckpointName, HealthOptions, HealthStep, JobId, Result, async_trait,
};
use checkpoint_storage_filesystem::codec::Encoded;
use checkpoint_storage_filesystem::{
    CAPABILITIES, ChunkReader, Directory, FileEntry, FileSystem, IsEnough, Upload, naming,
};

use crate::bucket::{Bucket, ObjectReader, Target};

/// A [`FileSystem`] on S3.
pub(crate) struct S3FileSystem {
    bucket: Arc<Bucket>,
}

impl S3FileSystem {
    pub(crate) fn new(bucket: Bucket) -> Self {
        Self { bucket: Arc::new(bucket) }
    }

    fn target(&self, operation: &'static str, job: &JobId, name: &CheckpointName) -> Target {
        let key = self.bucket.keyspace.file(Directory::Job(job), &name.to_string());
        Target { operation, key }
    }
}

#[async_trait]
impl FileSystem for S3FileSystem {
    fn check_job_id(&self, job: &JobId) -> Result<()> {
        self.bucket.keyspace.check_job_id(job)
    }

    fn describe(&self, directory: Directory<'_>, file_name: Option<&str>) -> String {
        self.bucket
            .keyspace
            .url(&self.bucket.keyspace.file(directory, file_name.unwrap_or_default()))
    }

    async fn list(
        &self,
        directory: Directory<'_>,
        start_after: Option<&str>,
    ) -> Result<Vec<FileEntry>> {
        self.bucket.list(directory, start_after).await
    }

    async fn list_newest(
        &self,
        job: &JobId,
        now_ms: u64,
        is_enough: IsEnough<'_>,
    ) -> Result<Vec<FileEntry>> {
        self.bucket.newest(job, now_ms, is_enough).await
    }

    async fn jobs(&self) -> Result<Vec<JobId>> {
        self.bucket.jobs().await
    }

    async fn publish(&self, job: &JobId, name: &CheckpointName, body: Encoded) -> Result<()> {
        self.bucket.publish(self.target("store", job, name), body.into()).await
    }

    async fn begin_publish(
        &self,
        job: &JobId,
        name: &CheckpointName,
        total_len: u64,
    ) -> Result<Box<dyn Upload>> {
        Ok(Box::new(self.bucket.begin(self.target("import", job, name), total_len)))
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Bytes> {
        self.bucket.read(self.target("read", job, name)).await
    }

    async fn open(&self, job: &JobId, name: &CheckpointName) -> Result<Box<dyn ChunkReader>> {
        Ok(Box::new(self.bucket.open(self.target("read", job, name)).await?))
    }

    async fn delete(&self, job: &JobId, names: &[CheckpointName]) -> Result<Vec<Result<bool>>> {
        let directory = self.bucket.keyspace.directory(Directory::Job(job));
        let keys: Vec<_> = names.iter().map(|name| format!("{directory}{name}")).collect();
        let answers = self.bucket.delete(&keys).await?;
        // The server does not say whether there was anything.
        Ok(answers.into_iter().map(|answer| answer.map(|()| true)).collect())
    }

    /// There are no directories to remove; the marker of one, which other clients leave, is none of
    /// ours.
    async fn remove_directory(&self, _job: &JobId) -> Result<bool> {
        Ok(false)
    }

    async fn quarantine(&self, job: &JobId, name: &CheckpointName) -> Result<String> {
        let to = self.bucket.keyspace.file(Directory::Job(job), &naming::quarantined(name));
        let url = self.bucket.keyspace.url(&to);
        self.bucket.rename(&self.target("quarantine", job, name), to).await?;
        Ok(url)
    }

    async fn uploads(&self, job: Option<&JobId>) -> Result<Vec<(JobId, FileEntry)>> {
        self.bucket.uploads(job).await
    }

    async fn reclaim(&self, directory: Directory<'_>, name: &str) -> Result<bool> {
        self.bucket.reclaim(directory, name).await
    }

    async fn health(&self, options: HealthOptions) -> Result<Vec<HealthStep>> {
        Ok(self.bucket.health(options).await)
    }

    /// A delete does not say whether there was anything.
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES - Capabilities::TELLS_MISSING
    }

    async fn close(&self) -> Result<()> {
        self.bucket.close().await;
        Ok(())
    }
}

#[async_trait]
impl ChunkReader for ObjectReader {
    fn file_len(&self) -> u64 {
        self.len()
    }

    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        Self::next_chunk(self, max_len).await
    }
}
