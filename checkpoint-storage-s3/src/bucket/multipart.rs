//! Large objects in parts, some of them at once. Nothing is visible before the last step, and an
//! upload that does not get there is aborted.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use checkpoint_storage_api::{ErrorKind, Result};
use checkpoint_storage_filesystem::codec::Checksum;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tracing::{debug, warn};

use super::put::{ANY, CONTENT_TYPE, header_of};
use super::settle::Fingerprint;
use super::{Bucket, Target};
use crate::body;
use crate::client::Attempts;
use crate::failure::Cause;

/// How many parts of one object are under way at once, each with its memory.
const PARTS_AT_ONCE: usize = 6;

/// An upload that was begun. Dropped unfinished, it is aborted in the background.
pub(super) struct MultipartUpload {
    bucket: Arc<Bucket>,
    target: Target,
    id: String,
    /// Whether there is still something to abort.
    is_open: bool,
    runtime: Handle,
    under_way: JoinSet<Result<CompletedPart>>,
    done: Vec<CompletedPart>,
    /// How many parts were begun.
    begun: i32,
}

/// Where a part goes.
pub(super) struct Slot {
    bucket: Arc<Bucket>,
    target: Target,
    id: String,
    number: i32,
}

impl MultipartUpload {
    /// Every part must then come with the checksum that is named here. A call that is dropped while
    /// the answer is on its way leaves nothing either.
    pub(super) async fn begin(
        bucket: Arc<Bucket>,
        target: Target,
        checksum: Option<ChecksumAlgorithm>,
    ) -> Result<Self> {
        let (begun, answer) = oneshot::channel();
        let begin = Self::begin_at_once(Arc::clone(&bucket), target.clone(), checksum);
        // Only who has the answer knows what to abort: that is the upload itself, when nobody takes it.
        bucket.background.spawn(async move { drop(begun.send(begin.await)) });
        answer.await.unwrap_or_else(|error| {
            Err(bucket.error(&target, ErrorKind::Unexpected, error.to_string()))
        })
    }

    async fn begin_at_once(
        bucket: Arc<Bucket>,
        target: Target,
        checksum: Option<ChecksumAlgorithm>,
    ) -> Result<Self> {
        let (encryption, key) = bucket.encryption();
        let sent = {
            let _permit = bucket.permit().await;
            bucket
                .client
                .create_multipart_upload()
                .bucket(bucket.keyspace.bucket())
                .key(&target.key)
                .content_type(CONTENT_TYPE)
                .set_server_side_encryption(encryption)
                .set_ssekms_key_id(key)
                .set_checksum_algorithm(checksum)
                .send()
                .await
        };
        let output = sent.map_err(|error| bucket.failed(&target, &error))?;
        let Some(id) = output.upload_id().map(str::to_owned) else {
            return Err(bucket.caused(&target, Cause::foreign("an upload without an id")));
        };
        Ok(Self {
            bucket,
            target,
            id,
            is_open: true,
            runtime: Handle::current(),
            under_way: JoinSet::new(),
            done: Vec::new(),
            begun: 0,
        })
    }

    /// Begins the next part, as `make` says, as soon as there is room for it.
    pub(super) async fn add<F>(&mut self, make: impl FnOnce(Slot) -> F) -> Result<()>
    where
        F: Future<Output = Result<CompletedPart>> + Send + 'static,
    {
        while self.under_way.len() >= PARTS_AT_ONCE {
            self.next_done().await?;
        }
        self.begun += 1;
        self.under_way.spawn(make(Slot {
            bucket: Arc::clone(&self.bucket),
            target: self.target.clone(),
            id: self.id.clone(),
            number: self.begun,
        }));
        Ok(())
    }

    async fn next_done(&mut self) -> Result<bool> {
        match self.under_way.join_next().await {
            None => Ok(false),
            Some(Ok(part)) => {
                self.done.push(part?);
                Ok(true)
            }
            Some(Err(error)) => {
                Err(self.bucket.error(&self.target, ErrorKind::Unexpected, error.to_string()))
            }
        }
    }

    /// Makes the object of its parts. What came of it is known afterwards, or the error says that
    /// it is not; without what the object is recognized by, a lost answer leaves it open.
    pub(super) async fn finish(mut self, written: Option<Fingerprint>) -> Result<()> {
        while self.next_done().await? {}
        self.done.sort_unstable_by_key(|part| part.part_number());
        let attempts = Attempts::default();
        let mut creates_only = self.bucket.condition.asks();
        loop {
            let Err(cause) = self.complete(creates_only, &attempts).await else {
                self.bucket.note_success(creates_only);
                self.is_open = false;
                return Ok(());
            };
            if self.bucket.condition.may_be_unknown(creates_only, &cause)
                && !attempts.may_have_succeeded()
            {
                self.bucket.refuse_taken(&self.target).await?;
                creates_only = false;
                continue;
            }
            // From here on it cannot be completed any more: what is there now stays.
            give_up(&self.bucket, &self.target, &self.id).await;
            self.is_open = false;
            return self.bucket.settle(&self.target, written, cause, &attempts).await;
        }
    }

