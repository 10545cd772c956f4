//! Storing what another storage's reader reads, under the name that it has there.

use checkpoint_storage_api::{
    CheckpointEntry, CheckpointReader, Error, ErrorKind, ImportOptions, Integrity, Result,
};
use tracing::debug;

use crate::codec::{Checksum, TRAILER_LEN, encode_header};
use crate::filesystem::{FileSystem, subject_of};
use crate::storage::FileSystemStorage;

/// How many bytes are read and written at once.
const CHUNK_LEN: usize = 1 << 20;

impl<F: FileSystem> FileSystemStorage<F> {
    /// Negative ids are kept: a copy is not to lose what the Java engine wrote.
    pub(crate) async fn import_from(
        &self,
        mut source: Box<dyn CheckpointReader>,
        options: ImportOptions,
    ) -> Result<CheckpointEntry> {
        let CheckpointEntry { job_id, name, integrity, .. } = source.entry().clone();
        let states_len = source.states_len();
        let sealed = options.reseal || integrity != Integrity::NoChecksum;
        let header = encode_header(&job_id, name.pipeline_id, name.checkpoint_id, states_len);
        let states_len = states_len.unwrap_or_default();
        let trailer_len = if sealed { TRAILER_LEN } else { 0 };
        let size = header.len() as u64 + states_len + trailer_len;

        let wrong_length = |found: u64| {
            let reason =
                format!("the source announced {states_len} bytes of states and gave {found}");
            Error::new(ErrorKind::Corrupt, "import", reason)
                .with_subject(subject_of(&self.file_system, &job_id, &name))
                .with_advice("verify the source; nothing was stored")
        };
        let mut checksum = Checksum::default();
        checksum.update(&header);
        let mut upload = self.file_system.begin_publish(&job_id, &name, size).await?;
        upload.write(header).await?;
        let mut found = 0;
        while let Some(chunk) = source.next_chunk(CHUNK_LEN).await? {
            found += chunk.len() as u64;
            if found > states_len {
                return Err(wrong_length(found));
            }
            checksum.update(&chunk);
            upload.write(chunk).await?;
        }
        if found < states_len {
            return Err(wrong_length(found));
        }
        if sealed {
            upload.write(checksum.trailer()).await?;
        }
        // Before it is visible, so that no store that follows is named before it.
        self.sequence.observe(&job_id, name.timestamp_ms);
        upload.finish().await?;
        debug!(job = %job_id, %name, size, sealed, "checkpoint imported");
        Ok(CheckpointEntry { job_id, name, size, integrity: Integrity::Unread })
    }
}
