//! This project's `localfile` plugin, opened as an engine would, on a namespace that Java shares.

use std::path::{Path, PathBuf};

use checkpoint_storage_tests::{files_in, storage};
use storage_host::ManagedStorage;
use tempfile::TempDir;

/// A namespace on the local disk.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn namespace(&self) -> PathBuf {
        self.0.path().join("checkpoints")
    }

    pub(crate) fn job(&self, job: &str) -> PathBuf {
        self.namespace().join(job)
    }

    /// The names of all files in a job's directory, sorted.
    pub(crate) fn files(&self, job: &str) -> Vec<String> {
        files_in(&self.job(job))
    }

    pub(crate) async fn open(&self) -> ManagedStorage {
        let namespace = self.namespace();
        let namespace = namespace.to_str().expect("UTF-8");
        storage::open("localfile", [("storageNameSpace", namespace)].into()).await
    }
}
