//! Reading a file, whole or in chunks. A DataNode that fails in between is read around.

use std::sync::Arc;

use bytes::Bytes;
use checkpoint_storage_api::{Error, ErrorKind, Result, async_trait};
use checkpoint_storage_filesystem::ChunkReader;
use hdfs_native::file::FileReader;

use super::{Files, Target};
use crate::deadline::Deadline;
use crate::failure::Cause;
use crate::retries::Retries;

/// How many bytes are read in one step.
const STEP_LEN: usize = 4 << 20;

/// A file that is being read in chunks.
pub(crate) struct FileChunks {
    files: Arc<Files>,
    target: Target,
    reader: FileReader,
    offset: usize,
}

impl Files {
    /// Reads a file into memory of its own, once.
    pub(crate) async fn read(self: &Arc<Self>, target: Target) -> Result<Bytes> {
        let deadline = self.deadline();
        let mut reader = self.open_until(&target, deadline).await?;
        let len = reader.file_length();
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(len).is_err() {
            let reason = format!("there is no memory for its {len} bytes");
            return Err(Error::new(ErrorKind::Unavailable, target.operation, reason)
                .with_subject(self.url(&target.path()))
                .with_advice("give the process more memory, or read it in chunks"));
        }
        bytes.resize(len, 0);
        for (step, buffer) in bytes.chunks_mut(STEP_LEN).enumerate() {
            let offset = step * STEP_LEN;
            let mut retries = Retries::new(deadline);
            loop {
                let read = deadline.step(reader.read_range_buf(buffer, offset)).await;
                let Err(cause) = read else { break };
                self.again(&target, &mut retries, cause).await?;
                reader = self.open_until(&target, deadline).await?;
            }
        }
        Ok(bytes.into())
    }

    /// Opens a file for reading in chunks.
    pub(crate) async fn open(self: &Arc<Self>, target: Target) -> Result<FileChunks> {
        self.open_within(target, self.deadline()).await
    }

    pub(super) async fn open_within(
        self: &Arc<Self>,
        target: Target,
        deadline: Deadline,
    ) -> Result<FileChunks> {
        let reader = self.open_until(&target, deadline).await?;
        Ok(FileChunks { files: Arc::clone(self), target, reader, offset: 0 })
    }

    async fn open_until(&self, target: &Target, deadline: Deadline) -> Result<FileReader> {
        let path = target.path();
        let opened = self.cluster.call_with_retries(deadline, |client| {
            let path = path.clone();
            async move { client.read(&path).await }
        });
        opened.await.map_err(|cause| self.caused(target, cause))
    }

    /// Waits before another try, or says why there is none.
    async fn again(&self, target: &Target, retries: &mut Retries, cause: Cause) -> Result<()> {
        match retries.again(&cause, None).await {
            true => Ok(()),
            false => Err(self.caused(target, cause)),
        }
    }
}

impl FileChunks {
    /// The next bytes, at most `max_len`; `None` at the end. Dropping the call skips nothing.
    pub(super) async fn next_within(
        &mut self,
        max_len: usize,
        deadline: Deadline,
    ) -> Result<Option<Bytes>> {
        let len = self.reader.file_length().saturating_sub(self.offset);
        let len = len.min(max_len.max(1)).min(STEP_LEN);
        if len == 0 {
            return Ok(None);
        }
        let mut retries = Retries::new(deadline);
        loop {
            match deadline.step(self.reader.read_range(self.offset, len)).await {
                Ok(bytes) => {
                    self.offset += bytes.len();
                    return Ok(Some(bytes));
                }
                Err(cause) => {
                    self.files.again(&self.target, &mut retries, cause).await?;
                    self.reader = self.files.open_until(&self.target, deadline).await?;
                }
            }
        }
    }
}

#[async_trait]
impl ChunkReader for FileChunks {
    fn file_len(&self) -> u64 {
        self.reader.file_length() as u64
    }

    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        self.next_within(max_len, self.files.deadline()).await
    }
}
