//! Storages of the built plugins, opened as an engine opens them.

use std::sync::OnceLock;

use checkpoint_storage_api::PluginConfig;
use storage_host::{ManagedStorage, StorageHost, StorageSettings};

use crate::artifacts;

/// The host of this process, which finds every plugin that these tests build.
pub fn host() -> &'static StorageHost {
    static HOST: OnceLock<StorageHost> = OnceLock::new();
    HOST.get_or_init(|| StorageHost::discover(artifacts()).expect("readable"))
}

/// Opens a storage of the plugin of this name.
pub async fn open(plugin: &str, config: PluginConfig) -> ManagedStorage {
    host().open_plugin(plugin, config, StorageSettings::default()).await.expect("opened")
}
