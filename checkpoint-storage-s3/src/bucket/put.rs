//! Writing an object so that it appears whole, once, and under a free name.

use std::collections::VecDeque;
use std::sync::Arc;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::{PutObjectError, PutObjectOutput};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use checkpoint_storage_api::Result;
use checkpoint_storage_filesystem::codec::Encoded;

use super::multipart::MultipartUpload;
use super::settle::Fingerprint;
use super::{Bucket, Target};
use crate::body;
use crate::client::Attempts;
use crate::config::Encryption;
use crate::failure::Cause;
use crate::waits;

/// What matches any object in a condition.
pub(super) const ANY: &str = "*";
pub(super) const CONTENT_TYPE: &str = "application/octet-stream";
/// How many parts an object of S3 can have.
const MAX_PARTS: u64 = 10_000;

/// What is to be written: the caller's own memory.
pub(crate) struct Object {
    pub(super) pieces: Vec<Bytes>,
    pub(super) fingerprint: Fingerprint,
}

impl From<Encoded> for Object {
    fn from(encoded: Encoded) -> Self {
        let fingerprint = Fingerprint { len: encoded.total_len(), checksum: encoded.checksum() };
        Self { pieces: encoded.parts().cloned().collect(), fingerprint }
    }
}

impl Bucket {
    /// Writes an object in one request, or, if it is large, in parts. Its name was made for it.
    pub(crate) async fn publish(self: &Arc<Self>, target: Target, object: Object) -> Result<()> {
        let Some(part_len) = self.part_len(object.fingerprint.len) else {
            return self.put(&target, &object).await;
        };
        let mut pieces: VecDeque<_> = object.pieces.into();
        let checksum = self.part_checksum();
        let mut upload = MultipartUpload::begin(Arc::clone(self), target, checksum).await?;
        loop {
            let part = body::take_front(&mut pieces, part_len);
            if part.is_empty() {
                return upload.finish(Some(object.fingerprint)).await;
            }
            upload.add(|slot| slot.send(part)).await?;
        }
    }

    /// Without a condition that the server keeps, this is what there is against writing over
    /// something under a name that was given.
    pub(super) async fn check_free(&self, target: &Target) -> Result<()> {
        match self.condition.asks() {
            true => Ok(()),
            false => self.refuse_taken(target).await,
        }
    }

    pub(super) async fn refuse_taken(&self, target: &Target) -> Result<()> {
        match self.len_of(target).await? {
            Some(_) => Err(self.taken(target)),
            None => Ok(()),
        }
    }

    /// How long an object is; `None` if there is none.
    pub(super) async fn len_of(&self, target: &Target) -> Result<Option<u64>> {
        let _permit = self.permit().await;
        let request = self.client.head_object().bucket(self.keyspace.bucket()).key(&target.key);
        match request.send().await {
            Ok(output) => {
                Ok(Some(output.content_length().unwrap_or_default().try_into().unwrap_or_default()))
            }
            Err(error) => match Cause::of(&error) {
                cause if cause.is_no_object_by_head() => Ok(None),
                cause => Err(self.caused(target, cause)),
            },
        }
    }

    pub(super) async fn put(self: &Arc<Self>, target: &Target, object: &Object) -> Result<()> {
        let attempts = Attempts::default();
        let mut pauses = waits::pauses(self.attempts);
        let mut creates_only = self.condition.asks();
        loop {
            let sent = self.send(target, object, creates_only, &attempts).await;
            let cause = match sent {
                Ok(output) if output.e_tag().is_some() => {
                    self.note_success(creates_only);
                    return Ok(());
                }
                Ok(_) => {
                    attempts.leave_open();
                    Cause::foreign("an acknowledgement without an ETag")
                }
                Err(error) => Cause::of(&error),
            };
            // After a lost answer it is not known what there is to refuse.
            if self.condition.may_be_unknown(creates_only, &cause) && !attempts.may_have_succeeded()
            {
                self.refuse_taken(target).await?;
                creates_only = false;
                continue;
            }
            match pauses.next().filter(|_| cause.is_conflict()) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => {
                    return self.settle(target, Some(object.fingerprint), cause, &attempts).await;
                }
            }
        }
    }

    async fn send(
        &self,
        target: &Target,
        object: &Object,
        creates_only: bool,
        attempts: &Attempts,
    ) -> Result<PutObjectOutput, SdkError<PutObjectError, HttpResponse>> {
        let Fingerprint { len, checksum } = object.fingerprint;
        let (encryption, key) = self.encryption();
        let _permit = self.permit().await;
        let request = self
            .client
            .put_object()
            .bucket(self.keyspace.bucket())
            .key(&target.key)
            .content_length(i64::try_from(len).unwrap_or(i64::MAX))
            .content_type(CONTENT_TYPE)
            .set_if_none_match(creates_only.then(|| ANY.to_owned()))
            .set_server_side_encryption(encryption)
            .set_ssekms_key_id(key)
            .set_checksum_crc32_c(self.upload.checksum.then(|| header_of(checksum)))
            .body(body::of_pieces(&object.pieces));
        request.customize().interceptor(attempts.clone()).send().await
    }

    /// How the server is to encrypt, and with which key.
    pub(super) fn encryption(
        &self,
    ) -> (Option<aws_sdk_s3::types::ServerSideEncryption>, Option<String>) {
        use aws_sdk_s3::types::ServerSideEncryption::{Aes256, AwsKms};
        match &self.upload.encryption {
            None => (None, None),
            Some(Encryption::Aes256) => (Some(Aes256), None),
            Some(Encryption::Kms(key)) => (Some(AwsKms), key.clone()),
        }
    }

    /// How long the parts of an object of `len` bytes are; `None` if one request takes it whole.
    pub(super) fn part_len(&self, len: u64) -> Option<u64> {
        (len >= self.upload.threshold).then(|| self.upload.part_len.max(len.div_ceil(MAX_PARTS)))
    }
}

/// A checksum as S3 writes it.
pub(super) fn header_of(checksum: u32) -> String {
    BASE64_STANDARD.encode(checksum.to_be_bytes())
}
