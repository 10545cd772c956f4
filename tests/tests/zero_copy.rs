//! States cross from the engine to the medium without a copy.

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointStorage, HealthOptions, JobId, PipelineState, PluginConfig,
};
use checkpoint_storage_tests::plugins_directory;
use storage_host::{StorageHost, StorageSettings};

#[tokio::test]
async fn the_file_system_of_a_plugin_receives_the_caller_s_memory() {
    let plugins = plugins_directory(&["probe_plugin"]);
    let host = StorageHost::discover(plugins.path()).expect("readable");
    let storage = host
        .open_plugin("probe", PluginConfig::default(), StorageSettings::default())
        .await
        .expect("opened");
    let states = Bytes::from(vec![7; 64 << 20]);
    let job = JobId::new("1").expect("valid");
    storage.store(PipelineState::new(job, 1, 1, states.clone())).await.expect("stored");
    let steps = storage.health(HealthOptions::default()).await.expect("answered");
    assert_eq!(steps[0].detail, states.as_ptr().addr().to_string());
}
