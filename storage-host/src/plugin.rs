//! A plugin that was loaded.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use checkpoint_storage_api::ffi::{Manifest, PluginHandle};
use checkpoint_storage_api::{
    CheckpointStorage, CheckpointStorageFactory, ConfigKey, OpenOptions, PluginConfig, async_trait,
};

use crate::discover::manifest_of;
use crate::error::Result;
use crate::load::load;

/// A plugin that was loaded; it stays so for as long as the process lives.
///
/// As a [factory](CheckpointStorageFactory) it opens storages as the plugin gives them, without
/// what a [`ManagedStorage`](crate::ManagedStorage) adds: for those who look at the plugin itself.
pub struct LoadedPlugin {
    file: PathBuf,
    manifest: Manifest,
    handle: PluginHandle,
}

impl LoadedPlugin {
    /// Loads one file, which need not lie in a plugins directory, by the rules of one that does.
    pub fn of_file(file: impl Into<PathBuf>) -> Result<Self> {
        let file = file.into();
        // A bare name would be looked for where the system keeps its libraries.
        let file = std::path::absolute(&file).unwrap_or(file);
        let manifest = manifest_of(&file)?;
        Self::load(file, manifest)
    }

    /// Loads a file that was looked at and found to have this manifest.
    pub(crate) fn load(file: PathBuf, manifest: Manifest) -> Result<Self> {
        let handle = load(&file, &manifest)?;
        Ok(Self { file, manifest, handle })
    }

    /// The library's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What it said of itself before it was loaded.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The keys of `plugin-config` that it understands.
    pub fn config_keys(&self) -> checkpoint_storage_api::Result<Vec<ConfigKey>> {
        self.handle.config_keys()
    }
}

#[async_trait]
impl CheckpointStorageFactory for LoadedPlugin {
    async fn open(
        &self,
        config: PluginConfig,
        options: OpenOptions,
    ) -> checkpoint_storage_api::Result<Arc<dyn CheckpointStorage>> {
        self.handle.open(&config, &options).await
    }

    /// None if the plugin fails to say.
    fn config_keys(&self) -> Vec<ConfigKey> {
        self.handle.config_keys().unwrap_or_default()
    }
}

impl fmt::Debug for LoadedPlugin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.manifest, self.file.display())
    }
}
