//! A cluster, and the way to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use checkpoint_storage_api::PluginConfig;
use hdfs_native::{Client, ClientBuilder};

use super::kdc::{Kdc, User, kdc};
use crate::service::Service;
use crate::skip;

/// What a cluster is made of: by default one NameNode and one DataNode in one process.
#[derive(Debug, Clone, Default)]
pub struct HdfsOptions(Vec<String>);

impl HdfsOptions {
    /// One NameNode and so many DataNodes.
    pub fn single(datanodes: usize) -> Self {
        Self(vec![format!("--datanodes={datanodes}")])
    }

    /// Two NameNodes, the first of them active, and so many DataNodes.
    pub fn ha(datanodes: usize) -> Self {
        Self::single(datanodes).argument("--ha")
    }

    /// A process for each node, so that one can be killed or frozen.
    #[must_use]
    pub fn separate(self) -> Self {
        self.argument("--separate")
    }

    /// A DataNode that is gone is taken for dead after 5 s instead of 11 s.
    #[must_use]
    pub fn quick_to_miss(self) -> Self {
        // The NameNode counts heartbeats in whole seconds: ten of them are none.
        let options = self.with("dfs.heartbeat.interval", "500ms");
        options.with("dfs.namenode.heartbeat.recheck-interval", "2500")
    }

    /// One of Hadoop's settings, for the nodes and in the clients' configuration.
    #[must_use]
    pub fn with(self, key: &str, value: &str) -> Self {
        self.argument(&format!("{key}={value}"))
    }

    fn argument(mut self, argument: &str) -> Self {
        self.0.push(argument.to_owned());
        self
    }
}

/// How what is sent is protected where there is Kerberos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Not at all.
    Authentication,
    /// Against changes.
    Integrity,
    /// Against readers too.
    Privacy,
}

impl Protection {
    fn name(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Integrity => "integrity",
            Self::Privacy => "privacy",
        }
    }
}

/// A cluster, whose processes end when it is dropped, or with this process.
pub struct HdfsCluster {
    pub(super) service: Service,
    kdc: Option<&'static Kdc>,
}

