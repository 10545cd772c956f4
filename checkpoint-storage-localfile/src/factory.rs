//! Opening the storage.

use std::sync::Arc;

use checkpoint_storage_api::{
    CheckpointStorage, CheckpointStorageFactory, ConfigKey, OpenOptions, PluginConfig, Result,
    async_trait,
};
use checkpoint_storage_filesystem::{Environment, FileSystemStorage, StorageOptions};
use tracing::info;

use crate::config::{self, LocalFileConfig};
use crate::disk::Disk;
use crate::file_system::LocalFileSystem;

/// Opens storages on a local disk. They must be used within a tokio runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalFileFactory;

#[async_trait]
impl CheckpointStorageFactory for LocalFileFactory {
    /// Creates nothing; the first store creates the namespace.
    async fn open(
        &self,
        config: PluginConfig,
        options: OpenOptions,
    ) -> Result<Arc<dyn CheckpointStorage>> {
        let config = LocalFileConfig::parse(&config)?;
        let environment = Environment::system();
        let disk = Disk::new(config.clone(), environment.clone());
        let file_system = LocalFileSystem::new(disk);
        file_system.check_namespace().await?;
        info!(
            namespace = %config.namespace.display(),
            sync = config.sync,
            read_only = options.read_only,
            "local checkpoint storage opened"
        );
        let options = StorageOptions { read_only: options.read_only, environment };
        Ok(Arc::new(FileSystemStorage::new(file_system, options)))
    }

    fn config_keys(&self) -> Vec<ConfigKey> {
        config::keys()
    }
}
