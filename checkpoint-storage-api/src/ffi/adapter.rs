//! The plugin's side of a storage: safe traits behind the boundary.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use abi_stable::erased_types::TD_Opaque;
use abi_stable::std_types::{RString, RVec};
use async_ffi::FfiFuture;
use tokio_util::task::TaskTracker;

use super::raw::{RawReaderBox, RawStorage, RawStorage_TO, RawStorageBox};
use super::runtime::{Calls, EnteredReader, InRuntime, start};
use super::types::{
    FfiCheckpoint, FfiDeleteReport, FfiEntry, FfiMap, FfiReclaimReport, FfiResult, FfiState,
};
use super::unwind::catch;
use super::{convert, maintenance, reader};
use crate::{CheckpointStorage, CheckpointStorageFactory, Error, ErrorKind, JobId, Result};

/// Opens a storage and makes it cross.
pub fn open<F: CheckpointStorageFactory + Default>(
    factory: &'static OnceLock<F>,
    calls: Calls,
    config: FfiMap,
    options: FfiMap,
) -> FfiFuture<FfiResult<RawStorageBox>> {
    start("open", calls, async move {
        let config = convert::config_from_ffi(config);
        let storage = factory
            .get_or_init(F::default)
            .open(config, convert::open_options_from_ffi(&options))
            .await?;
        let adapter = Adapter(InRuntime::new(Arc::new(Gate {
            storage,
            calls,
            closed: AtomicBool::new(false),
            under_way: TaskTracker::new(),
        })));
        Ok(RawStorage_TO::from_value(adapter, TD_Opaque))
    })
}

/// Counts the calls under way, so that a close can wait for them and refuse later ones.
struct Gate {
    storage: Arc<dyn CheckpointStorage>,
    calls: Calls,
    closed: AtomicBool,
    under_way: TaskTracker,
}

impl Gate {
    async fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::SeqCst);
        self.under_way.close();
        self.under_way.wait().await;
        self.storage.close().await
    }
}

struct Adapter(InRuntime<Arc<Gate>>);

impl Adapter {
    fn calls(&self) -> Calls {
        self.0.get().map_or(Calls::Async, |gate| gate.calls)
    }

    fn call<T, F>(
        &self,
        operation: &'static str,
        call: impl FnOnce(Arc<dyn CheckpointStorage>) -> F + Send + 'static,
    ) -> FfiFuture<FfiResult<T>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send,
    {
        let gate = self.0.get().map(Arc::clone);
        start(operation, self.calls(), async move {
            let closed = || Error::new(ErrorKind::Closed, operation, "the storage was closed");
            let gate = gate.ok_or_else(closed)?;
            // Counted before it looks, so that a close that this call does not see waits for it.
            let _counted = gate.under_way.token();
            if gate.closed.load(Ordering::SeqCst) {
                return Err(closed());
            }
            call(Arc::clone(&gate.storage)).await
        })
    }
}

impl RawStorage for Adapter {
    fn capabilities(&self) -> u64 {
        let gate = self.0.get();
        catch("capabilities", || Ok(gate.map_or(0, |gate| gate.storage.capabilities().bits())))
            .unwrap_or_default()
    }

    fn store(&self, state: FfiState, options: FfiMap) -> FfiFuture<FfiResult<FfiEntry>> {
        self.call("store", async move |storage| {
            let state = convert::state_from_ffi(state, &options)?;
            state.check_storable()?;
            Ok(storage.store(state).await?.into())
        })
    }

    fn list(&self, job: RString, options: FfiMap) -> FfiFuture<FfiResult<RVec<FfiEntry>>> {
        self.call("list", async move |storage| {
            let (job, query) = (JobId::new(job.as_str())?, convert::query_from_ffi(&options));
            Ok(storage.list(&job, &query).await?.into_iter().map(Into::into).collect())
        })
    }

    fn read(
        &self,
        job: RString,
        name: RString,
        _options: FfiMap,
    ) -> FfiFuture<FfiResult<FfiCheckpoint>> {
        self.call("read", async move |storage| {
            let (job, name) = (JobId::new(job.as_str())?, name.parse()?);
            Ok(storage.read(&job, &name).await?.into())
        })
    }

    fn open_reader(
        &self,
        job: RString,
        name: RString,
        _options: FfiMap,
    ) -> FfiFuture<FfiResult<RawReaderBox>> {
        self.call("open a reader", async move |storage| {
            let (job, name) = (JobId::new(job.as_str())?, name.parse()?);
            let reader = storage.open_reader(&job, &name).await?;
            reader::export(Box::new(EnteredReader::new(reader)))
        })
    }

    fn import(&self, source: RawReaderBox, options: FfiMap) -> FfiFuture<FfiResult<FfiEntry>> {
        self.call("import", async move |storage| {
            let options = convert::import_options_from_ffi(&options);
            Ok(storage.import(reader::import(source)?, options).await?.into())
        })
    }

    fn delete_names(
        &self,
        job: RString,
        names: RVec<RString>,
        _options: FfiMap,
    ) -> FfiFuture<FfiResult<FfiDeleteReport>> {
        self.call("delete", async move |storage| {
            let (job, names) = (JobId::new(job.as_str())?, convert::names_from_ffi(names)?);
            Ok(storage.delete_names(&job, &names).await?.into())
        })
    }

    fn delete_job(&self, job: RString, _options: FfiMap) -> FfiFuture<FfiResult<FfiDeleteReport>> {
        self.call("delete a job", async move |storage| {
            Ok(storage.delete_job(&JobId::new(job.as_str())?).await?.into())
        })
    }

    fn jobs(&self, _options: FfiMap) -> FfiFuture<FfiResult<RVec<RString>>> {
        self.call("list the jobs", async move |storage| {
            Ok(storage.jobs().await?.iter().map(|job| job.as_str().into()).collect())
        })
    }

    fn scan(&self, options: FfiMap) -> FfiFuture<FfiResult<RVec<FfiMap>>> {
        self.call("scan", async move |storage| {
            let job = maintenance::scan_options_from_ffi(&options)?;
            let items = storage.scan(job.as_ref()).await?;
            Ok(items.into_iter().map(maintenance::scan_item_to_ffi).collect())
        })
    }

    fn quarantine(
        &self,
        job: RString,
        name: RString,
        _options: FfiMap,
    ) -> FfiFuture<FfiResult<RString>> {
        self.call("quarantine", async move |storage| {
            let (job, name) = (JobId::new(job.as_str())?, name.parse()?);
            Ok(storage.quarantine(&job, &name).await?.into())
        })
    }

    fn reclaim_leftovers(&self, options: FfiMap) -> FfiFuture<FfiResult<FfiReclaimReport>> {
        self.call("reclaim leftovers", async move |storage| {
            let options = maintenance::reclaim_options_from_ffi(&options);
            Ok(storage.reclaim_leftovers(options).await?.into())
        })
    }

    fn health(&self, options: FfiMap) -> FfiFuture<FfiResult<RVec<FfiMap>>> {
        self.call("check health", async move |storage| {
            let options = maintenance::health_options_from_ffi(&options);
            let steps = storage.health(options).await?;
            Ok(steps.into_iter().map(maintenance::health_step_to_ffi).collect())
        })
    }

    fn close(&self, _options: FfiMap) -> FfiFuture<FfiResult<()>> {
        let gate = self.0.get().map(Arc::clone);
        start("close", self.calls(), async move {
            match gate {
                Some(gate) => gate.close().await,
                None => Ok(()),
            }
        })
    }
}
