//! The host's side of a plugin: what crossed, as safe traits.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use abi_stable::std_types::RString;
use async_trait::async_trait;
use futures_util::FutureExt as _;

use super::raw::{PluginModuleRef, RawStorageBox};
use super::types::{FfiMap, FfiResult};
use super::unwind::{catch, panic_error};
use super::{convert, log, maintenance, reader};
use crate::{
    Capabilities, Checkpoint, CheckpointEntry, CheckpointName, CheckpointReader, CheckpointStorage,
    ConfigKey, DeleteReport, HealthOptions, HealthStep, ImportOptions, JobId, ListQuery,
    OpenOptions, PipelineState, PluginConfig, ReclaimOptions, ReclaimReport, Result, ScanItem,
};

/// A loaded plugin.
#[derive(Clone, Copy)]
pub struct PluginHandle(PluginModuleRef);

impl PluginHandle {
    pub(super) fn new(module: PluginModuleRef) -> Self {
        Self(module)
    }

    /// The name that the module itself gives.
    pub fn name(&self) -> &'static str {
        (self.0.name())().as_str()
    }

    /// Connects the plugin to this process's log; needed once, before anything else.
    pub fn init(&self) -> Result<()> {
        let init = self.0.init();
        catch("initialize the plugin", || Ok(init(log::host_api(), FfiMap::new()).into_result()?))
    }

    /// The keys of `plugin-config` that the plugin understands.
    pub fn config_keys(&self) -> Result<Vec<ConfigKey>> {
        let keys = (self.0.config_keys())().into_result()?;
        Ok(keys.iter().map(convert::config_key_from_ffi).collect())
    }

    /// Opens a storage.
    pub async fn open(
        &self,
        config: &PluginConfig,
        options: &OpenOptions,
    ) -> Result<Arc<dyn CheckpointStorage>> {
        let open = self.0.open();
        let opening = open(convert::config_to_ffi(config), convert::open_options_to_ffi(options));
        Ok(Arc::new(ForeignStorage(answer("open", opening).await?)))
    }
}

/// Waits for a plugin's answer. A plugin that does not use this crate's adapter may let a panic
/// through, which would be raised again here.
async fn answer<T>(operation: &'static str, call: impl Future<Output = FfiResult<T>>) -> Result<T> {
    match AssertUnwindSafe(call).catch_unwind().await {
        Ok(result) => Ok(result.into_result()?),
        Err(payload) => Err(panic_error(operation, payload)),
    }
}

/// A storage of a plugin.
struct ForeignStorage(RawStorageBox);

fn raw(text: &impl ToString) -> RString {
    text.to_string().into()
}

#[async_trait]
impl CheckpointStorage for ForeignStorage {
    async fn store(&self, state: PipelineState) -> Result<CheckpointEntry> {
        let options = convert::store_options_to_ffi(state.kind);
        answer("store", self.0.store(state.into(), options)).await?.try_into()
    }

    async fn list(&self, job: &JobId, query: &ListQuery) -> Result<Vec<CheckpointEntry>> {
        let listing = self.0.list(raw(job), convert::query_to_ffi(query));
        answer("list", listing).await?.into_iter().map(TryInto::try_into).collect()
    }

    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Checkpoint> {
        answer("read", self.0.read(raw(job), raw(name), FfiMap::new())).await?.try_into()
    }

    async fn delete_names(&self, job: &JobId, names: &[CheckpointName]) -> Result<DeleteReport> {
        let names = convert::names_to_ffi(names);
        answer("delete", self.0.delete_names(raw(job), names, FfiMap::new())).await?.try_into()
    }

    async fn delete_job(&self, job: &JobId) -> Result<DeleteReport> {
        answer("delete a job", self.0.delete_job(raw(job), FfiMap::new())).await?.try_into()
    }

    async fn jobs(&self) -> Result<Vec<JobId>> {
        let jobs = answer("list the jobs", self.0.jobs(FfiMap::new())).await?;
        jobs.iter().map(|job| JobId::new(job.as_str())).collect()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::from_bits_retain(self.0.capabilities())
    }

    async fn open_reader(
        &self,
        job: &JobId,
        name: &CheckpointName,
    ) -> Result<Box<dyn CheckpointReader>> {
        let opening = self.0.open_reader(raw(job), raw(name), FfiMap::new());
        reader::import(answer("open a reader", opening).await?)
    }

    async fn import(
        &self,
        source: Box<dyn CheckpointReader>,
        options: ImportOptions,
    ) -> Result<CheckpointEntry> {
        let import =
            self.0.import(reader::export(source)?, convert::import_options_to_ffi(&options));
        answer("import", import).await?.try_into()
    }

    async fn scan(&self, job: Option<&JobId>) -> Result<Vec<ScanItem>> {
        let scan = self.0.scan(maintenance::scan_options_to_ffi(job));
        answer("scan", scan).await?.iter().map(maintenance::scan_item_from_ffi).collect()
    }

    async fn quarantine(&self, job: &JobId, name: &CheckpointName) -> Result<String> {
        let quarantine = self.0.quarantine(raw(job), raw(name), FfiMap::new());
        Ok(answer("quarantine", quarantine).await?.into())
    }

    async fn reclaim_leftovers(&self, options: ReclaimOptions) -> Result<ReclaimReport> {
        let reclaim = self.0.reclaim_leftovers(maintenance::reclaim_options_to_ffi(&options));
        Ok(answer("reclaim leftovers", reclaim).await?.into())
    }

    async fn health(&self, options: HealthOptions) -> Result<Vec<HealthStep>> {
        let health = self.0.health(maintenance::health_options_to_ffi(&options));
        let steps = answer("check health", health).await?;
        Ok(steps.iter().map(maintenance::health_step_from_ffi).collect())
    }

    async fn close(&self) -> Result<()> {
        answer("close", self.0.close(FfiMap::new())).await
    }
}
