//! The operations on the objects of one namespace, a module each.

mod delete;
mod health;
mod list;
mod multipart;
mod put;
mod quarantine;
mod read;
mod settle;
mod uploads;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use checkpoint_storage_api::Error;
use checkpoint_storage_filesystem::Environment;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::config::{ConditionalPut, Route, S3Config, UploadConfig};
use crate::failure::Cause;
use crate::keys::Keyspace;

pub(crate) use read::ObjectReader;

/// A namespace in a bucket.
pub(crate) struct Bucket {
    client: Client,
    route: Route,
    pub(crate) keys: Keyspace,
    upload: UploadConfig,
    /// How often something is tried that the SDK does not try again by itself.
    attempts: u32,
    is_aws: bool,
    /// Places for requests.
    requests: Arc<Semaphore>,
    /// Whether stores ask the server to refuse to write over what is there.
    creates_only: AtomicBool,
    environment: Environment,
    /// What goes on after the call that began it was dropped.
    background: TaskTracker,
}

/// An object that an operation concerns.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) operation: &'static str,
    pub(crate) key: String,
}

impl Bucket {
    pub(crate) fn new(client: Client, config: &S3Config, environment: Environment) -> Self {
        Self {
            client,
            route: config.route(),
            keys: Keyspace::new(&config.bucket, &config.prefix),
            upload: config.upload.clone(),
            attempts: config.attempts,
            is_aws: config.endpoint.is_aws,
            requests: Arc::new(Semaphore::new(config.requests)),
            creates_only: AtomicBool::new(config.upload.conditional != ConditionalPut::Off),
            environment,
            background: TaskTracker::new(),
        }
    }

    /// Waits for what dropped calls left to do.
    pub(crate) async fn close(&self) {
        self.background.close();
        self.background.wait().await;
    }

    /// Waits for a place for one request.
    async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        self.requests.acquire().await.ok()
    }

    /// How long to wait before each further try.
    fn delays(&self) -> ExponentialBackoff {
        ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(50))
            .with_max_delay(Duration::from_secs(5))
            .with_max_times(self.attempts.saturating_sub(1) as usize)
            .with_jitter()
            .build()
    }

    /// The error of a request on an object.
    fn failed<E>(&self, target: &Target, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.caused(target, Cause::of(error))
    }

    fn caused(&self, target: &Target, cause: Cause) -> Error {
        cause.into_error(target.operation, self.keys.url(&target.key), &self.route)
    }

    /// Whether the next write asks for the name to be free.
    fn creates_only(&self) -> bool {
        self.creates_only.load(Ordering::Relaxed)
    }

    /// Whether the condition may be what the server refused: the write is worth a try without it.
    fn may_lack_condition(&self, asked: bool, cause: &Cause) -> bool {
        asked && self.upload.conditional == ConditionalPut::Auto && cause.is_not_implemented()
    }

    /// Concludes from a write that was taken without the condition that the server does not know
    /// it.
    fn written(&self, asked: bool) {
        if !asked && self.creates_only.swap(false, Ordering::Relaxed) {
            warn!(
                bucket = self.keys.bucket(),
                "the server does not know If-None-Match: stores no longer ask for it \
                 (`s3.conditional-put: off` says so from the start)"
            );
        }
    }
}
