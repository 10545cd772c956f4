//! What became of a write whose answer was lost.

use std::sync::Arc;

use checkpoint_storage_api::{Error, ErrorKind, Outcome, Result};
use checkpoint_storage_filesystem::codec::Checksum;
use tracing::{info, warn};

use super::{Bucket, Target};
use crate::client::Attempts;
use crate::failure::{Cause, NAME_IS_TAKEN};

/// How many bytes are compared at once.
const CHUNK_LEN: usize = 1 << 20;

/// What an object is recognized by when it is read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) len: u64,
    /// CRC-32C.
    pub(crate) checksum: u32,
}

enum Found {
    Ours,
    Another,
    Nothing,
}

impl Bucket {
    /// Decides what a write that failed for `cause` did: nothing, unless an attempt's answer was
    /// lost, or a later one found the name taken. Then what is there is read back and compared; without a fingerprint it cannot be.
    pub(super) async fn settle(
        self: &Arc<Self>,
        target: &Target,
        written: Option<Fingerprint>,
        cause: Cause,
        attempts: &Attempts,
    ) -> Result<()> {
        let is_surprising =
            attempts.were_several() && (cause.is_precondition_failed() || cause.is_no_upload());
        let is_open = attempts.may_have_succeeded() || is_surprising;
        if !is_open {
            return Err(self.caused(target, cause));
        }
        let Some(written) = written else { return Err(self.unknown(target, cause)) };
        match self.look(target, written).await {
            Ok(Found::Ours) => {
                info!(
                    key = target.key,
                    "an answer was lost; the object is there as it was written"
                );
                Ok(())
            }
            Ok(Found::Another) => Err(self.taken(target)),
            // It may still be on its way, or was deleted meanwhile.
            Ok(Found::Nothing) => Err(self.unknown(target, cause)),
            Err(error) => {
                warn!(key = target.key, %error, "cannot look what became of a write");
                Err(self.unknown(target, cause))
            }
        }
    }

    async fn look(self: &Arc<Self>, target: &Target, written: Fingerprint) -> Result<Found> {
        match self.fingerprint(target, Some(written.len)).await {
            Ok(Some(found)) if found == written => Ok(Found::Ours),
            Ok(_) => Ok(Found::Another),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Reads an object for its fingerprint; `None`, and nothing is read, if it is not `len` bytes
    /// long.
    pub(super) async fn fingerprint(
        self: &Arc<Self>,
        target: &Target,
        len: Option<u64>,
    ) -> Result<Option<Fingerprint>> {
        let mut reader = self.open(target.clone()).await?;
        if len.is_some_and(|len| len != reader.len()) {
            return Ok(None);
        }
        let mut checksum = Checksum::default();
        while let Some(chunk) = reader.next_chunk(CHUNK_LEN).await? {
            checksum.update(&chunk);
        }
        Ok(Some(Fingerprint { len: reader.len(), checksum: checksum.value() }))
    }

    fn unknown(&self, target: &Target, cause: Cause) -> Error {
        let error = match cause.is_precondition_failed() {
            true => self.error(target, ErrorKind::Unavailable, "it was written, and is gone again"),
            false => self.caused(target, cause),
        };
        error.with_outcome(Outcome::Unknown)
    }

    /// The error of a name that is taken.
    pub(super) fn taken(&self, target: &Target) -> Error {
        self.error(target, ErrorKind::AlreadyExists, NAME_IS_TAKEN)
    }
}
