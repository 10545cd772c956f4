//! Opens storages, by configuration or by a plugin's name.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use checkpoint_storage_api::ffi::Manifest;
use checkpoint_storage_api::{
    CheckpointStorage as _, CheckpointStorageFactory as _, OpenOptions, PluginConfig,
};

use crate::config::{
    Audience, ConfigReading, Diagnostic, Diagnostics, EffectiveValue, Origin, StorageConfig,
    StorageSettings, review,
};
use crate::discover::{Finding, discover};
use crate::error::{Error, ErrorKind, Result};
use crate::managed::ManagedStorage;
use crate::plugin::LoadedPlugin;
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

    /// Why [`resolve`](Self::resolve) chooses as it does.
    pub fn because(&self, config: &StorageConfig) -> String {
        Wanted::because(&config.plugin_type, &config.plugin_config)
    }

    /// Adds to a reading what only the plugin that serves it can tell: which of its keys are
    /// unknown or have a value that does not fit. Answers with every value that matters to that
    /// plugin, or, if there is none, with those that the file gives. Loads the plugin.
    pub fn review(&self, reading: &mut ConfigReading) -> Vec<EffectiveValue> {
        let config = &reading.config().storage;
        let plugin = self
            .resolve(config)
            .and_then(|(file, manifest)| self.load_once(file, manifest))
            .and_then(|plugin| Ok((plugin.config_keys()?, plugin)));
        match plugin {
            Ok((declared, plugin)) => {
                let name = &plugin.manifest().name;
                let audience = Some(Audience { name, declared: &declared });
                reading.review(audience);
                reading.effective(audience)
            }
            // Why there is none is told by who opens the storage.
            Err(_) => {
                reading.review(None);
                reading.effective(None)
            }
        }
    }

    /// Opens the storage that `config` describes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] with the places of all keys that are misspelt or have a value that does
    /// not fit; no or two plugins that serve it; what the plugin itself says. Keys that nobody reads
    /// are warnings in the log.
    pub async fn open(&self, config: &StorageConfig) -> Result<ManagedStorage> {
        let plugin = self.plugin(&Wanted::by(&config.plugin_type, &config.plugin_config))?;
        refuse_wrong_keys(&plugin, &config.plugin_config, &config.origin)?;
        self.start(plugin, &config.plugin_config, &config.settings, &config.origin).await
    }

    /// Opens a storage of the plugin called `name`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), without places.
    pub async fn open_plugin(
        &self,
        name: &str,
        config: PluginConfig,
        settings: StorageSettings,
    ) -> Result<ManagedStorage> {
        let plugin = self.plugin(&Wanted::Name(name.to_owned()))?;
        let origin = Origin::default();
        refuse_wrong_keys(&plugin, &config, &origin)?;
        self.start(plugin, &config, &settings, &origin).await
    }

    /// Whether the plugin takes a configuration that was [reviewed](Self::review): opens the storage
    /// read-only and closes it.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub async fn probe(&self, config: &StorageConfig) -> Result<()> {
        let plugin = self.plugin(&Wanted::by(&config.plugin_type, &config.plugin_config))?;
        let settings = StorageSettings { read_only: true, ..config.settings.clone() };
        let storage = self.start(plugin, &config.plugin_config, &settings, &config.origin).await?;
        Ok(storage.close().await?)
    }

    /// The plugin that serves what is wanted, loaded.
    fn plugin(&self, wanted: &Wanted) -> Result<Arc<LoadedPlugin>> {
        let (file, manifest) = resolve(wanted, &self.directory, &self.findings)?;
        if let (Wanted::Name(name), Some(instead)) = (wanted, &manifest.deprecated) {
            tracing::warn!("storage type `{name}` is deprecated: {instead}");
        }
        self.load_once(file, manifest)
    }

    async fn start(
        &self,
        plugin: Arc<LoadedPlugin>,
        config: &PluginConfig,
        settings: &StorageSettings,
        origin: &Origin,
    ) -> Result<ManagedStorage> {
        let options = OpenOptions {
            read_only: settings.read_only,
            operation_timeout: Some(settings.operation_timeout),
        };
        let opening = plugin.open(config.clone(), options);
        let storage = match tokio::time::timeout(settings.operation_timeout, opening).await {
            Ok(storage) => storage.map_err(|error| located(error, origin))?,
            Err(_) => {
                let reason = format!("it did not open within {:?}", settings.operation_timeout);
                let file = plugin.file().display();
                return Err(Error::new(ErrorKind::PluginFailed, file, reason)
                    .with_advice("look whether the medium answers, or raise `operation-timeout`"));
            }
        };
        tracing::debug!(?plugin, "storage opened");
        Ok(ManagedStorage::new(storage, plugin, settings.clone()))
    }

    fn load_once(&self, file: &Path, manifest: &Manifest) -> Result<Arc<LoadedPlugin>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugin) = loaded.get(file) {
            return Ok(Arc::clone(plugin));
        }
        let plugin = Arc::new(LoadedPlugin::load(file.to_owned(), manifest.clone())?);
        loaded.insert(file.to_owned(), Arc::clone(&plugin));
        Ok(plugin)
    }
}

/// Keys that are misspelt or have a value that does not fit; those that nobody reads are warned of.
fn refuse_wrong_keys(plugin: &LoadedPlugin, config: &PluginConfig, origin: &Origin) -> Result<()> {
    let declared = plugin.config_keys()?;
    let audience = Audience { name: &plugin.manifest().name, declared: &declared };
    let found = Diagnostics::new(origin.name(), review(config, origin, Some(audience)));
    if found.has_errors() {
        return Err(Error::of_diagnostics(found));
    }
    found.log_warnings();
    Ok(())
}

/// A plugin's complaint about one key, with the key's place in the file.
fn located(error: checkpoint_storage_api::Error, origin: &Origin) -> Error {
    let key = error.subject().trim_matches('`');
    match origin.value_place(key) {
        Some(place) if error.kind() == checkpoint_storage_api::ErrorKind::InvalidConfig => {
            let message = format!("`{key}`: {}", error.reason());
            let mut found = Diagnostic::error(key, message).at(Some(place));
            found.help = error.advice().map(str::to_owned);
            Error::of_diagnostics(Diagnostics::new(origin.name(), vec![found]))
        }
        _ => error.into(),
    }
}

impl fmt::Debug for StorageHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StorageHost of {}", self.directory.display())
    }
}
