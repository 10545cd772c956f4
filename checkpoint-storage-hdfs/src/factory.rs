//! Opening the storage.

use std::sync::Arc;

use checkpoint_storage_api::{
    CheckpointStorage, CheckpointStorageFactory, ConfigKey, Error, ErrorKind, OpenOptions,
    PluginConfig, Result, async_trait,
};
use checkpoint_storage_filesystem::{Environment, FileSystemStorage, StorageOptions};
use tracing::info;

use crate::cluster::Cluster;
use crate::config::{self, HdfsConfig};
use crate::deadline::Limits;
use crate::file_system::HdfsFileSystem;
use crate::files::Files;

/// Opens storages on HDFS. They must be used within a tokio runtime that drives I/O and time.
#[derive(Debug, Clone, Copy, Default)]
pub struct HdfsFactory;

#[async_trait]
impl CheckpointStorageFactory for HdfsFactory {
    /// Sends nothing: what is wrong with the cluster or the login is told by the first call.
    async fn open(
        &self,
        config: PluginConfig,
        options: OpenOptions,
    ) -> Result<Arc<dyn CheckpointStorage>> {
        // Reading Hadoop's files and the keytab blocks.
        let loading = tokio::task::spawn_blocking(move || {
            HdfsConfig::load(&config, &|name| std::env::var(name).ok())
        });
        let config = loading
            .await
            .map_err(|error| Error::new(ErrorKind::Unexpected, "open", error.to_string()))??;
        info!(
            namespace = config.namespace,
            url = config.url,
            principal = config.login.as_ref().map(|login| login.principal.as_str()),
            read_only = options.read_only,
            "HDFS checkpoint storage opened"
        );
        let environment = Environment::system();
        let limits = Limits::new(options.operation_timeout);
        let limits = limits.of_blocking_steps(config.login.is_some());
        let cluster = Cluster::new(config, limits)?;
        let files = Files::new(cluster, environment.clone());
        let options = StorageOptions { read_only: options.read_only, environment };
        Ok(Arc::new(FileSystemStorage::new(HdfsFileSystem::new(files), options)))
    }

    fn config_keys(&self) -> Vec<ConfigKey> {
        config::keys()
    }
}
