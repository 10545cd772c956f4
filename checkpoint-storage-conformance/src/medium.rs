//! The files behind a storage, for cases that lay or damage them.

use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use checkpoint_storage_api::{JobId, async_trait};

/// The files behind a storage that keeps each checkpoint in one, in one directory per job and
/// under the text of its [`CheckpointName`](checkpoint_storage_api::CheckpointName).
#[async_trait]
pub trait Medium: Send + Sync {
    /// The names of all files of a job, sorted; none if the job has no directory.
    async fn files(&self, job: &JobId) -> io::Result<Vec<String>>;

    /// What is in a file.
    async fn read(&self, job: &JobId, file_name: &str) -> io::Result<Bytes>;

    /// Makes a file, or replaces what is in it.
    async fn write(&self, job: &JobId, file_name: &str, bytes: &[u8]) -> io::Result<()>;
}

/// Files below a local directory, in one directory per job.
#[derive(Debug, Clone)]
pub struct LocalDirectory(PathBuf);

impl LocalDirectory {
    /// The files of the jobs whose directories lie in `namespace`.
    pub fn new(namespace: impl Into<PathBuf>) -> Self {
        Self(namespace.into())
    }
}

#[async_trait]
impl Medium for LocalDirectory {
    async fn files(&self, job: &JobId) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(self.0.join(job.as_str())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    async fn read(&self, job: &JobId, file_name: &str) -> io::Result<Bytes> {
        Ok(std::fs::read(self.0.join(job.as_str()).join(file_name))?.into())
    }

    async fn write(&self, job: &JobId, file_name: &str, bytes: &[u8]) -> io::Result<()> {
        let directory = self.0.join(job.as_str());
        std::fs::create_dir_all(&directory)?;
        std::fs::write(directory.join(file_name), bytes)
    }
}
