//! Moving an object aside: S3 has no rename, so it is copied and then deleted.

use std::sync::Arc;

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use checkpoint_storage_api::{Error, ErrorKind, Result};

use super::put::CONTENT_TYPE;
use super::{Bucket, Target};

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
                self.delete_one(&source.key).await.map_err(|error| half_done(source, &error))
            }
            _ => Err(Error::new(ErrorKind::Unavailable, source.operation, "the copy is not there")
                .with_subject(self.keys.url(&target.key))
                .with_advice("try again; the original is still there")),
        }
    }

    async fn copy(&self, source: &Target, target: &Target) -> Result<()> {
        let (encryption, key) = self.encryption();
        let _place = self.place().await;
        self.client
            .copy_object()
            .copy_source(self.keys.copy_source(&source.key))
            .bucket(self.keys.bucket())
            .key(&target.key)
            .set_server_side_encryption(encryption)
            .set_ssekms_key_id(key)
            .send()
            .await
            .map(drop)
            .map_err(|error| self.failed(source, &error))
    }

    async fn copy_parts(&self, source: &Target, target: &Target, len: u64) -> Result<()> {
        let (encryption, key) = self.encryption();
        let sent = self
            .client
            .create_multipart_upload()
            .bucket(self.keys.bucket())
            .key(&target.key)
            .content_type(CONTENT_TYPE)
            .set_server_side_encryption(encryption)
            .set_ssekms_key_id(key)
            .send()
            .await;
        let output = sent.map_err(|error| self.failed(target, &error))?;
        let id = output.upload_id().unwrap_or_default();
        let copied = self.copy_all_parts(source, target, id, len).await;
        if copied.is_err() {
            // The first error is the one to tell.
            let _ = self.abort_upload(target, id).await;
        }
        copied
    }

    async fn copy_all_parts(
        &self,
        source: &Target,
        target: &Target,
        id: &str,
        len: u64,
    ) -> Result<()> {
        let mut parts = Vec::new();
        for (number, begin) in (1..).zip((0..len).step_by(COPIED_PART_LEN as usize)) {
            let last = len.min(begin + COPIED_PART_LEN) - 1;
            let sent = self
                .client
                .upload_part_copy()
                .copy_source(self.keys.copy_source(&source.key))
                .copy_source_range(format!("bytes={begin}-{last}"))
                .bucket(self.keys.bucket())
                .key(&target.key)
                .upload_id(id)
                .part_number(number)
                .send()
                .await;
            let output = sent.map_err(|error| self.failed(source, &error))?;
            let etag = output.copy_part_result().and_then(|part| part.e_tag());
            parts.push(
                CompletedPart::builder()
                    .part_number(number)
                    .set_e_tag(etag.map(str::to_owned))
                    .build(),
            );
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        self.client
            .complete_multipart_upload()
            .bucket(self.keys.bucket())
            .key(&target.key)
            .upload_id(id)
            .multipart_upload(parts)
            .send()
            .await
            .map(drop)
            .map_err(|error| self.failed(target, &error))
    }
}

/// The error of a move whose last step failed.
fn half_done(source: &Target, error: &Error) -> Error {
    let reason = format!("it was copied aside and is still there: {}", error.reason());
    let advice = error.advice().map(|advice| format!("{advice}; then ")).unwrap_or_default();
    Error::new(error.kind(), source.operation, reason)
        .with_subject(error.subject())
        .with_advice(format!("{advice}do it again: it goes on from there"))
        .with_outcome(error.outcome())
        .with_retryable(error.is_retryable())
}