    async fn complete(&self, creates_only: bool, attempts: &Attempts) -> Result<(), Cause> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.done.clone())).build();
        let _permit = self.bucket.permit().await;
        let request = self
            .bucket
            .client
            .complete_multipart_upload()
            .bucket(self.bucket.keyspace.bucket())
            .key(&self.target.key)
            .upload_id(&self.id)
            .set_if_none_match(creates_only.then(|| ANY.to_owned()))
            .multipart_upload(parts);
        let sent = request.customize().interceptor(attempts.clone()).send().await;
        match sent {
            Ok(output) if output.e_tag().is_some() => Ok(()),
            Ok(_) => {
                attempts.leave_open();
                Err(Cause::foreign("an acknowledgement without an ETag"))
            }
            Err(error) => Err(Cause::of(&error)),
        }
    }
}

impl Drop for MultipartUpload {
    fn drop(&mut self) {
        if !self.is_open {
            return;
        }
        let mut under_way = std::mem::take(&mut self.under_way);
        let bucket = Arc::clone(&self.bucket);
        let (target, id) = (self.target.clone(), std::mem::take(&mut self.id));
        let abort = async move {
            // A part that arrived after it would stay.
            under_way.shutdown().await;
            give_up(&bucket, &target, &id).await;
        };
        self.bucket.background.spawn_on(abort, &self.runtime);
    }
}

impl Slot {
    /// Sends a part from memory.
    pub(super) async fn send(self, pieces: Vec<Bytes>) -> Result<CompletedPart> {
        let Self { bucket, target, id, number } = self;
        let checksum = bucket.part_checksum().map(|_| {
            let mut checksum = Checksum::default();
            pieces.iter().for_each(|piece| checksum.update(piece));
            header_of(checksum.value())
        });
        let _permit = bucket.permit().await;
        let sent = bucket
            .client
            .upload_part()
            .bucket(bucket.keyspace.bucket())
            .key(&target.key)
            .upload_id(id)
            .part_number(number)
            .content_length(i64::try_from(body::total_len(&pieces)).unwrap_or(i64::MAX))
            .set_checksum_crc32_c(checksum.clone())
            .body(body::of_pieces(&pieces))
            .send()
            .await;
        let output = sent.map_err(|error| bucket.failed(&target, &error))?;
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(output.e_tag().map(str::to_owned))
            .set_checksum_crc32_c(checksum)
            .build())
    }

    /// Has the server copy these bytes of another object, which does not come by here: no checksum
    /// of it is known.
    pub(super) async fn copy(self, source: Target, bytes: Range<u64>) -> Result<CompletedPart> {
        let Self { bucket, target, id, number } = self;
        let _permit = bucket.permit().await;
        let sent = bucket
            .client
            .upload_part_copy()
            .copy_source(bucket.keyspace.copy_source(&source.key))
            .copy_source_range(format!("bytes={}-{}", bytes.start, bytes.end.saturating_sub(1)))
            .bucket(bucket.keyspace.bucket())
            .key(&target.key)
            .upload_id(id)
            .part_number(number)
            .send()
            .await;
        let output = sent.map_err(|error| bucket.failed(&source, &error))?;
        let etag = output.copy_part_result().and_then(|part| part.e_tag());
        Ok(CompletedPart::builder().part_number(number).set_e_tag(etag.map(str::to_owned)).build())
    }
}

impl Bucket {
    /// The checksum that parts from memory come with.
    pub(super) fn part_checksum(&self) -> Option<ChecksumAlgorithm> {
        self.upload.checksum.then_some(ChecksumAlgorithm::Crc32C)
    }

    /// Makes sure that an upload comes to nothing; whether it was still there.
    pub(super) async fn abort_upload(&self, target: &Target, id: &str) -> Result<bool> {
        let _permit = self.permit().await;
        let sent = self
            .client
            .abort_multipart_upload()
            .bucket(self.keyspace.bucket())
            .key(&target.key)
            .upload_id(id)
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) => match Cause::of(&error) {
                cause if cause.is_no_upload() => Ok(false),
                cause => Err(self.caused(target, cause)),
            },
        }
    }
}

async fn give_up(bucket: &Bucket, target: &Target, id: &str) {
    match bucket.abort_upload(target, id).await {
        Ok(_) => debug!(key = target.key, "upload aborted"),
        Err(error) => warn!(
            key = target.key,
            %error,
            "cannot abort an upload; what it took stays until leftovers are reclaimed"
        ),
    }
}
