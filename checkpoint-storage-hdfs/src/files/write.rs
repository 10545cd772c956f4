//! Writing one file: creating it, its bytes, and closing it.

use bytes::Bytes;
use checkpoint_storage_filesystem::codec::Encoded;
use hdfs_native::WriteOptions;
use tracing::warn;

use super::Files;
use super::open_file::OpenFile;
use super::replicas::Replicas;
use super::settle::Fingerprint;
use super::temporary::Temporary;
use crate::deadline::Deadline;
use crate::failure::{Cause, Class};

/// How many bytes are written in one step.
const STEP_LEN: usize = 1 << 20;
/// What the length of a block is a multiple of, here.
const BLOCK_UNIT: u64 = 1 << 20;

/// What is to be written: the caller's own memory.
pub(crate) struct Body {
    pub(super) pieces: Vec<Bytes>,
    pub(super) fingerprint: Fingerprint,
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
    file: OpenFile,
    /// The client that it asks the NameNode by.
    generation: usize,
    written: u64,
}

impl Files {
    /// Creates a temporary file of so many bytes to come.
    pub(super) async fn create(
        &self,
        temporary: &mut Temporary,
        len: u64,
        replicas: Replicas,
        deadline: Deadline,
    ) -> Result<Writer, Cause> {
        let config = self.cluster.config();
        let block_size = match replicas.missing_from() {
            // Each block is another chance to be given a DataNode that fails.
            Some(_) => Some(config.block_size.unwrap_or_default().max(whole_block(len))),
            None => config.block_size,
        };
        let options =
            WriteOptions { block_size, replication: replicas.now(), ..WriteOptions::default() };
        let path = temporary.target.path();
        // It may be there even if the answer is lost.
        temporary.is_there = true;
        let (client, generation) = self.cluster.client();
        match deadline.step(client.create(&path, options)).await {
            Ok(writer) => Ok(Writer { file: OpenFile::new(writer), generation, written: 0 }),
            Err(cause) => Err(self.cluster.failed(cause, generation)),
        }
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
            let written = writer.file.step(deadline, |mut file| async move {
                let written = file.write_bytes(step).await;
                (file, written)
            });
            written.await.map_err(|cause| self.while_writing(writer, cause))?;
        }
        Ok(())
    }

    /// Waits until the DataNodes have what was written, where the client can: of a file that is
    /// erasure-coded it is not told.
    pub(super) async fn sync(&self, writer: &mut Writer, deadline: Deadline) -> Result<(), Cause> {
        let synced = writer.file.step(deadline, |mut file| async move {
            let synced = file.hsync().await;
            (file, synced)
        });
        match synced.await.map_err(|cause| self.while_writing(writer, cause)) {
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
        let closed = self.close_written(&mut writer.file, &path, len, deadline).await;
        closed.map_err(|cause| self.while_writing(writer, cause))?;
        let Some(full) = replicas.missing_from() else { return Ok(()) };
        let replicas = replicas.now();
        warn!(
            file = path,
            replicas,
            full,
            "written with fewer replicas than configured; the NameNode will add the rest"
        );
        let set = self.cluster.call_with_retries(deadline, |client| {
            let path = path.clone();
            async move { client.set_replication(&path, full).await }
        });
        set.await.map(drop)
    }

    fn while_writing(&self, writer: &Writer, cause: Cause) -> Cause {
        // Whether a NameNode that was too slow is to be given up is seen when it is asked next.
        if cause.class == Class::Panicked {
            self.cluster.replace_client(writer.generation);
        }
        cause.while_writing()
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
