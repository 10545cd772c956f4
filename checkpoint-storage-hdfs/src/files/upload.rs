//! A file that comes in chunks.

use std::sync::Arc;

use bytes::Bytes;
use checkpoint_storage_api::{CheckpointName, Error, ErrorKind, Result, async_trait};
use checkpoint_storage_filesystem::Upload;
use checkpoint_storage_filesystem::codec::Checksum;

use super::settle::Fingerprint;
use super::write::Body;
use super::write_attempts::PartialFile;
use super::{Files, Target};

/// How many bytes are buffered before the first write.
const HELD_LEN: u64 = 1 << 20;

/// A file of which some may have been written.
pub(crate) struct FileUpload {
    files: Arc<Files>,
    target: Target,
    name: CheckpointName,
    state: State,
    /// How many bytes were announced.
    len: u64,
    written: u64,
    checksum: Checksum,
}

enum State {
    /// What came is held, so that DataNodes that fail are met while it can be written again.
    Held(Vec<Bytes>),
    PartialFile(Box<PartialFile>),
}

impl Files {
    /// Begins a file of `len` bytes to come.
    pub(crate) async fn begin_upload(
        self: &Arc<Self>,
        target: Target,
        name: &CheckpointName,
        len: u64,
    ) -> Result<FileUpload> {
        if self.exists(&target, self.deadline()).await? {
            return Err(self.taken(&target));
        }
        let files = Arc::clone(self);
        let (state, written, checksum) = (State::Held(Vec::new()), 0, Checksum::default());
        Ok(FileUpload { files, target, name: *name, state, len, written, checksum })
    }
}

impl FileUpload {
    fn wrong_length(&self) -> Error {
        let reason = format!("{} bytes were announced, not {}", self.len, self.written);
        Error::new(ErrorKind::InvalidInput, self.target.operation, reason)
            .with_subject(self.files.url(&self.target.path()))
    }
}

#[async_trait]
impl Upload for FileUpload {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        self.written += chunk.len() as u64;
        if self.written > self.len {
            return Err(self.wrong_length());
        }
        self.checksum.update(&chunk);
        match &mut self.state {
            State::Held(pieces) => {
                pieces.push(chunk);
                if self.written > HELD_LEN && self.written < self.len {
                    let (files, deadline) = (&self.files, self.files.deadline());
                    let partial = files.write_with_retries(
                        &self.target,
                        &self.name,
                        pieces,
                        self.len,
                        deadline,
                    );
                    self.state = State::PartialFile(Box::new(partial.await?));
                }
            }
            State::PartialFile(partial) => {
                let deadline = self.files.deadline();
                let written = self.files.write_piece(&mut partial.writer, chunk, deadline).await;
                written.map_err(|cause| self.files.caused(&self.target, cause))?;
            }
        }
        Ok(())
    }

    async fn finish(self: Box<Self>) -> Result<()> {
        if self.written < self.len {
            return Err(self.wrong_length());
        }
        let written = Fingerprint { len: self.written, checksum: self.checksum.value() };
        let Self { files, target, name, .. } = *self;
        let PartialFile { temporary, mut writer, replicas } = match self.state {
            State::PartialFile(partial) => *partial,
            State::Held(pieces) => {
                return files.publish(target, &name, Body::new(pieces, written)).await;
            }
        };
        let deadline = files.deadline();
        let ended = files.end(&mut writer, &temporary, replicas, deadline).await;
        ended.map_err(|cause| files.caused(&target, cause))?;
        files.publish_written(temporary, &target, written, deadline).await
    }
}
