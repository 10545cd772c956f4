//! Namespaces on a cluster, for the conformance suite.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use checkpoint_storage_api::{
    CheckpointStorage, CheckpointStorageFactory, JobId, OpenOptions, PluginConfig, Result,
    async_trait,
};
use checkpoint_storage_conformance::{Medium, Place, Subject};

use super::cluster::HdfsCluster;

/// Storages of one factory, each place with a namespace of its own.
pub struct HdfsPlaces {
    factory: Arc<dyn CheckpointStorageFactory>,
    cluster: &'static HdfsCluster,
    folder: String,
    count: AtomicU32,
}

impl HdfsPlaces {
    /// Opens storages of `factory` on `cluster`.
    pub fn new(
        factory: impl CheckpointStorageFactory + 'static,
        cluster: &'static HdfsCluster,
    ) -> Self {
        Self {
            factory: Arc::new(factory),
            cluster,
            folder: format!("/places-{:016x}", fastrand::u64(..)),
            count: AtomicU32::new(0),
        }
    }
}

#[async_trait]
impl Subject for HdfsPlaces {
    async fn place(&self) -> Result<Box<dyn Place>> {
        let namespace = format!("{}/{}", self.folder, self.count.fetch_add(1, Ordering::Relaxed));
        let config = self.cluster.plugin_config(&namespace);
        let files = HdfsMedium { cluster: self.cluster, namespace };
        Ok(Box::new(HdfsPlace { factory: Arc::clone(&self.factory), config, files }))
    }
}

struct HdfsPlace {
    factory: Arc<dyn CheckpointStorageFactory>,
    config: PluginConfig,
    files: HdfsMedium,
}

#[async_trait]
impl Place for HdfsPlace {
    async fn open(&self, options: OpenOptions) -> Result<Arc<dyn CheckpointStorage>> {
        self.factory.open(self.config.clone(), options).await
    }

    fn medium(&self) -> Option<&dyn Medium> {
        Some(&self.files)
    }
}

/// The files `NAMESPACE/JOB/FILE` of a cluster. Each call blocks its thread, for milliseconds.
struct HdfsMedium {
    cluster: &'static HdfsCluster,
    namespace: String,
}

impl HdfsMedium {
    fn path(&self, job: &JobId, file_name: &str) -> String {
        format!("{}/{}/{file_name}", self.namespace, job.as_str())
    }
}

#[async_trait]
impl Medium for HdfsMedium {
    async fn files(&self, job: &JobId) -> io::Result<Vec<String>> {
        self.cluster.list(self.path(job, "").trim_end_matches('/')).map_err(io::Error::other)
    }

    async fn read(&self, job: &JobId, file_name: &str) -> io::Result<Bytes> {
        self.cluster.read(&self.path(job, file_name)).map_err(io::Error::other)
    }

    async fn write(&self, job: &JobId, file_name: &str, bytes: &[u8]) -> io::Result<()> {
        self.cluster.write(&self.path(job, file_name), bytes).map_err(io::Error::other)
    }
}
