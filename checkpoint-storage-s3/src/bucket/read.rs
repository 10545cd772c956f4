//! Reading an object, whole or in chunks. A connection that breaks is taken up where it broke.

use std::sync::Arc;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use backon::ExponentialBackoff;
use bytes::Bytes;
use checkpoint_storage_api::{Error, ErrorKind, Result};
use tracing::debug;

use super::{Bucket, Target};
use crate::failure::Cause;
use crate::waits;

/// An object that is being read.
pub(crate) struct ObjectReader {
    bucket: Arc<Bucket>,
    target: Target,
    len: u64,
    /// What makes sure that what is read after a break is the same object.
    etag: Option<String>,
    /// How many bytes have come.
    received: u64,
    /// What has come and was not asked for yet.
    rest: Bytes,
    body: Option<ByteStream>,
    /// What is left of the pauses between breaks without a byte.
    pauses: ExponentialBackoff,
}

impl Bucket {
    /// Reads an object into memory of its own, once.
    pub(crate) async fn read(self: &Arc<Self>, target: Target) -> Result<Bytes> {
        let mut reader = self.open(target).await?;
        let mut bytes = Vec::new();
        let len =
            usize::try_from(reader.len).ok().filter(|len| bytes.try_reserve_exact(*len).is_ok());
        if len.is_none() {
            let reason = format!("there is no memory for its {} bytes", reader.len);
            return Err(self
                .error(&reader.target, ErrorKind::Unavailable, reason)
                .with_advice("give the process more memory, or read it in chunks"));
        }
        while let Some(chunk) = reader.next_chunk(usize::MAX).await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.into())
    }

    /// Opens an object for reading in chunks.
    pub(crate) async fn open(self: &Arc<Self>, target: Target) -> Result<ObjectReader> {
        let output = self.get(&target, 0, None).await?;
        if output.e_tag().is_none() {
            let cause = Cause::foreign("an object without an ETag");
            return Err(self.caused(&target, cause));
        }
        let len = output.content_length().and_then(|len| u64::try_from(len).ok());
        let Some(len) = len else {
            return Err(self.unreadable(&target, "the server does not say how long it is"));
        };
        Ok(ObjectReader {
            pauses: waits::pauses(self.attempts),
            bucket: Arc::clone(self),
            target,
            len,
            etag: output.e_tag().map(str::to_owned),
            received: 0,
            rest: Bytes::new(),
            body: Some(output.body),
        })
    }

    /// Asks for an object from the byte `offset` on, and only if it is still the one of `etag`.
    async fn get(
        &self,
        target: &Target,
        offset: u64,
        etag: Option<&str>,
    ) -> Result<GetObjectOutput> {
        let _permit = self.permit().await;
        let sent = self
            .client
            .get_object()
            .bucket(self.keyspace.bucket())
            .key(&target.key)
            .set_range((offset > 0).then(|| format!("bytes={offset}-")))
            .set_if_match(etag.map(str::to_owned))
            .send()
            .await;
        let output = sent.map_err(|error| match Cause::of(&error) {
            cause if cause.is_precondition_failed() => {
                self.unreadable(target, "it was replaced while it was read")
            }
            cause => self.caused(target, cause),
        })?;
        let begins = format!("bytes {offset}-");
        match offset == 0 || output.content_range().is_some_and(|it| it.starts_with(&begins)) {
            true => Ok(output),
            false => {
                Err(self.unreadable(target, "the server gives another part than was asked for"))
            }
        }
    }

    fn unreadable(&self, target: &Target, reason: &str) -> Error {
        self.error(target, ErrorKind::Unavailable, reason).with_advice("read it again")
    }
}

impl ObjectReader {
    /// How many bytes the object has.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The next bytes, at most `max_len`; `None` at the end. Dropping the call skips nothing.
    pub(crate) async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        loop {
            if !self.rest.is_empty() {
                let len = self.rest.len().min(max_len);
                return Ok(Some(self.rest.split_to(len)));
            }
            let Some(body) = &mut self.body else {
                if self.received == self.len {
                    return Ok(None);
                }
                self.take_up().await?;
                continue;
            };
            match body.next().await {
                Some(Ok(bytes)) => self.add(bytes)?,
                // What the server keeps for checking was checked with the last byte.
                None if self.received == self.len => self.body = None,
                Some(Err(error)) if self.received == self.len => {
                    return Err(self.differs(&error.to_string()));
                }
                Some(Err(error)) => self.broke(Cause::of_body(&error)).await?,
                None => self.broke(Cause::broken_off()).await?,
            }
        }
    }

    fn add(&mut self, bytes: Bytes) -> Result<()> {
        self.received += bytes.len() as u64;
        self.rest = bytes;
        match self.received > self.len {
            true => Err(self.differs("more bytes came than it has")),
            false => {
                self.pauses = waits::pauses(self.bucket.attempts);
                Ok(())
            }
        }
    }

    async fn take_up(&mut self) -> Result<()> {
        let etag = self.etag.as_deref();
        let output = self.bucket.get(&self.target, self.received, etag).await?;
        self.body = Some(output.body);
        Ok(())
    }

    /// Waits before it is taken up again, unless nothing has come for too many times.
    async fn broke(&mut self, cause: Cause) -> Result<()> {
        self.body = None;
        let Some(pause) = self.pauses.next() else {
            return Err(self.bucket.caused(&self.target, cause));
        };
        debug!(key = self.target.key, received = self.received, "the connection broke; reading on");
        tokio::time::sleep(pause).await;
        Ok(())
    }

    fn differs(&self, reason: &str) -> Error {
        let reason = format!("it is not what the server has written: {reason}");
        self.bucket
            .error(&self.target, ErrorKind::Corrupt, reason)
            .with_advice("read it again; if that fails too, restore an older checkpoint")
    }
}
