//! Which NameNodes there are.

use checkpoint_storage_api::{PluginConfig, Result};
use checkpoint_storage_keys::rows::storage::DEFAULT_FS;
use hadoop_configuration::SiteConfiguration;

use super::{ADDRESSES, NAMENODES, listed, wrong};

/// What a NameNode listens on where nothing else is said.
const DEFAULT_PORT: u16 = 8020;

/// The URL of the file system, `hdfs://host:port`, `hdfs://nameservice` or `viewfs://cluster`: from
/// `fs.defaultFS`, in `plugin-config` or in Hadoop's files.
pub(super) fn url(config: &PluginConfig, site: &SiteConfiguration) -> Result<String> {
    let given = DEFAULT_FS.given(config)?;
    let text = given.or_else(|| site.get(DEFAULT_FS.name)).unwrap_or_default();
    if text.is_empty() {
        return Err(wrong(
            DEFAULT_FS.name,
            "no file system is given",
            "write `hdfs://HOST:PORT` or `hdfs://NAMESERVICE`, here or in a file that \
             `hdfs_site_path` names",
        ));
    }
    let unfit = |problem: &str| {
        wrong(DEFAULT_FS.name, problem, "write `hdfs://HOST:PORT` or `hdfs://NAMESERVICE`")
    };
    // Hadoop also accepts a bare `host:port`.
    let (scheme, rest) = text.split_once("://").unwrap_or(("hdfs", text));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if !path.trim_matches('/').is_empty() {
        tracing::warn!(
            key = DEFAULT_FS.name,
            "the path in this URI is ignored, as Hadoop does; put it into `storageNameSpace`"
        );
    }
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "hdfs" | "viewfs") {
        return Err(unfit("this is another file system"));
    }
    if authority.contains('@') {
        return Err(unfit("user info before the host is not supported"));
    }
    if authority.is_empty() || authority.contains(' ') {
        return Err(unfit("it names no host"));
    }
    if scheme == "viewfs" {
        let fallback = format!("fs.viewfs.mounttable.{authority}.linkFallback");
        if site.get(&fallback).is_none() {
            return Err(wrong(
                fallback,
                format!("the mount table {authority} has no fallback"),
                "name the file system of all that no other mount leads to",
            ));
        }
        return Ok(format!("viewfs://{authority}"));
    }
    if let Some(namenodes) = site.get(&format!("{NAMENODES}{authority}")) {
        check_namenodes(authority, namenodes, site)?;
        return Ok(format!("hdfs://{authority}"));
    }
    if site.get("dfs.nameservices").is_some_and(|list| listed(list).any(|it| it == authority)) {
        return Err(wrong(
            format_args!("{NAMENODES}{authority}"),
            format!("the nameservice {authority} has no NameNodes"),
            "give their ids here, and `dfs.namenode.rpc-address.…` of each",
        ));
    }
    let url = match authority.rsplit_once(':') {
        None => format!("hdfs://{authority}:{DEFAULT_PORT}"),
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
            format!("hdfs://{authority}")
        }
        Some(_) => return Err(unfit("it has no valid port")),
    };
    Ok(url)
}

/// Refuses a nameservice without NameNodes, or with one that has no address.
fn check_namenodes(nameservice: &str, list: &str, site: &SiteConfiguration) -> Result<()> {
    if listed(list).next().is_none() {
        return Err(wrong(
            format_args!("{NAMENODES}{nameservice}"),
            format!("the nameservice {nameservice} has no NameNodes"),
            "write their ids with commas between them",
        ));
    }
    for id in listed(list) {
        let key = format!("{ADDRESSES}{nameservice}.{id}");
        if site.get(&key).is_none_or(|address| !address.contains(':')) {
            let problem = format!("the NameNode {id} of {nameservice} has no address");
            return Err(wrong(key, problem, "write its HOST:PORT"));
        }
    }
    Ok(())
}
