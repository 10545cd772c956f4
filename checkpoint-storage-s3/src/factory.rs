//! Opening the storage.

use std::sync::Arc;

use checkpoint_storage_api::{
    CheckpointStorage, CheckpointStorageFactory, ConfigKey, Error, ErrorKind, OpenOptions,
    PluginConfig, Result, async_trait,
};
use checkpoint_storage_filesystem::{Environment, FileSystemStorage, StorageOptions};
use tracing::info;

use crate::bucket::Bucket;
use crate::client::client;
use crate::config::{self, S3Config};
use crate::file_system::S3FileSystem;

/// Opens storages on S3. They must be used within a tokio runtime that drives I/O and time.
#[derive(Debug, Clone, Copy, Default)]
pub struct S3Factory;

#[async_trait]
impl CheckpointStorageFactory for S3Factory {
    /// Sends nothing: what is wrong with the server, the bucket or the credentials is told by the
    /// first call.
    async fn open(
        &self,
        config: PluginConfig,
        options: OpenOptions,
    ) -> Result<Arc<dyn CheckpointStorage>> {
        let time_limit = options.operation_timeout;
        // Keystores and certificates are files.
        let loading = tokio::task::spawn_blocking(move || {
            let config = S3Config::load(&config, &|name| std::env::var(name).ok())?;
            let client = client(&config, time_limit)?;
            Ok::<_, Error>((config, client))
        });
        let (config, client) = loading
            .await
            .map_err(|error| Error::new(ErrorKind::Unexpected, "open", error.to_string()))??;
        let environment = Environment::system();
        info!(
            bucket = config.bucket,
            namespace = config.prefix,
            endpoint = config.endpoint.url.as_deref().unwrap_or("AWS"),
            region = config.endpoint.region,
            credentials = ?config.credentials.sources,
            read_only = options.read_only,
            "S3 checkpoint storage opened"
        );
        let bucket = Bucket::new(client, &config, environment.clone());
        let options = StorageOptions { read_only: options.read_only, environment };
        Ok(Arc::new(FileSystemStorage::new(S3FileSystem::new(bucket), options)))
    }

    fn config_keys(&self) -> Vec<ConfigKey> {
        config::keys()
    }
}
