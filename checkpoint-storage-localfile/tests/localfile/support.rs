//! What the tests have in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointName, CheckpointReader, CheckpointStorage, CheckpointStorageFactory, Error, JobId,
    OpenOptions, PipelineState, PluginConfig, Result,
};
use checkpoint_storage_localfile::LocalFileFactory;
use tempfile::TempDir;

/// A name for files that the tests make themselves.
pub(crate) const NAME: &str = "1795474038044-523-1-1.ser";

/// A folder of its own and the namespace in it, which does not exist yet.
pub(crate) struct Folder {
    folder: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn namespace(&self) -> PathBuf {
        self.path().join("name/space")
    }

    pub(crate) fn job(&self, id: &str) -> PathBuf {
        self.namespace().join(id)
    }

    /// A job's directory, created if need be.
    pub(crate) fn create_job(&self, id: &str) -> PathBuf {
        let directory = self.job(id);
        fs::create_dir_all(&directory).expect("created");
        directory
    }

    pub(crate) async fn open(&self) -> Arc<dyn CheckpointStorage> {
        self.open_with([], false).await.expect("opened")
    }

    pub(crate) async fn open_with<const N: usize>(
        &self,
        keys: [(&str, &str); N],
        read_only: bool,
    ) -> Result<Arc<dyn CheckpointStorage>> {
        let mut config: PluginConfig = keys.into();
        if config.get("storageNameSpace").is_none() {
            config.set("storageNameSpace", self.namespace().to_str().expect("text"));
        }
        open(config, read_only).await
    }
}

/// Opens a storage.
pub(crate) async fn open(
    config: PluginConfig,
    read_only: bool,
) -> Result<Arc<dyn CheckpointStorage>> {
    let options = OpenOptions { read_only, operation_timeout: None };
    LocalFileFactory.open(config, options).await
}

pub(crate) fn job(id: &str) -> JobId {
    JobId::new(id).expect("valid")
}

pub(crate) fn name(text: &str) -> CheckpointName {
    text.parse().expect("a checkpoint's name")
}

pub(crate) fn state(checkpoint_id: i64, states: impl Into<Bytes>) -> PipelineState {
    PipelineState::new(job("1"), 1, checkpoint_id, states)
}

/// Bytes that differ from their neighbours.
pub(crate) fn bytes(len: usize) -> Bytes {
    (0..len).map(|at| (at * 31 % 251) as u8).collect::<Vec<_>>().into()
}

/// The names in a directory, in order; none if it does not exist.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        entries => entries.expect("readable"),
    };
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("readable").file_name().into_string().expect("text"))
        .collect();
    names.sort_unstable();
    names
}

/// Everything that a reader reads, in chunks of at most `max_len`.
pub(crate) async fn read_all(
    reader: &mut dyn CheckpointReader,
    max_len: usize,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = reader.next_chunk(max_len).await? {
        assert!(!chunk.is_empty() && chunk.len() <= max_len, "a chunk of {}", chunk.len());
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}
