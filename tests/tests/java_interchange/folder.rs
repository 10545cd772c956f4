//! This project's `localfile` plugin, opened as an engine would, on a namespace that Java shares.

use std::path::{Path, PathBuf};

use checkpoint_storage_api::PluginConfig;
use checkpoint_storage_tests::plugins_directory;
use storage_host::{ManagedStorage, StorageHost, StorageSettings};
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
        let Ok(directory) = std::fs::read_dir(self.job(job)) else { return Vec::new() };
        let mut names: Vec<_> = directory
            .map(|file| file.expect("readable").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    }

    pub(crate) async fn open(&self) -> ManagedStorage {
        self.open_with(&[]).await
    }

    pub(crate) async fn open_with(&self, keys: &[(&str, &str)]) -> ManagedStorage {
        let plugins = plugins_directory(&["checkpoint_storage_localfile"]);
        let host = StorageHost::discover(plugins.path()).expect("readable");
        let namespace = self.namespace();
        let namespace = namespace.to_str().expect("UTF-8");
        let namespace = [("storageNameSpace", namespace)];
        let config: PluginConfig = namespace.iter().chain(keys).copied().collect();
        host.open_plugin("localfile", config, StorageSettings::default()).await.expect("opened")
    }
}
