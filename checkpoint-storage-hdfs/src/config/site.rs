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

/// What the client or this plugin acts on.
const ACTED_ON: [&str; 11] = [
    "dfs.blocksize",
    "dfs.client.block.write.replace-datanode-on-failure.best-effort",
    "dfs.client.block.write.replace-datanode-on-failure.enable",
    "dfs.client.block.write.replace-datanode-on-failure.policy",
    "dfs.client.socket-timeout",
    "dfs.client.use.datanode.hostname",
    "dfs.data.transfer.protection",
    "dfs.nameservices",
    "dfs.replication",
    "hadoop.security.authentication",
    "hadoop.user.name",
];
/// The same of keys that end in the name of a nameservice.
const ACTED_ON_PER_NAMESERVICE: [&str; 6] = [
    "dfs.client.failover.proxy.provider.",
    "dfs.client.failover.random.order.",
    "dfs.client.failover.resolve-needed.",
    "dfs.client.failover.resolver.useFQDN.",
    "dfs.ha.namenodes.",
    "dfs.namenode.rpc-address.",
];
/// What Hadoop's client needs and this one learns from the NameNode, or does without: this plugin
/// retries by itself.
const NEEDLESS: [&str; 9] = [
    "dfs.client.failover.max.attempts",
    "dfs.client.failover.sleep.base.millis",
    "dfs.client.failover.sleep.max.millis",
    "dfs.internal.nameservices",
    "dfs.namenode.kerberos.principal",
    "hadoop.rpc.protection",
    "hadoop.security.authorization",
    "hadoop.security.credential.provider.path",
    "hadoop.security.credstore.java-keystore-provider.password-file",
];

/// All of Hadoop's keys that are given anywhere, variables replaced.
pub(super) fn load(config: &PluginConfig, variables: Variables<'_>) -> Result<SiteConfiguration> {
    let mut site = SiteConfiguration::default();
    if let Some((variable, folder)) = default_folder(variables) {
        for file in files_in(&folder) {
            site.add_file(&file).map_err(|error| refused(variable, error))?;
        }
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
        if is_without_effect(key) {
            warn!(key, "this client does not act on it");
        }
        site.set(key, value);
    }
    Ok(site.expanded(&|name| variables(name)))
}

/// Whether a key of Hadoop's changes nothing here.
fn is_without_effect(key: &str) -> bool {
    (key.starts_with("dfs.") || key.starts_with("hadoop."))
        && !ACTED_ON.contains(&key)
        && !ACTED_ON_PER_NAMESERVICE.iter().any(|prefix| key.starts_with(prefix))
        && !NEEDLESS.contains(&key)
}

/// Where Hadoop's tools look for its files, and the variable that says so.
fn default_folder(variables: Variables<'_>) -> Option<(&'static str, PathBuf)> {
    let of = |variable, below: &str| {
        let folder = variables(variable).filter(|folder| !folder.is_empty());
        folder.map(|folder| (variable, Path::new(&folder).join(below)))
    };
    of("HADOOP_CONF_DIR", "").or_else(|| of("HADOOP_HOME", "etc/hadoop"))
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
    default("dfs.client.block.write.replace-datanode-on-failure.best-effort", "true");
    if with_kerberos {
        default("hadoop.security.authentication", "kerberos");
    }
    site
}

#[cfg(test)]
mod tests {
    use super::is_without_effect;

    #[test]
    fn keys_that_change_nothing_are_known() {
        for key in ["dfs.client.read.shortcircuit", "dfs.replication.max", "hadoop.tmp.dir"] {
            assert!(is_without_effect(key), "{key}");
        }
        for key in ["dfs.replication", "dfs.ha.namenodes.blue", "fs.trash.interval", "host"] {
            assert!(!is_without_effect(key), "{key}");
        }
    }
}
