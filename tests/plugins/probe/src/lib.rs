//! A plugin whose file system keeps nothing but a list of names, in memory, and tells through
//! `health` where in memory the last states lay that it was given.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointName, CheckpointStorage, CheckpointStorageFactory, Error, HealthOptions,
    HealthStatus, HealthStep, JobId, OpenOptions, PluginConfig, Result, async_trait,
};
use checkpoint_storage_filesystem::codec::Encoded;
use checkpoint_storage_filesystem::{
    ChunkReader, Directory, FileEntry, FileSystem, FileSystemStorage, FileType, StorageOptions,
    Upload,
};

/// Opens storages without a medium.
#[derive(Default)]
pub struct ProbeFactory;

#[async_trait]
impl CheckpointStorageFactory for ProbeFactory {
    async fn open(&self, _: PluginConfig, _: OpenOptions) -> Result<Arc<dyn CheckpointStorage>> {
        Ok(Arc::new(FileSystemStorage::new(Probe::default(), StorageOptions::default())))
    }
}

#[derive(Default)]
struct Probe(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    files: BTreeMap<(JobId, CheckpointName), u64>,
    last_states: Option<Bytes>,
}

#[async_trait]
impl FileSystem for Probe {
    fn check_job_id(&self, _job: &JobId) -> Result<()> {
        Ok(())
    }

    fn describe(&self, directory: Directory<'_>, file_name: Option<&str>) -> String {
        directory.path_of(file_name.unwrap_or_default())
    }

    async fn list(
        &self,
        directory: Directory<'_>,
        _start_after: Option<&str>,
    ) -> Result<Vec<FileEntry>> {
        let Directory::Job(job) = directory else { return Ok(Vec::new()) };
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_job = seen.files.iter().filter(|((of, _), _)| of == job);
        let entry = |name: &CheckpointName, size: u64| FileEntry {
            name: name.to_string(),
            file_type: FileType::Regular,
            size,
            modified: SystemTime::UNIX_EPOCH,
        };
        Ok(of_job.map(|((_, name), size)| entry(name, *size)).collect())
    }

    async fn publish(&self, job: &JobId, name: &CheckpointName, body: Encoded) -> Result<()> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.files.insert((job.clone(), *name), body.total_len());
        seen.last_states = body.states;
        Ok(())
    }

    async fn begin_publish(
        &self,
        _: &JobId,
        _: &CheckpointName,
        _: u64,
    ) -> Result<Box<dyn Upload>> {
        Err(Error::unsupported("import"))
    }

    async fn read(&self, _: &JobId, _: &CheckpointName) -> Result<Bytes> {
        Err(Error::unsupported("read"))
    }

    async fn open(&self, _: &JobId, _: &CheckpointName) -> Result<Box<dyn ChunkReader>> {
        Err(Error::unsupported("open a reader"))
    }

    async fn delete(&self, job: &JobId, names: &[CheckpointName]) -> Result<Vec<Result<bool>>> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let delete = |name| seen.files.remove(&(job.clone(), name)).is_some();
        Ok(names.iter().copied().map(delete).map(Ok).collect())
    }

    async fn remove_directory(&self, _: &JobId) -> Result<bool> {
        Ok(true)
    }

    async fn quarantine(&self, _: &JobId, _: &CheckpointName) -> Result<String> {
        Err(Error::unsupported("quarantine"))
    }

    async fn reclaim(&self, _: Directory<'_>, _: &str) -> Result<bool> {
        Ok(false)
    }

    async fn health(&self, _: HealthOptions) -> Result<Vec<HealthStep>> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let address = seen.last_states.as_ref().map_or(0, |states| states.as_ptr().addr());
        Ok(vec![HealthStep {
            name: "address".into(),
            status: HealthStatus::Passed,
            detail: address.to_string(),
            advice: None,
            elapsed: Duration::ZERO,
        }])
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

#[cfg(feature = "plugin")]
checkpoint_storage_api::export_plugin! {
    name: "probe",
    factory: ProbeFactory,
    storage_types: ["probe"],
    schemes: [],
}
