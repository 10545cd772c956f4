//! Moving an object aside: S3 has no rename, so it is copied and then deleted.

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use checkpoint_storage_api::Result;

use super::put::CONTENT_TYPE;
use super::{Bucket, Target};
use crate::failure::Cause;

/// The longest object that is copied in one request.
const MAX_COPY_LEN: u64 = 5 << 30;
/// How much of a longer one each request copies.
const COPIED_PART_LEN: u64 = 1 << 30;

impl Bucket {
    /// Renames an object; refuses to replace one. If it was copied and not deleted, doing it again
    /// goes on from there.
    pub(crate) async fn rename(&self, source: &Target, to: String) -> Result<()> {
        let target = Target { operation: source.operation, key: to };
        let from = match self.head(source).await? {
            Some(from) => from,
            None => return Err(self.caused(source, Cause::no_object())),
        };
        let len = from.content_length().and_then(|len| len.try_into().ok()).unwrap_or_default();
        match self.head(&target).await? {
            // An earlier attempt got as far as the copy.
            Some(there) if is_copy(&there, &from) => {}
            Some(_) => return Err(self.taken(&target)),
            None if len > MAX_COPY_LEN => self.copy_parts(source, &target, len).await?,
            None => self.copy(source, &target).await?,
        }
        self.delete_one(&source.key).await
    }

    async fn head(&self, target: &Target) -> Result<Option<HeadObjectOutput>> {
        let _place = self.place().await;
        let request = self.client.head_object().bucket(self.keys.bucket()).key(&target.key);
        match request.send().await {
            Ok(output) => Ok(Some(output)),
            Err(error) => match Cause::of(&error) {
                cause if cause.is_no_object() => Ok(None),
                cause => Err(self.caused(target, cause)),
            },
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

/// Whether an object has the bytes of another, as far as the server says so.
fn is_copy(copy: &HeadObjectOutput, of: &HeadObjectOutput) -> bool {
    copy.content_length() == of.content_length()
        && copy.e_tag().is_some()
        && copy.e_tag() == of.e_tag()
}
