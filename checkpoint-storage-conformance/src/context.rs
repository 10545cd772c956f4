//! What a case works with.

use std::sync::Arc;
use std::time::Duration;

use checkpoint_storage_api::{CheckpointStorage, OpenOptions, Result};

use crate::case::Needs;
use crate::check::{Check, Failure};
use crate::medium::Medium;
use crate::subject::{Place, Subject};

/// An open storage.
pub(crate) type Storage = Arc<dyn CheckpointStorage>;

/// A case's own place, and the way to others.
pub(crate) struct Context {
    subject: Arc<dyn Subject>,
    place: Box<dyn Place>,
}

impl Context {
    pub(crate) async fn new(subject: Arc<dyn Subject>) -> Result<Self> {
        let place = subject.place().await?;
        Ok(Self { subject, place })
    }

    /// What the subject offers of what is optional.
    pub(crate) async fn offered(&self) -> Result<Needs> {
        let storage = self.open().await?;
        let capabilities = storage.capabilities();
        storage.close().await?;
        Ok(Needs { capabilities, medium: self.place.medium().is_some() })
    }

    /// Another storage in the case's place.
    pub(crate) async fn open(&self) -> Result<Storage> {
        self.place.open(OpenOptions::default()).await
    }

    /// The same, opened read-only.
    pub(crate) async fn open_read_only(&self) -> Result<Storage> {
        self.place.open(OpenOptions { read_only: true, ..OpenOptions::default() }).await
    }

    /// The same, told how long its callers wait.
    pub(crate) async fn open_with_time_limit(&self, limit: Duration) -> Result<Storage> {
        let operation_timeout = Some(limit);
        self.place.open(OpenOptions { operation_timeout, ..OpenOptions::default() }).await
    }

    /// Closes a storage and opens another in its place.
    pub(crate) async fn reopen(&self, storage: Storage) -> Result<Storage> {
        storage.close().await?;
        drop(storage);
        self.open().await
    }

    /// A place apart from this one.
    pub(crate) async fn elsewhere(&self) -> Result<Box<dyn Place>> {
        self.subject.place().await
    }

    /// The files behind the case's storages.
    pub(crate) fn medium(&self) -> Check<&dyn Medium> {
        self.place.medium().ok_or_else(|| Failure::Unsupported("no medium was given".to_owned()))
    }
}
