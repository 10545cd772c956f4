use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointName, Error, HealthOptions, HealthStep, JobId, Result, async_trait,
};
use checkpoint_storage_filesystem::codec::Encoded;
use checkpoint_storage_filesystem::{ChunkReader, Directory, FileEntry, FileSystem, Upload};

/// A medium that holds these bytes under every name, to be read and nothing more.
pub(super) struct OneFile(pub(super) Bytes);

#[async_trait]
impl FileSystem for OneFile {
    fn check_job_id(&self, _job: &JobId) -> Result<()> {
        Ok(())
    }

    fn describe(&self, directory: Directory<'_>, file_name: Option<&str>) -> String {
        file_name.map_or_else(String::new, |file_name| directory.path_of(file_name))
    }

    async fn list(&self, _: Directory<'_>, _: Option<&str>) -> Result<Vec<FileEntry>> {
        Err(Error::unsupported("list"))
    }

    async fn publish(&self, _: &JobId, _: &CheckpointName, _: Encoded) -> Result<()> {
        Err(Error::unsupported("publish"))
    }

    async fn begin_publish(
        &self,
        _: &JobId,
        _: &CheckpointName,
        _: u64,
    ) -> Result<Box<dyn Upload>> {
        Err(Error::unsupported("publish"))
    }

    async fn read(&self, _job: &JobId, _name: &CheckpointName) -> Result<Bytes> {
        Ok(self.0.clone())
    }

    async fn open(&self, _job: &JobId, _name: &CheckpointName) -> Result<Box<dyn ChunkReader>> {
        Ok(Box::new(Chunks { len: self.0.len() as u64, rest: self.0.clone() }))
    }

    async fn delete(&self, _: &JobId, _: &[CheckpointName]) -> Result<Vec<Result<bool>>> {
        Err(Error::unsupported("delete"))
    }

    async fn remove_directory(&self, _job: &JobId) -> Result<bool> {
        Err(Error::unsupported("delete"))
    }

    async fn quarantine(&self, _: &JobId, _: &CheckpointName) -> Result<String> {
        Err(Error::unsupported("quarantine"))
    }

    async fn reclaim(&self, _directory: Directory<'_>, _name: &str) -> Result<bool> {
        Err(Error::unsupported("reclaim"))
    }

    async fn health(&self, _options: HealthOptions) -> Result<Vec<HealthStep>> {
        Err(Error::unsupported("check health"))
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

struct Chunks {
    len: u64,
    rest: Bytes,
}

#[async_trait]
impl ChunkReader for Chunks {
    fn file_len(&self) -> u64 {
        self.len
    }

    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        let len = max_len.min(self.rest.len());
        Ok((len > 0).then(|| self.rest.split_to(len)))
    }
}
