//! Storages of the built plugins, opened as an engine opens them.

use std::sync::OnceLock;

use checkpoint_storage_api::PluginConfig;
use storage_host::{ManagedStorage, StorageHost, StorageSettings};

use crate::{artifacts, cargo, repository, run, target_directory};

/// The host of this process, which finds every plugin that these tests build.
pub fn host() -> &'static StorageHost {
    static HOST: OnceLock<StorageHost> = OnceLock::new();
    HOST.get_or_init(|| StorageHost::discover(artifacts()).expect("readable"))
}

/// Opens a storage of the plugin of this name.
pub async fn open(plugin: &str, config: PluginConfig) -> ManagedStorage {
    host().open_plugin(plugin, config, StorageSettings::default()).await.expect("opened")
}

/// A host that finds this plugin alone, built as it is released: for benchmarks.
pub fn released(crate_name: &str) -> StorageHost {
    let package = crate_name.replace('_', "-");
    run(cargo().current_dir(repository()).args([
        "build",
        "--quiet",
        "--release",
        "--package",
        &package,
    ]));
    let target = target_directory(repository());
    let library = format!("lib{crate_name}.so");
    let folder = target.join("bench-plugins").join(crate_name);
    std::fs::create_dir_all(&folder).expect("created");
    std::fs::copy(target.join("release").join(&library), folder.join(library)).expect("copied");
    StorageHost::discover(folder).expect("readable")
}
