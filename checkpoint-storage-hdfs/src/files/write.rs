//! Writing a file under a temporary name and renaming it, so that it appears whole, once, and never
//! over another.

use std::sync::Arc;

use bytes::Bytes;
use checkpoint_storage_api::{CheckpointName, Error, ErrorKind, Result};
use checkpoint_storage_filesystem::codec::Encoded;
use checkpoint_storage_filesystem::naming;
use hdfs_native::WriteOptions;
use hdfs_native::file::FileWriter;
use tokio::runtime::Handle;
use tracing::{info, warn};

use super::remove::error_outcome;
use super::replicas::Replicas;
use super::settle::{Fingerprint, Found};
use super::{Files, Target};
use crate::deadline::Deadline;
use crate::failure::{Cause, Class};
use crate::retries::Retries;

/// How many bytes are written in one step.
const STEP_LEN: usize = 1 << 20;
/// What the length of a block is a multiple of, here.
const BLOCK_UNIT: u64 = 1 << 20;

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

/// A file that is being written.
pub(super) struct Writer {
    writer: Box<FileWriter>,
    /// The client that it asks the NameNode by.
    generation: usize,
    written: u64,
}

/// A temporary file; removed in the background unless it became something.
pub(super) struct Temporary {
    files: Arc<Files>,
    pub(super) target: Target,
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
            if let Err(error) = files.delete(&target, files.cluster.begin()).await {
                warn!(file = target.path(), %error, "a temporary file stays until it is reclaimed");
            }
        };
        self.files.background.spawn_on(remove, &self.runtime);
    }
}

impl Files {
    /// A name for a file that nobody takes for a checkpoint.
    pub(super) fn temporary(self: &Arc<Self>, target: &Target, name: &CheckpointName) -> Temporary {
        let name = naming::temporary(name, self.environment.token());
        Temporary {
            files: Arc::clone(self),
            target: target.beside(name),
            is_there: false,
            runtime: Handle::current(),
        }
    }

    /// Writes a file and gives it its name.
    pub(crate) async fn publish(
        self: &Arc<Self>,
        target: Target,
        name: &CheckpointName,
        body: Body,
    ) -> Result<()> {
        let (deadline, written) = (self.cluster.begin(), body.fingerprint);
        let begun = self.begin_with(&target, name, &body.pieces, written.len, deadline).await?;
        self.publish_written(begun.temporary, &target, written, deadline).await
    }

    /// Creates a temporary file of so many bytes to come.
    pub(super) async fn create(
        &self,
        temporary: &mut Temporary,
        len: u64,
        replicas: Replicas,
        deadline: Deadline,
    ) -> Result<Writer, Cause> {
        let config = self.cluster.config();
        let block_len = match replicas.missing_from() {
            // Each block is another chance to be given a DataNode that fails.
            Some(_) => Some(config.block_len.unwrap_or_default().max(whole_block(len))),
            None => config.block_len,
        };
        let options = WriteOptions {
            block_size: block_len,
            replication: replicas.now(),
            ..WriteOptions::default()
        };
        let (_, generation) = self.cluster.client();
        let path = temporary.target.path();
        // It may be there even if the answer is lost.
        temporary.is_there = true;
        let created = self
            .cluster
            .step(deadline, |client| async move { client.create(&path, options).await });
        Ok(Writer { writer: Box::new(created.await?), generation, written: 0 })
    }

    /// Writes some of a file, in steps.
    pub(super) async fn write_piece(
        &self,
        writer: &mut Writer,
        mut piece: Bytes,
        deadline: Deadline,
    ) -> Result<(), Cause> {
        writer.written += piece.len() as u64;
        while !piece.is_empty() {
            let step = piece.split_to(piece.len().min(STEP_LEN));
            let written = deadline.step(writer.writer.write_bytes(step)).await;
            written.map_err(|cause| self.while_writing(writer, cause))?;
        }
        Ok(())
    }

    /// Waits until the DataNodes have what was written, where the client can: of a file that is
    /// erasure-coded it is not told.
    pub(super) async fn sync(&self, writer: &mut Writer, deadline: Deadline) -> Result<(), Cause> {
        let synced = deadline.step(writer.writer.hsync()).await;
        match synced.map_err(|cause| self.while_writing(writer, cause)) {
            Err(cause) if cause.class == Class::Unsupported => Ok(()),
            synced => synced,
        }
    }

    /// Closes a file, and has the NameNode make the replicas that it does not have yet.
    pub(super) async fn end(
        &self,
        writer: &mut Writer,
        temporary: &Temporary,
        replicas: Replicas,
        deadline: Deadline,
    ) -> Result<(), Cause> {
        let (path, len) = (temporary.target.path(), writer.written);
        let closed = self.close_written(&mut writer.writer, &path, len, deadline).await;
        closed.map_err(|cause| self.while_writing(writer, cause))?;
        let Some(full) = replicas.missing_from() else { return Ok(()) };
        let replicas = replicas.now();
        warn!(file = path, replicas, full, "DataNodes fail: the NameNode is to make some replicas");
        let set = self.cluster.ask(deadline, |client| {
            let path = path.clone();
            async move { client.set_replication(&path, full).await }
        });
        set.await.map(drop)
    }

    fn while_writing(&self, writer: &Writer, cause: Cause) -> Cause {
        if cause.is_panic() {
            self.cluster.give_up(writer.generation);
        }
        cause.while_writing()
    }

    /// Gives a temporary file its name.
    pub(super) async fn publish_written(
        self: &Arc<Self>,
        mut temporary: Temporary,
        target: &Target,
        written: Fingerprint,
        deadline: Deadline,
    ) -> Result<()> {
        let mut retries = Retries::new(deadline);
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
            if may_be_done && matches!(cause.class, Class::Taken | Class::Missing) {
                match self.look(target, written, deadline).await {
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
            if !retries.again(&cause, self.cluster.unmet()).await {
                if may_be_done {
                    // It may get its name yet: to remove it now could lose what was acknowledged.
                    temporary.is_there = false;
                }
                return Err(self.caused(target, cause).with_outcome(error_outcome(may_be_done)));
            }
        }
    }

    pub(super) fn taken(&self, target: &Target) -> Error {
        let reason = "the name is taken; what is there was left as it is";
        Error::new(ErrorKind::AlreadyExists, target.operation, reason)
            .with_subject(self.url(&target.path()))
    }
}

/// The length of a block that holds a whole file of this length.
fn whole_block(len: u64) -> u64 {
    let longest = i64::MAX as u64 / BLOCK_UNIT * BLOCK_UNIT;
    len.max(1).min(longest).next_multiple_of(BLOCK_UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_block_holds_a_file_of_any_length() {
        let mib = 1 << 20;
        assert_eq!([0, 1, mib, mib + 1].map(whole_block), [mib, mib, mib, 2 * mib]);
        assert!(i64::try_from(whole_block(u64::MAX)).is_ok());
    }
}
