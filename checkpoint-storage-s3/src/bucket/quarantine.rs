//! Moving an object aside: S3 has no rename, so it is copied and then deleted.

use std::sync::Arc;

use checkpoint_storage_api::{Error, ErrorKind, Result};

use super::multipart::MultipartUpload;
use super::{Bucket, Target};
use crate::failure::Cause;

/// The longest object that is copied in one request.
const MAX_COPY_LEN: u64 = 5 << 30;
/// How much of a longer one each request copies.
const COPIED_PART_LEN: u64 = 1 << 30;

impl Bucket {
    /// Renames an object; refuses to replace one. If it was copied and not deleted, doing it again
    /// goes on from there.
    pub(crate) async fn rename(self: &Arc<Self>, source: &Target, to: String) -> Result<()> {
        let target = Target { operation: source.operation, key: to };
        // The answer to a HEAD would not say what is wrong.
        let len = self.open(source.clone()).await?.len();
        match self.len_of(&target).await? {
            Some(_) => {
                // An earlier attempt may have got as far as the copy.
                let original = self.fingerprint(source, None).await?;
                if original != self.fingerprint(&target, Some(len)).await? {
                    return Err(self.taken(&target));
                }
            }
            None if len > MAX_COPY_LEN => self.copy_parts(source, &target, len).await?,
            None => self.copy(source, &target).await?,
        }
        // The original goes only when the copy is seen.
        match self.len_of(&target).await? {
            Some(copied) if copied == len => {
                self.remove(&source.key).await.map_err(|cause| self.half_done(source, cause))
            }
            _ => Err(self
                .error(&target, ErrorKind::Unavailable, "the copy is not there")
                .with_advice("try again; the original is still there")),
        }
    }

    async fn copy(&self, source: &Target, target: &Target) -> Result<()> {
        let (encryption, key) = self.encryption();
        let _permit = self.permit().await;
        self.client
            .copy_object()
            .copy_source(self.keyspace.copy_source(&source.key))
            .bucket(self.keyspace.bucket())
            .key(&target.key)
            .set_server_side_encryption(encryption)
            .set_ssekms_key_id(key)
            .send()
            .await
            .map(drop)
            .map_err(|error| self.failed(source, &error))
    }

    async fn copy_parts(
        self: &Arc<Self>,
        source: &Target,
        target: &Target,
        len: u64,
    ) -> Result<()> {
        let mut upload = MultipartUpload::begin(Arc::clone(self), target.clone(), None).await?;
        let mut copied = 0;
        while copied < len {
            let bytes = copied..len.min(copied + COPIED_PART_LEN);
            copied = bytes.end;
            upload.add(|slot| slot.copy(source.clone(), bytes)).await?;
        }
        upload.finish(None).await
    }

    /// The error of a move whose last step failed.
    fn half_done(&self, source: &Target, cause: Cause) -> Error {
        let error = self.undeleted(source, cause.after("it was copied aside and is still there"));
        let first = error.advice().map(|advice| format!("{advice}; then ")).unwrap_or_default();
        let advice = format!("{first}do it again: it goes on from there");
        error.with_advice(advice)
    }
}
