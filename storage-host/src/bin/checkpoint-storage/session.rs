//! Finds configuration and plugins, and opens the storage.

use std::future::Future;
use std::path::{Path, PathBuf};

use checkpoint_storage_api::CheckpointStorage;
use storage_host::config::ConfigReading;
use storage_host::{CheckpointConfig, ManagedStorage, StorageHost};

use crate::args::Global;
use crate::stop::Stop;

/// Where the configuration lies in a release folder.
const CONFIGURATION: &str = "config/seatunnel.yaml";

/// Where the plugins lie in a release folder.
const PLUGINS: &str = "plugins";

/// Whether a command may change what is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    ReadOnly,
    ReadWrite,
}

/// What a command works with.
pub(crate) struct Session {
    global: Global,
}

impl Session {
    pub(crate) fn new(global: Global) -> Self {
        Self { global }
    }

    /// The same with another configuration.
    pub(crate) fn with_configuration(&self, file: PathBuf) -> Self {
        Self { global: Global { config: Some(file), ..self.global.clone() } }
    }

    /// The configuration's file, if one was named or lies where a release folder has it.
    fn configuration_file(&self) -> Option<PathBuf> {
        self.global.config.clone().or_else(|| near_program(CONFIGURATION))
    }

    /// The configuration that was named, and not one that was only found.
    pub(crate) fn named_configuration(&self) -> Option<&Path> {
        self.global.config.as_deref()
    }

    /// What the configuration's file says, right or wrong.
    pub(crate) fn reading(&self) -> Result<ConfigReading, Stop> {
        let file = self.configuration_file().ok_or_else(|| {
            Stop::Usage(format!(
                "no configuration: name one with -c or CHECKPOINT_STORAGE_CONFIG, or put it at \
                 {CONFIGURATION} beside or one level above this program"
            ))
        })?;
        Ok(ConfigReading::of_file(&file)?)
    }

    pub(crate) fn configuration(&self) -> Result<CheckpointConfig, Stop> {
        let mut reading = self.reading()?;
        if reading.diagnostics().has_errors()
            && let Ok(host) = self.host()
        {
            // All that is wrong is told at once: what the plugin would say as well.
            host.review(&mut reading);
        }
        Ok(reading.into_config()?)
    }

    pub(crate) fn plugins_directory(&self) -> Result<PathBuf, Stop> {
        self.global.plugins.clone().or_else(|| near_program(PLUGINS)).ok_or_else(|| {
            Stop::Usage(format!(
                "no plugins directory: name it with --plugins or CHECKPOINT_STORAGE_PLUGINS, or \
                 make a folder {PLUGINS} beside or one level above this program"
            ))
        })
    }

    pub(crate) fn host(&self) -> Result<StorageHost, Stop> {
        Ok(StorageHost::discover(self.plugins_directory()?)?)
    }

    pub(crate) async fn open(&self, access: Access) -> Result<ManagedStorage, Stop> {
        let mut config = self.configuration()?.storage;
        config.settings.read_only |= access == Access::ReadOnly;
        Ok(self.host()?.open(&config).await?)
    }

    /// Opens the storage, lets `work` use it, and closes it.
    pub(crate) async fn with_storage<T, F>(
        &self,
        access: Access,
        work: impl FnOnce(ManagedStorage) -> F,
    ) -> Result<T, Stop>
    where
        F: Future<Output = Result<T, Stop>>,
    {
        let storage = self.open(access).await?;
        let done = work(storage.clone()).await?;
        storage.close().await?;
        Ok(done)
    }
}

/// What lies beside this program or one level above it.
fn near_program(path: &str) -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folders = program.ancestors().skip(1).take(2);
    folders.map(|folder| folder.join(path)).find(|candidate| candidate.exists())
}
