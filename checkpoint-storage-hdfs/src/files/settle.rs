//! What is there under a name: whether a rename whose answer was lost was applied.

use std::sync::Arc;

use checkpoint_storage_api::{ErrorKind, Result};
use checkpoint_storage_filesystem::ChunkReader as _;
use checkpoint_storage_filesystem::codec::Checksum;
use hdfs_native::client::FileStatus;

use super::{Files, Target};
use crate::deadline::Deadline;
use crate::failure::{Cause, Class};

/// What a file is recognized by when it is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub(super) len: u64,
    /// CRC-32C.
    pub(super) checksum: u32,
}

/// What is there under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Ours,
    Another,
    Nothing,
}

impl Files {
    /// What the NameNode says of a file.
    pub(super) async fn status(
        &self,
        target: &Target,
        deadline: Deadline,
    ) -> Result<FileStatus, Cause> {
        let path = target.path();
        let found = self.cluster.call_with_retries(deadline, |client| {
            let path = path.clone();
            async move { client.get_file_info(&path).await }
        });
        found.await
    }

    /// Whether anything is there.
    pub(super) async fn exists(&self, target: &Target, deadline: Deadline) -> Result<bool> {
        match self.status(target, deadline).await {
            Ok(_) => Ok(true),
            Err(cause) if cause.class == Class::Missing => Ok(false),
            Err(cause) => Err(self.caused(target, cause)),
        }
    }

    /// Reads back what is there and compares it with what was written.
    pub(super) async fn look(
        self: &Arc<Self>,
        target: &Target,
        written: Fingerprint,
        deadline: Deadline,
    ) -> Result<Found> {
        let mut chunks = match self.open_within(target.clone(), deadline).await {
            Ok(chunks) => chunks,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(error),
        };
        if chunks.file_len() != written.len {
            return Ok(Found::Another);
        }
        let mut checksum = Checksum::default();
        while let Some(chunk) = chunks.next_within(usize::MAX, deadline).await? {
            checksum.update(&chunk);
        }
        let is_ours = checksum.value() == written.checksum;
        Ok(if is_ours { Found::Ours } else { Found::Another })
    }
}
