//! What the cases are run on.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use checkpoint_storage_api::{
    CheckpointStorage, CheckpointStorageFactory, Error, ErrorKind, OpenOptions, PluginConfig,
    Result, async_trait,
};
use tempfile::TempDir;

use crate::medium::{LocalDirectory, Medium};

/// A kind of storage that is put to the test.
#[async_trait]
pub trait Subject: Send + Sync {
    /// A fresh place for storages: empty, and apart from every other. What is in it is given up
    /// when it is dropped.
    async fn place(&self) -> Result<Box<dyn Place>>;
}

/// An empty place, such as a namespace of its own.
#[async_trait]
pub trait Place: Send + Sync {
    /// Opens a storage here, as often as it is called.
    async fn open(&self, options: OpenOptions) -> Result<Arc<dyn CheckpointStorage>>;

    /// The files behind the storages here. Without it, cases that lay or damage files are
    /// [`Unsupported`](crate::Verdict::Unsupported).
    fn medium(&self) -> Option<&dyn Medium> {
        None
    }
}

type Configure = dyn Fn(&str) -> PluginConfig + Send + Sync;
type Files = dyn Fn(&str) -> PathBuf + Send + Sync;

/// Storages of one factory, each place with a temporary directory of its own.
pub struct FreshDirectories {
    factory: Arc<dyn CheckpointStorageFactory>,
    configure: Arc<Configure>,
    files: Option<Arc<Files>>,
}

impl FreshDirectories {
    /// Opens storages of `factory` with what `configure` makes of a place's directory.
    pub fn new(
        factory: impl CheckpointStorageFactory + 'static,
        configure: impl Fn(&str) -> PluginConfig + Send + Sync + 'static,
    ) -> Self {
        Self { factory: Arc::new(factory), configure: Arc::new(configure), files: None }
    }

    /// Says where, for a place's directory, the jobs' directories lie, so that the cases that lay
    /// or damage files can run.
    #[must_use]
    pub fn with_files(mut self, files: impl Fn(&str) -> PathBuf + Send + Sync + 'static) -> Self {
        self.files = Some(Arc::new(files));
        self
    }
}

impl fmt::Debug for FreshDirectories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FreshDirectories")
    }
}

#[async_trait]
impl Subject for FreshDirectories {
    async fn place(&self) -> Result<Box<dyn Place>> {
        let failed = |reason: String| {
            Error::new(ErrorKind::Unexpected, "make a temporary directory", reason)
        };
        let directory = tempfile::Builder::new()
            .prefix("checkpoint-storage-conformance-")
            .tempdir()
            .map_err(|error| failed(error.to_string()))?;
        let path = directory.path().to_str().ok_or_else(|| failed("it is not UTF-8".to_owned()))?;
        Ok(Box::new(FreshDirectory {
            factory: Arc::clone(&self.factory),
            config: (self.configure)(path),
            medium: self.files.as_ref().map(|files| LocalDirectory::new(files(path))),
            _directory: directory,
        }))
    }
}

struct FreshDirectory {
    factory: Arc<dyn CheckpointStorageFactory>,
    config: PluginConfig,
    medium: Option<LocalDirectory>,
    _directory: TempDir,
}

#[async_trait]
impl Place for FreshDirectory {
    async fn open(&self, options: OpenOptions) -> Result<Arc<dyn CheckpointStorage>> {
        self.factory.open(self.config.clone(), options).await
    }

    fn medium(&self) -> Option<&dyn Medium> {
        self.medium.as_ref().map(|medium| medium as _)
    }
}
