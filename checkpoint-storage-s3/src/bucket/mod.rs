//! The operations on the objects of one namespace, a module each.

mod condition;
mod delete;
mod health;
mod list;
mod multipart;
mod put;
mod quarantine;
mod read;
mod settle;
mod upload;
mod uploads;

use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use checkpoint_storage_api::{Error, ErrorKind};
use checkpoint_storage_filesystem::Environment;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::task::TaskTracker;
use tracing::warn;

use self::condition::Condition;
use crate::config::{Route, S3Config, UploadConfig};
use crate::failure::Cause;
use crate::keyspace::Keyspace;

pub(crate) use self::read::ObjectReader;

/// A namespace in a bucket.
pub(crate) struct Bucket {
    client: Client,
    route: Route,
    pub(crate) keyspace: Keyspace,
    upload: UploadConfig,
    /// How often something is tried that the SDK does not try again by itself.
    attempts: u32,
    is_aws: bool,
    /// Permits for requests.
    requests: Arc<Semaphore>,
    condition: Condition,
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
            keyspace: Keyspace::new(&config.bucket, &config.prefix),
            upload: config.upload.clone(),
            attempts: config.attempts,
            is_aws: config.endpoint.is_aws,
            requests: Arc::new(Semaphore::new(config.requests)),
            condition: Condition::new(config.upload.conditional),
            environment,
            background: TaskTracker::new(),
        }
    }

    /// Waits for what dropped calls left to do.
    pub(crate) async fn close(&self) {
        self.background.close();
        self.background.wait().await;
    }

    /// Waits until one more request may be under way.
    async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes it.
        self.requests.acquire().await.ok()
    }

    /// The error of a request on an object.
    fn failed<E>(&self, target: &Target, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        self.caused(target, Cause::of(error))
    }

    fn caused(&self, target: &Target, cause: Cause) -> Error {
        cause.into_error(target.operation, self.keyspace.url(&target.key), &self.route)
    }

    /// An error that is no answer's.
    fn error(&self, target: &Target, kind: ErrorKind, reason: impl Into<String>) -> Error {
        Error::new(kind, target.operation, reason.into())
            .with_subject(self.keyspace.url(&target.key))
    }

    /// Takes note of a write that the server took, with the condition if `asked`.
    fn note_success(&self, asked: bool) {
        if self.condition.note_success(asked) {
            warn!(
                bucket = self.keyspace.bucket(),
                "the server does not know If-None-Match: stores no longer ask for it \
                 (`s3.conditional-put: off` says so from the start)"
            );
        }
    }
}
