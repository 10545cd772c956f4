//! This project's `localfile` plugin, opened as an engine would, on a namespace that Java shares.

use std::path::{Path, PathBuf};

use checkpoint_storage_api::{
    Checkpoint, CheckpointEntry, CheckpointKind, CheckpointStorage, JobId, ListQuery,
    PipelineState, PluginConfig,
};
use checkpoint_storage_tests::plugins_directory;
use storage_host::{ManagedStorage, StorageHost, StorageSettings};
use tempfile::TempDir;

use crate::peer::State;

/// A namespace on the local disk.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn namespace(&self) -> PathBuf {
        self.0.path().join("checkpoints")
    }

    pub(crate) fn job(&self, job: &str) -> PathBuf {
        self.namespace().join(job)
    }

    /// The names of all files in a job's directory, sorted.
    pub(crate) fn files(&self, job: &str) -> Vec<String> {
        let Ok(directory) = std::fs::read_dir(self.job(job)) else { return Vec::new() };
        let mut names: Vec<_> = directory
            .map(|file| file.expect("readable").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    }

    pub(crate) async fn open(&self) -> ManagedStorage {
        self.open_with(&[]).await
    }

    pub(crate) async fn open_with(&self, keys: &[(&str, &str)]) -> ManagedStorage {
        let plugins = plugins_directory(&["checkpoint_storage_localfile"]);
        let host = StorageHost::discover(plugins.path()).expect("readable");
        let namespace = self.namespace();
        let namespace = namespace.to_str().expect("UTF-8");
        let namespace = [("storageNameSpace", namespace)];
        let config: PluginConfig = namespace.iter().chain(keys).copied().collect();
        host.open_plugin("localfile", config, StorageSettings::default()).await.expect("opened")
    }
}

pub(crate) fn job(id: &str) -> JobId {
    JobId::new(id).expect("valid")
}

pub(crate) async fn store(storage: &ManagedStorage, state: &State) -> CheckpointEntry {
    store_as(storage, state, CheckpointKind::Checkpoint).await
}

pub(crate) async fn store_as(
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
pub(crate) async fn names(storage: &ManagedStorage, id: &str) -> Vec<String> {
    let entries = storage.list(&job(id), &ListQuery::all()).await.expect("listed");
    entries.iter().map(|entry| entry.name.to_string()).collect()
}

/// A job's checkpoints, oldest first, as Java would tell them.
pub(crate) async fn all(storage: &ManagedStorage, id: &str) -> Vec<State> {
    let checkpoints = storage.checkpoints_of_job(&job(id)).await.expect("read");
    checkpoints.into_iter().map(as_state).collect()
}

/// The latest checkpoint of each pipeline.
pub(crate) async fn latest(storage: &ManagedStorage, id: &str) -> Vec<State> {
    let latest = storage.latest_of_each_pipeline(&job(id)).await.expect("read");
    latest.into_values().map(as_state).collect()
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
