//! Opens storages, by configuration or by a plugin's name.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use checkpoint_storage_api::ffi::Manifest;
use checkpoint_storage_api::{OpenOptions, PluginConfig};

use crate::config::{StorageConfig, StorageSettings};
use crate::discover::{Finding, discover};
use crate::error::{Error, ErrorKind, Result};
use crate::load::load;
use crate::managed::{LoadedPlugin, ManagedStorage};
use crate::resolve::{Wanted, resolve};

/// Finds plugins in a directory and opens storages of them.
///
/// Nothing is loaded before a storage needs it, and each plugin once.
///
/// ```no_run
/// # async fn open() -> Result<(), storage_host::Error> {
/// use storage_host::{StorageHost, StorageSettings};
///
/// let host = StorageHost::discover("plugins")?;
/// let config = [("storageNameSpace", "/data/checkpoints")].into();
/// let storage = host.open_plugin("localfile", config, StorageSettings::default()).await?;
/// # let _ = storage;
/// # Ok(())
/// # }
/// ```
pub struct StorageHost {
    directory: PathBuf,
    findings: Vec<Finding>,
    loaded: Mutex<HashMap<PathBuf, Arc<LoadedPlugin>>>,
}

impl StorageHost {
    /// Looks at every file of `directory` and runs none. A file that is no plugin is a
    /// [finding](Self::findings), not an error.
    pub fn discover(directory: impl Into<PathBuf>) -> Result<Self> {
        let directory = directory.into();
        let findings = discover(&directory)?;
        Ok(Self { directory, findings, loaded: Mutex::default() })
    }

    /// The plugins directory.
    pub fn plugins_dir(&self) -> &Path {
        &self.directory
    }

    /// A verdict on each entry of the plugins directory, by file name.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The plugin that serves `config`; found, not loaded.
    pub fn resolve(&self, config: &StorageConfig) -> Result<(&Path, &Manifest)> {
        let wanted = Wanted::by(&config.plugin_type, &config.plugin_config);
        resolve(&wanted, &self.directory, &self.findings)
    }

    /// Opens the storage that `config` describes.
    pub async fn open(&self, config: &StorageConfig) -> Result<ManagedStorage> {
        let wanted = Wanted::by(&config.plugin_type, &config.plugin_config);
        self.open_wanted(&wanted, &config.plugin_config, &config.settings).await
    }

    /// Opens a storage of the plugin called `name`.
    pub async fn open_plugin(
        &self,
        name: &str,
        config: PluginConfig,
        settings: StorageSettings,
    ) -> Result<ManagedStorage> {
        self.open_wanted(&Wanted::Name(name.to_owned()), &config, &settings).await
    }

    async fn open_wanted(
        &self,
        wanted: &Wanted,
        config: &PluginConfig,
        settings: &StorageSettings,
    ) -> Result<ManagedStorage> {
        let (file, manifest) = resolve(wanted, &self.directory, &self.findings)?;
        if let (Wanted::Name(name), Some(instead)) = (wanted, &manifest.deprecated) {
            tracing::warn!("storage type `{name}` is deprecated: {instead}");
        }
        let plugin = self.load_once(file, manifest)?;
        let options = OpenOptions {
            read_only: settings.read_only,
            operation_timeout: Some(settings.operation_timeout),
        };
        let opening = plugin.handle.open(config, &options);
        let storage = match tokio::time::timeout(settings.operation_timeout, opening).await {
            Ok(storage) => storage?,
            Err(_) => {
                let reason = format!("it did not open within {:?}", settings.operation_timeout);
                return Err(Error::new(ErrorKind::PluginFailed, file.display(), reason)
                    .with_advice("look whether the medium answers, or raise `operation-timeout`"));
            }
        };
        tracing::debug!(plugin = %manifest, file = %file.display(), "storage opened");
        Ok(ManagedStorage::new(storage, plugin, settings.clone()))
    }

    fn load_once(&self, file: &Path, manifest: &Manifest) -> Result<Arc<LoadedPlugin>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugin) = loaded.get(file) {
            return Ok(Arc::clone(plugin));
        }
        let handle = load(file, manifest)?;
        let plugin = Arc::new(LoadedPlugin::new(file.to_owned(), manifest.clone(), handle));
        loaded.insert(file.to_owned(), Arc::clone(&plugin));
        Ok(plugin)
    }
}

impl fmt::Debug for StorageHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StorageHost of {}", self.directory.display())
    }
}
