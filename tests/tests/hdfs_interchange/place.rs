//! A namespace on a cluster that both sides share.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use checkpoint_storage_tests::hdfs::HdfsCluster;
use checkpoint_storage_tests::java::{Java, SharedPlace, jars};
use checkpoint_storage_tests::storage;
use storage_host::ManagedStorage;

/// The key of the size of blocks, as both know it.
pub(crate) const BLOCK_SIZE: &str = "seatunnel.hadoop.dfs.blocksize";
/// The size of blocks, so that what is large has several.
pub(crate) const BLOCK: u64 = 1 << 20;

/// Keys and values.
pub(crate) type Keys = Vec<(String, String)>;

/// A namespace of its own.
pub(crate) struct Place {
    pub(crate) cluster: &'static HdfsCluster,
    jars: &'static Path,
    namespace: String,
    /// What leads to the cluster beside its address.
    way: Keys,
}

impl Place {
    /// On one NameNode. `None`, and the reason shown, where the test is to be skipped.
    pub(crate) fn new() -> Option<Self> {
        Self::on(HdfsCluster::single(3)?, |_| Keys::new())
    }

    /// On a nameservice that keys of this way lead to.
    pub(crate) fn on_nameservice(way: fn(&HdfsCluster) -> Keys) -> Option<Self> {
        Self::on(HdfsCluster::ha(3)?, way)
    }

    fn on(cluster: &'static HdfsCluster, way: fn(&HdfsCluster) -> Keys) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let namespace = format!("/interchange/{}", COUNT.fetch_add(1, Ordering::Relaxed));
        Some(Self { cluster, jars: jars()?, namespace, way: way(cluster) })
    }

    pub(crate) fn file_system(&self) -> &str {
        self.cluster.file_system()
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The path of a file of a job; without a name, of the job's directory.
    pub(crate) fn path(&self, job: &str, name: &str) -> String {
        format!("{}/{job}/{name}", self.namespace).trim_end_matches('/').to_owned()
    }

    /// A `plugin-config` for both sides, in the spellings that Java knows.
    pub(crate) fn config(&self, file_system: &str, namespace: &str) -> Keys {
        let mut config = keys(&[
            ("fs.defaultFS", file_system),
            ("namespace", namespace),
            (BLOCK_SIZE, &BLOCK.to_string()),
        ]);
        config.extend(self.way.iter().cloned());
        config
    }

    /// Opens Java's storage with these keys alone.
    pub(crate) fn java_with(&self, config: &[(String, String)]) -> Java {
        let config = config.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let config: Vec<_> = [("storage.type", "hdfs")].into_iter().chain(config).collect();
        Java::open(&[self.jars], "hdfs", &config)
    }

    /// Opens this project's with these keys alone.
    pub(crate) async fn ours_with(&self, config: &[(String, String)]) -> ManagedStorage {
        storage::open("hdfs", config.iter().cloned().collect()).await
    }

    fn own_config(&self) -> Keys {
        self.config(self.file_system(), &self.namespace)
    }

    fn list(&self, directory: &str) -> Vec<String> {
        self.cluster.list(directory).expect("listed")
    }
}

impl SharedPlace for Place {
    fn java(&self) -> Java {
        self.java_with(&self.own_config())
    }

    async fn ours(&self) -> ManagedStorage {
        self.ours_with(&self.own_config()).await
    }

    async fn files(&self, job: &str) -> Vec<String> {
        let elsewhere = self.list(&self.namespace).into_iter().filter(|name| name != job);
        let mut names: Vec<_> =
            self.list(&self.path(job, "")).into_iter().chain(elsewhere).collect();
        names.sort();
        names
    }

    async fn copy(&self, job: &str, from: &str, to: &str) {
        let bytes = self.cluster.read(&self.path(job, from)).expect("read");
        self.cluster.write(&self.path(job, to), &bytes).expect("written");
    }

    fn beside(&self, _: &str) -> Option<String> {
        None
    }

    async fn is_gone(&self, job: &str) -> bool {
        !self.list(&self.namespace).iter().any(|name| name == job)
    }
}

/// Owned ones.
pub(crate) fn keys(keys: &[(&str, &str)]) -> Keys {
    keys.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Of Hadoop's files the one that says where the NameNodes are: Java takes no folder.
pub(crate) fn by_site_file(cluster: &HdfsCluster) -> Keys {
    let file = cluster.configuration().join("hdfs-site.xml");
    keys(&[("hdfs_site_path", file.to_str().expect("UTF-8"))])
}

/// Hadoop's keys, with the prefix by which Java knows them.
pub(crate) fn by_keys(cluster: &HdfsCluster) -> Keys {
    let service = cluster.file_system().strip_prefix("hdfs://").expect("a nameservice");
    let provider = "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider";
    let ids = ["first", "second"];
    let addresses = ids.into_iter().zip(cluster.namenodes()).map(|(id, address)| {
        (format!("dfs.namenode.rpc-address.{service}.{id}"), address.to_owned())
    });
    [
        ("dfs.nameservices".to_owned(), service.to_owned()),
        (format!("dfs.ha.namenodes.{service}"), ids.join(",")),
        (format!("dfs.client.failover.proxy.provider.{service}"), provider.to_owned()),
    ]
    .into_iter()
    .chain(addresses)
    .map(|(key, value)| (format!("seatunnel.hadoop.{key}"), value))
    .collect()
}
