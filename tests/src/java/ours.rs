//! This project's storage in the words of the Java peer: what it stores and reads, compared with
//! what Java does.

use checkpoint_storage_api::{
    Checkpoint, CheckpointEntry, CheckpointKind, CheckpointStorage, JobId, ListQuery, PipelineState,
};
use storage_host::ManagedStorage;

use super::State;
use crate::configuration::Configuration;
use crate::{command_line, plugins_directory, run};

/// A job's id.
pub fn job(id: &str) -> JobId {
    JobId::new(id).expect("valid")
}

/// Stores a checkpoint.
pub async fn store(storage: &ManagedStorage, state: &State) -> CheckpointEntry {
    store_as(storage, state, CheckpointKind::Checkpoint).await
}

/// Stores a checkpoint or a savepoint.
pub async fn store_as(
    storage: &ManagedStorage,
    state: &State,
    kind: CheckpointKind,
) -> CheckpointEntry {
    let state = PipelineState {
        job_id: job(&state.job),
        pipeline_id: state.pipeline,
        checkpoint_id: state.checkpoint,
        states: state.states.clone().map(Into::into),
        kind,
    };
    storage.store(state).await.expect("stored")
}

/// The names of a job's checkpoints, oldest first.
pub async fn names(storage: &ManagedStorage, id: &str) -> Vec<String> {
    let entries = storage.list(&job(id), &ListQuery::all()).await.expect("listed");
    entries.iter().map(|entry| entry.name.to_string()).collect()
}

/// A job's checkpoints, oldest first, as Java would tell them.
pub async fn all(storage: &ManagedStorage, id: &str) -> Vec<State> {
    let checkpoints = storage.checkpoints_of_job(&job(id)).await.expect("read");
    checkpoints.into_iter().map(as_state).collect()
}

/// The latest checkpoint of each pipeline.
pub async fn latest(storage: &ManagedStorage, id: &str) -> Vec<State> {
    let latest = storage.latest_of_each_pipeline(&job(id)).await.expect("read");
    latest.into_values().map(as_state).collect()
}

/// The states of the first checkpoint of a job's first pipeline, as the command line finds them by a
/// configuration, with the plugin of this crate.
pub fn get_by_configuration(plugin: &str, configuration: Configuration<'_>, id: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("seatunnel.yaml");
    std::fs::write(&file, configuration.yaml()).expect("written");
    let plugins = plugins_directory(&[plugin]);
    run(&mut command_line(&file, plugins.path(), ["get", id, "1", "1"])).stdout
}

fn as_state(checkpoint: Checkpoint) -> State {
    let state = checkpoint.into_state();
    State::new(
        state.job_id.as_str(),
        state.pipeline_id,
        state.checkpoint_id,
        state.states.as_deref(),
    )
}