impl HdfsCluster {
    /// One NameNode and so many DataNodes, shared with the other tests of this process. Where there
    /// can be none, `None` after the test was reported as skipped; so it is for the others too.
    pub fn single(datanodes: usize) -> Option<&'static Self> {
        Self::shared(&HdfsOptions::single(datanodes), None)
    }

    /// Two NameNodes and so many DataNodes, shared likewise. No test should leave the second active.
    pub fn ha(datanodes: usize) -> Option<&'static Self> {
        Self::shared(&HdfsOptions::ha(datanodes), None)
    }

    /// One NameNode and three DataNodes with Kerberos, shared likewise. See [`kdc`] on what this does
    /// to the process.
    pub fn kerberos(protection: Protection) -> Option<&'static Self> {
        let kdc = kdc()?;
        Self::shared(&with_kerberos(HdfsOptions::single(3), kdc, protection), Some(kdc))
    }

    /// A test's own cluster, which it may break.
    pub fn start(options: &HdfsOptions) -> Option<Self> {
        Self::start_in(options, None).map_err(|reason| skip(&reason)).ok()
    }

    /// A test's own cluster with Kerberos. See [`kdc`] on what this does to the process.
    pub fn start_with_kerberos(options: HdfsOptions, protection: Protection) -> Option<Self> {
        let kdc = kdc()?;
        let options = with_kerberos(options, kdc, protection);
        Self::start_in(&options, Some(kdc)).map_err(|reason| skip(&reason)).ok()
    }

    fn start_in(options: &HdfsOptions, kdc: Option<&'static Kdc>) -> Result<Self, String> {
        let arguments: Vec<_> =
            ["hdfs".to_owned()].into_iter().chain(options.0.iter().cloned()).collect();
        let service = Service::start(&arguments).map_err(|reason| format!("no HDFS: {reason}"))?;
        Ok(Self { service, kdc })
    }

    fn shared(options: &HdfsOptions, kdc: Option<&'static Kdc>) -> Option<&'static Self> {
        type Clusters = BTreeMap<Vec<String>, Result<&'static HdfsCluster, String>>;
        static CLUSTERS: Mutex<Clusters> = Mutex::new(BTreeMap::new());
        let mut clusters = CLUSTERS.lock().unwrap_or_else(PoisonError::into_inner);
        let start = || Self::start_in(options, kdc).map(|cluster| &*Box::leak(Box::new(cluster)));
        let cluster = clusters.entry(options.0.clone()).or_insert_with(start);
        cluster.as_ref().map_err(|reason| skip(reason)).ok().copied()
    }

    /// The URI of the file system.
    pub fn file_system(&self) -> &str {
        self.text("file_system")
    }

    /// The addresses of the NameNodes, `127.0.0.1:port` each.
    pub fn namenodes(&self) -> Vec<&str> {
        let addresses = self.service.told()["namenodes"].as_array().expect("told");
        addresses.iter().map(|address| address.as_str().expect("text")).collect()
    }

    /// The folder with the clients' `core-site.xml` and `hdfs-site.xml`.
    pub fn configuration(&self) -> &Path {
        self.text("configuration").as_ref()
    }

    /// A bare client that knows what the cluster's files tell, and nothing else.
    pub fn client(&self) -> Client {
        self.client_builder().build().expect("a client")
    }

    /// The same, which logs in as this user.
    pub fn client_of(&self, user: User) -> Client {
        let kdc = self.kdc.expect("the cluster has one");
        let keytab = kdc.keytab(user);
        let builder = self.client_builder().with_kerberos_principal(kdc.principal(user));
        builder.with_kerberos_keytab(keytab.to_str().expect("UTF-8")).build().expect("a client")
    }

    fn client_builder(&self) -> ClientBuilder {
        ClientBuilder::new().with_config_dir(self.text("configuration"))
    }

    /// The folder of all that the cluster writes: what its nodes store, and their logs.
    pub fn folder(&self) -> PathBuf {
        self.text("folder").into()
    }

    /// What a plugin needs to store below `namespace`, as [`User::Client`] where there is Kerberos.
    pub fn plugin_config(&self, namespace: &str) -> PluginConfig {
        self.plugin_config_of(User::Client, namespace)
    }

    /// What a plugin needs to store below `namespace` as this user.
    pub fn plugin_config_of(&self, user: User, namespace: &str) -> PluginConfig {
        let mut config: PluginConfig =
            [("fs.defaultFS", self.file_system()), ("storageNameSpace", namespace)].into();
        if self.namenodes().len() > 1 {
            config.set("hdfs_site_path", self.text("configuration"));
        }
        for (key, value) in self.security_of(user) {
            config.set(key, &value);
        }
        config
    }

    /// The keys that Kerberos adds: none where there is none.
    fn security_of(&self, user: User) -> Vec<(&'static str, String)> {
        let (Some(kdc), Some(protection)) = (self.kdc, self.service.told()["protection"].as_str())
        else {
            return Vec::new();
        };
        vec![
            ("kerberosPrincipal", kdc.principal(user)),
            ("kerberosKeytab", kdc.keytab(user).display().to_string()),
            ("hadoop.security.authentication", "kerberos".to_owned()),
            ("hadoop.rpc.protection", protection.to_owned()),
            ("dfs.data.transfer.protection", protection.to_owned()),
            ("dfs.namenode.kerberos.principal", kdc.service()),
        ]
    }

    fn text(&self, key: &str) -> &str {
        self.service.told()[key].as_str().expect("`cargo xtask hdfs` tells of it")
    }
}

fn with_kerberos(options: HdfsOptions, kdc: &Kdc, protection: Protection) -> HdfsOptions {
    options
        .argument(&format!("--kerberos={}", protection.name()))
        .argument(&format!("--realm={}", kdc.folder().display()))
}
