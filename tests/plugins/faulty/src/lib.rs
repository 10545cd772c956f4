//! A plugin that misbehaves as its configuration (`fault`) or the environment
//! (`FAULTY_PLUGIN`) asks, for the tests of the host.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use checkpoint_storage_api::{
    Checkpoint, CheckpointEntry, CheckpointName, CheckpointStorage, CheckpointStorageFactory,
    DeleteReport, Error, ErrorKind, Integrity, JobId, ListQuery, OpenOptions, Outcome,
    PipelineState, PluginConfig, Result, async_trait,
};

/// How many calls were dropped before they ended.
static CANCELLED: AtomicU64 = AtomicU64::new(0);

struct FaultyFactory;

impl Default for FaultyFactory {
    fn default() -> Self {
        assert!(std::env::var_os("FAULTY_PLUGIN").is_none(), "the factory panics");
        Self
    }
}

#[async_trait]
impl CheckpointStorageFactory for FaultyFactory {
    async fn open(
        &self,
        config: PluginConfig,
        _options: OpenOptions,
    ) -> Result<Arc<dyn CheckpointStorage>> {
        let fault = config.get("fault").unwrap_or_default().to_owned();
        match fault.as_str() {
            "panic-in-open" => panic!("open panics"),
            "hang-in-open" => std::future::pending().await,
            "error-in-open" => {
                return Err(Error::new(
                    ErrorKind::InvalidConfig,
                    "open",
                    "the key `fault` is wrong",
                )
                .with_advice("leave it out"));
            }
            _ => {}
        }
        tracing::info!(answer = 42_u64, "opened");
        Ok(Arc::new(Faulty { fault }))
    }
}

struct Faulty {
    fault: String,
}

impl Drop for Faulty {
    fn drop(&mut self) {
        assert!(self.fault != "panic-in-drop", "drop panics");
    }
}

struct CountsCancellation;

impl Drop for CountsCancellation {
    fn drop(&mut self) {
        CANCELLED.fetch_add(1, Ordering::SeqCst);
    }
}

fn entry(job_id: &JobId, pipeline_id: i32, checkpoint_id: i64, size: u64) -> CheckpointEntry {
    CheckpointEntry {
        job_id: job_id.clone(),
        name: CheckpointName { timestamp_ms: 1, random: 0, pipeline_id, checkpoint_id },
        size,
        integrity: Integrity::Unread,
    }
}

#[async_trait]
impl CheckpointStorage for Faulty {
    async fn store(&self, state: PipelineState) -> Result<CheckpointEntry> {
        match self.fault.as_str() {
            "panic-in-store" => panic!("store panics"),
            "late-panic-in-store" => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                panic!("store panics late")
            }
            "hang-in-store" => {
                let _counted = CountsCancellation;
                std::future::pending().await
            }
            "unknown-in-store" => {
                Err(Error::new(ErrorKind::Unavailable, "store", "the connection broke")
                    .with_outcome(Outcome::Unknown))
            }
            _ => {
                let span = tracing::info_span!("faulty_store", late = tracing::field::Empty);
                let _entered = span.enter();
                span.record("late", 7_u64);
                tracing::debug!(job = %state.job_id, "storing");
                Ok(entry(&state.job_id, state.pipeline_id, state.checkpoint_id, 1))
            }
        }
    }

    /// The one entry's size tells how many calls were cancelled.
    async fn list(&self, job: &JobId, _query: &ListQuery) -> Result<Vec<CheckpointEntry>> {
        Ok(vec![entry(job, 1, 1, CANCELLED.load(Ordering::SeqCst))])
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Checkpoint> {
        Err(Error::new(ErrorKind::Corrupt, "read", "every checkpoint here is corrupt")
            .with_subject(format_args!("job {job} {name}")))
    }

    async fn delete_names(&self, _job: &JobId, names: &[CheckpointName]) -> Result<DeleteReport> {
        Ok(DeleteReport { missing: names.to_vec(), ..DeleteReport::default() })
    }

    async fn delete_job(&self, _job: &JobId) -> Result<DeleteReport> {
        Ok(DeleteReport::default())
    }

    async fn jobs(&self) -> Result<Vec<JobId>> {
        Ok(Vec::new())
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }
}

checkpoint_storage_api::export_plugin! {
    name: "faulty",
    factory: FaultyFactory,
    storage_types: ["faulty"],
    schemes: [],
}
