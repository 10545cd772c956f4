//! Hadoop's own keys: those of `plugin-config` before those of its files.

use std::path::{Path, PathBuf};

use checkpoint_storage_api::{Error, ErrorKind, PluginConfig, Result};
use checkpoint_storage_keys::rows::hdfs::SITE_PATH;
use hadoop_configuration::SiteConfiguration;
use tracing::warn;

use super::{KEYS, Variables, wrong};

const SEATUNNEL_PREFIX: &str = "seatunnel.hadoop.";
/// The files that Hadoop reads in a folder, the later before the earlier.
const FILES: [&str; 2] = ["core-site.xml", "hdfs-site.xml"];

/// What the client acts on, beside what it is told by its builder.
const HONOURED: [&str; 17] = [
    "dfs.blocksize",
    "dfs.client.failover.",
    "dfs.client.socket-timeout",
    "dfs.client.use.datanode.hostname",
    "dfs.client.block.write.replace-datanode-on-failure.",
    "dfs.data.transfer.protection",
    "dfs.ha.namenodes.",
    "dfs.internal.nameservices",
    "dfs.namenode.kerberos.principal",
    "dfs.namenode.rpc-address.",
    "dfs.nameservices",
    "dfs.replication",
    "hadoop.rpc.protection",
    "hadoop.security.authentication",
    "hadoop.security.authorization",
    "hadoop.security.credential.provider.path",
    "hadoop.user.name",
];

/// All of Hadoop's keys that are given anywhere, variables replaced.
pub(super) fn load(config: &PluginConfig, variables: Variables<'_>) -> Result<SiteConfiguration> {
    let mut site = SiteConfiguration::default();
    for file in default_folder(variables).map(|folder| files_in(&folder)).unwrap_or_default() {
        site.add_file(&file).map_err(|error| refused("HADOOP_CONF_DIR", error))?;
    }
    if let Some(path) = SITE_PATH.given(config)? {
        for file in named_files(Path::new(path))? {
            site.add_file(&file).map_err(|error| refused(SITE_PATH.name, error))?;
        }
    }
    for (key, value) in config.iter().filter(|(_, value)| !value.is_empty()) {
        let bare = key.strip_prefix(SEATUNNEL_PREFIX);
        if bare.is_none() && is_ours(key) || bare.is_some_and(|bare| config.get(bare).is_some()) {
            continue;
        }
        let key = bare.unwrap_or(key);
        let is_hadoop_s = key.starts_with("dfs.") || key.starts_with("hadoop.");
        if is_hadoop_s && !HONOURED.iter().any(|honoured| key.starts_with(honoured)) {
            warn!(key, "this client does not act on it");
        }
        site.set(key, value);
    }
    Ok(site.expanded(&|name| variables(name)))
}

/// Where Hadoop's tools look for its files.
fn default_folder(variables: Variables<'_>) -> Option<PathBuf> {
    variables("HADOOP_CONF_DIR")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(variables("HADOOP_HOME")?).join("etc/hadoop")))
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    FILES.iter().map(|file| folder.join(file)).filter(|file| file.is_file()).collect()
}

/// The file, or those of a folder, that `hdfs_site_path` names.
fn named_files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let files = files_in(path);
    match files.is_empty() {
        true => Err(wrong(
            SITE_PATH.name,
            format!("{}: neither {} nor {} is in it", path.display(), FILES[0], FILES[1]),
            "name a Hadoop XML file, or a folder that holds one of those",
        )),
        false => Ok(files),
    }
}

fn refused(key: &str, error: hadoop_configuration::Error) -> Error {
    let reason = format!("{}: {}", error.subject(), error.reason());
    Error::new(ErrorKind::InvalidConfig, "open", reason)
        .with_subject(format_args!("`{key}`"))
        .with_advice(error.advice())
        .with_source(error)
}

fn is_ours(key: &str) -> bool {
    KEYS.iter().any(|row| !row.name.ends_with('*') && row.is_spelt(key))
}

/// The keys as the client is to have them: it waits for nothing longer than this plugin does, which
/// tries again by itself.
pub(super) fn for_client(mut site: SiteConfiguration, with_kerberos: bool) -> SiteConfiguration {
    let mut default = |key: &str, value: &str| {
        if site.get(key).is_none() {
            site.set(key, value);
        }
    };
    default("dfs.client.failover.max.attempts", "3");
    default("dfs.client.failover.sleep.base.millis", "100");
    default("dfs.client.failover.sleep.max.millis", "500");
    default("dfs.client.block.write.replace-datanode-on-failure.best-effort", "true");
    if with_kerberos {
        default("hadoop.security.authentication", "kerberos");
    }
    site
}
