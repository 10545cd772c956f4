//! Writing a file under a temporary name and renaming it, so that it appears whole, once, and never
//! over another.

use std::sync::Arc;

use bytes::Bytes;
use checkpoint_storage_api::{CheckpointName, Error, ErrorKind, Result, async_trait};
use checkpoint_storage_filesystem::codec::{Checksum, Encoded};
use checkpoint_storage_filesystem::{Upload, naming};
use hdfs_native::WriteOptions;
use hdfs_native::file::FileWriter;
use tokio::runtime::Handle;
use tracing::{debug, info, warn};

use super::remove::error_outcome;
use super::settle::{Fingerprint, Found};
use super::{Files, Target};
use crate::cluster::pauses;
use crate::deadline::Deadline;
use crate::failure::{Cause, Class};

/// How many bytes are written in one step.
const STEP_LEN: usize = 1 << 20;

/// What is to be written: the caller's own memory.
pub(crate) struct Body {
    pieces: Vec<Bytes>,
    fingerprint: Fingerprint,
}

impl Body {
    pub(super) fn new(pieces: Vec<Bytes>, fingerprint: Fingerprint) -> Self {
        Self { pieces, fingerprint }
    }
}

impl From<Encoded> for Body {
    fn from(encoded: Encoded) -> Self {
        let fingerprint = Fingerprint { len: encoded.total_len(), checksum: encoded.checksum() };
        Self { pieces: encoded.parts().cloned().collect(), fingerprint }
    }
}

/// A temporary file; removed in the background unless it became something.
struct Temporary {
    files: Arc<Files>,
    target: Target,
    is_there: bool,
    runtime: Handle,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_there {
            return;
        }
        let (files, target) = (Arc::clone(&self.files), self.target.clone());
        let remove = async move {
            if let Err(error) = files.delete(&target).await {
                warn!(file = target.path(), %error, "a temporary file stays until it is reclaimed");
            }
        };
        self.files.background.spawn_on(remove, &self.runtime);
    }
}

impl Files {
    fn temporary(self: &Arc<Self>, target: &Target, name: &CheckpointName) -> Temporary {
        let name = naming::temporary(name, self.environment.token());
        Temporary {
            files: Arc::clone(self),
            target: target.beside(name),
            is_there: false,
            runtime: Handle::current(),
        }
    }

    /// Writes a file; whatever fails for a passing reason is tried again from the beginning, under
    /// another temporary name, as long as there is time.
    pub(crate) async fn publish(
        self: &Arc<Self>,
        target: Target,
        name: &CheckpointName,
        body: Body,
    ) -> Result<()> {
        let deadline = self.cluster.begin();
        let mut pauses = pauses();
        let mut before = None;
        loop {
            let mut temporary = self.temporary(&target, name);
            let cause = match self.write(&mut temporary, &body.pieces, deadline).await {
                Ok(()) => {
                    return self
                        .publish_written(temporary, &target, body.fingerprint, deadline)
                        .await;
                }
                Err(cause) => cause.or(before.take()),
            };
            before = Some(cause.clone());
            drop(temporary);
            debug!(?cause, file = target.path(), "a write failed");
            let again =
                cause.is_passing() && deadline.pause(pauses.next().unwrap_or_default()).await;
            if !again {
                // Nothing has its name yet.
                return Err(self.caused(&target, cause));
            }
        }
    }

    async fn write(
        &self,
        temporary: &mut Temporary,
        pieces: &[Bytes],
        deadline: Deadline,
    ) -> Result<(), Cause> {
        let (_, generation) = self.cluster.client();
        let mut writer = self.create(temporary, deadline).await?;
        let written = async {
            for piece in pieces {
                write_piece(&mut writer, piece.clone(), deadline).await?;
            }
            deadline.step(writer.close()).await
        };
        written.await.map_err(|cause| {
            if cause.is_open() {
                // It may be the NameNode that did not answer.
                self.cluster.give_up(generation);
            }
            cause.while_writing()
        })
    }

