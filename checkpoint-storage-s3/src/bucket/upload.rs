//! An object that comes in chunks.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use checkpoint_storage_api::{Error, ErrorKind, Result, async_trait};
use checkpoint_storage_filesystem::Upload;
use checkpoint_storage_filesystem::codec::Checksum;

use super::multipart::MultipartUpload;
use super::put::Object;
use super::settle::Fingerprint;
use super::{Bucket, Target};
use crate::body;

/// Its chunks are kept until a part is whole, or the object itself if it is small.
pub(crate) struct ObjectUpload {
    bucket: Arc<Bucket>,
    target: Target,
    /// How many bytes were announced.
    len: u64,
    /// How long a part is; `None` for an object that is written in one request.
    part_len: Option<u64>,
    /// How many bytes have come.
    received: u64,
    /// Of what has come.
    checksum: Checksum,
    waiting: VecDeque<Bytes>,
    /// How many bytes are waiting.
    waiting_len: u64,
    parts: Option<MultipartUpload>,
}

impl Bucket {
    /// Begins an object of `len` bytes to come.
    pub(crate) fn begin(self: &Arc<Self>, target: Target, len: u64) -> ObjectUpload {
        ObjectUpload {
            bucket: Arc::clone(self),
            target,
            len,
            part_len: self.part_len(len),
            received: 0,
            checksum: Checksum::default(),
            waiting: VecDeque::new(),
            waiting_len: 0,
            parts: None,
        }
    }
}

impl ObjectUpload {
    async fn send_part(&mut self, len: u64) -> Result<()> {
        let part = body::take_front(&mut self.waiting, len);
        self.waiting_len -= body::total_len(&part);
        let parts = match &mut self.parts {
            Some(parts) => parts,
            None => {
                self.bucket.check_free(&self.target).await?;
                let (bucket, target) = (Arc::clone(&self.bucket), self.target.clone());
                let checksum = bucket.part_checksum();
                self.parts.insert(MultipartUpload::begin(bucket, target, checksum).await?)
            }
        };
        parts.add(|slot| slot.send(part)).await
    }

    fn wrong_length(&self) -> Error {
        let reason = format!("{} bytes were announced, not {}", self.len, self.received);
        self.bucket.error(&self.target, ErrorKind::InvalidInput, reason)
    }
}

#[async_trait]
impl Upload for ObjectUpload {
    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        let len = chunk.len() as u64;
        self.received += len;
        if self.received > self.len {
            return Err(self.wrong_length());
        }
        self.checksum.update(&chunk);
        self.waiting.push_back(chunk);
        self.waiting_len += len;
        let Some(part_len) = self.part_len else { return Ok(()) };
        while self.waiting_len >= part_len {
            self.send_part(part_len).await?;
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        if self.received < self.len {
            return Err(self.wrong_length());
        }
        let fingerprint = Fingerprint { len: self.len, checksum: self.checksum.value() };
        if self.part_len.is_some() && self.waiting_len > 0 {
            self.send_part(self.waiting_len).await?;
        }
        match self.parts {
            Some(parts) => parts.finish(Some(fingerprint)).await,
            None => {
                self.bucket.check_free(&self.target).await?;
                let object = Object { pieces: self.waiting.into(), fingerprint };
                self.bucket.put(&self.target, &object).await
            }
        }
    }
}
