//! A storage in memory, built against API 1.0 and against the next minor.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use checkpoint_storage_api::{
    Bytes, Checkpoint, CheckpointEntry, CheckpointName, CheckpointStorage,
    CheckpointStorageFactory, DeleteReport, Error, ErrorKind, Integrity, JobId, ListQuery,
    OpenOptions, PipelineState, PluginConfig, Result, async_trait,
};

#[derive(Default)]
struct MemoryFactory;

#[async_trait]
impl CheckpointStorageFactory for MemoryFactory {
    async fn open(&self, _: PluginConfig, _: OpenOptions) -> Result<Arc<dyn CheckpointStorage>> {
        Ok(Arc::new(Memory::default()))
    }
}

#[derive(Default)]
struct Memory(Mutex<BTreeMap<(JobId, CheckpointName), Option<Bytes>>>);

fn entry(job: &JobId, name: CheckpointName, states: &Option<Bytes>) -> CheckpointEntry {
    let size = states.as_ref().map_or(0, Bytes::len) as u64;
    CheckpointEntry { job_id: job.clone(), name, size, integrity: Integrity::Unread }
}

#[async_trait]
impl CheckpointStorage for Memory {
    async fn store(&self, state: PipelineState) -> Result<CheckpointEntry> {
        let mut stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let name = CheckpointName {
            timestamp_ms: stored.len() as u64,
            random: 0,
            pipeline_id: state.pipeline_id,
            checkpoint_id: state.checkpoint_id,
        };
        let entry = entry(&state.job_id, name, &state.states);
        stored.insert((state.job_id, name), state.states);
        Ok(entry)
    }

    async fn list(&self, job: &JobId, query: &ListQuery) -> Result<Vec<CheckpointEntry>> {
        let stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_job = stored.iter().filter(|((of, _), _)| of == job);
        Ok(query.select(of_job.map(|((_, name), states)| entry(job, *name, states)).collect()))
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Checkpoint> {
        let stored = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match stored.get(&(job.clone(), *name)) {
            Some(states) => {
                Ok(Checkpoint { entry: entry(job, *name, states), states: states.clone() })
            }
            None => Err(Error::new(ErrorKind::NotFound, "read", "it is not here")),
        }
    }

    async fn delete_names(&self, _: &JobId, names: &[CheckpointName]) -> Result<DeleteReport> {
        Ok(DeleteReport { missing: names.to_vec(), ..DeleteReport::default() })
    }

    async fn delete_job(&self, _: &JobId) -> Result<DeleteReport> {
        Ok(DeleteReport::default())
    }

    async fn jobs(&self) -> Result<Vec<JobId>> {
        Ok(Vec::new())
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    #[cfg(feature = "next")]
    async fn ping(&self) -> Result<String> {
        Ok("pong".into())
    }
}

checkpoint_storage_api::export_plugin! {
    name: "evolving",
    factory: MemoryFactory,
    storage_types: [],
    schemes: [],
}