    async fn create(
        &self,
        temporary: &mut Temporary,
        deadline: Deadline,
    ) -> Result<FileWriter, Cause> {
        let config = self.cluster.config();
        let options = WriteOptions {
            block_size: config.block_len,
            replication: config.replication,
            ..WriteOptions::default()
        };
        let path = temporary.target.path();
        // It may be there even if the answer is lost.
        temporary.is_there = true;
        let created = self
            .cluster
            .step(deadline, |client| async move { client.create(&path, options).await });
        created.await
    }

    /// Gives a temporary file its name.
    async fn publish_written(
        self: &Arc<Self>,
        mut temporary: Temporary,
        target: &Target,
        written: Fingerprint,
        deadline: Deadline,
    ) -> Result<()> {
        let mut pauses = pauses();
        let mut may_be_done = false;
        loop {
            let (from, to) = (temporary.target.path(), target.path());
            let asked = self
                .cluster
                .step(deadline, |client| async move { client.rename(&from, &to, false).await });
            let Err(cause) = asked.await else {
                temporary.is_there = false;
                return Ok(());
            };
            if may_be_done && matches!(cause.class, Class::Taken | Class::Missing)
                || !self.has_time(deadline) && cause.is_open()
            {
                match self.look(target, written).await {
                    Ok(Found::Ours) => {
                        info!(file = target.path(), "an answer was lost; the file has its name");
                        return Ok(());
                    }
                    Ok(Found::Another) => return Err(self.taken(target)),
                    Ok(Found::Nothing) => {}
                    Err(error) => warn!(%error, "cannot look what became of a rename"),
                }
            }
            may_be_done |= cause.is_open();
            let again =
                cause.is_passing() && deadline.pause(pauses.next().unwrap_or_default()).await;
            if !again {
                if may_be_done {
                    // It may get its name yet: to remove it now could lose what was acknowledged.
                    temporary.is_there = false;
                }
                return Err(self.caused(target, cause).with_outcome(error_outcome(may_be_done)));
            }
        }
    }

    fn has_time(&self, deadline: Deadline) -> bool {
        !deadline.left().is_zero()
    }

    fn taken(&self, target: &Target) -> Error {
        let reason = "the name is taken; what is there was left as it is";
        Error::new(ErrorKind::AlreadyExists, target.operation, reason)
            .with_subject(self.url(&target.path()))
    }

    /// Begins a file of `len` bytes to come.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        target: Target,
        name: &CheckpointName,
        len: u64,
    ) -> Result<FileUpload> {
        if self.exists(&target).await? {
            return Err(self.taken(&target));
        }
        let mut temporary = self.temporary(&target, name);
        let created = self.create(&mut temporary, self.cluster.begin()).await;
        let writer = created.map_err(|cause| self.caused(&target, cause))?;
        Ok(FileUpload {
            files: Arc::clone(self),
            target,
            temporary,
            writer,
            len,
            written: 0,
            checksum: Checksum::default(),
        })
    }
}

async fn write_piece(
    writer: &mut FileWriter,
    mut piece: Bytes,
    deadline: Deadline,
) -> Result<(), Cause> {
    while !piece.is_empty() {
        let step = piece.split_to(piece.len().min(STEP_LEN));
        deadline.step(writer.write_bytes(step)).await?;
    }
    Ok(())
}

/// A file that comes in chunks.
pub(crate) struct FileUpload {
    files: Arc<Files>,
    target: Target,
    temporary: Temporary,
    writer: FileWriter,
    /// How many bytes were announced.
    len: u64,
    written: u64,
    checksum: Checksum,
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
        let written = write_piece(&mut self.writer, chunk, self.files.cluster.begin()).await;
        written.map_err(|cause| self.files.caused(&self.target, cause))
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        if self.written < self.len {
            return Err(self.wrong_length());
        }
        let deadline = self.files.cluster.begin();
        let closed = deadline.step(self.writer.close()).await;
        closed.map_err(|cause| self.files.caused(&self.target, cause))?;
        let written = Fingerprint { len: self.written, checksum: self.checksum.value() };
        let Self { files, target, temporary, .. } = *self;
        files.publish_written(temporary, &target, written, deadline).await
    }
}
