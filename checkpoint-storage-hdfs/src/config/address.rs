//! Which NameNodes there are.

use checkpoint_storage_api::{PluginConfig, Result};
use checkpoint_storage_keys::rows::storage::DEFAULT_FS;
use hadoop_configuration::SiteConfiguration;

use super::wrong;

/// What a NameNode listens on where nothing else is said.
const DEFAULT_PORT: u16 = 8020;

/// A file system of Hadoop's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// Its URL: `hdfs://host:port`, `hdfs://nameservice` or `viewfs://cluster`.
    pub(crate) url: String,
    /// The nameservice and its NameNodes' ids, where it is one.
    pub(crate) nameservice: Option<(String, Vec<String>)>,
}

impl Address {
    /// Reads `fs.defaultFS`, from `plugin-config` or from Hadoop's files.
    pub(super) fn read(config: &PluginConfig, site: &SiteConfiguration) -> Result<Self> {
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
        // As Hadoop's own default was once written: host and port alone.
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
        if authority.is_empty() || authority.contains(['@', ' ']) {
            return Err(unfit("it names no host"));
        }
        let namenodes = site.get(&format!("dfs.ha.namenodes.{authority}"));
        if scheme == "viewfs" {
            return Ok(Self { url: format!("viewfs://{authority}"), nameservice: None });
        }
        if let Some(namenodes) = namenodes {
            let ids = namenodes_of(authority, namenodes, site)?;
            let nameservice = Some((authority.to_owned(), ids));
            return Ok(Self { url: format!("hdfs://{authority}"), nameservice });
        }
        if is_listed(site.get("dfs.nameservices"), authority) {
            return Err(wrong(
                format_args!("dfs.ha.namenodes.{authority}"),
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
        Ok(Self { url, nameservice: None })
    }
}

/// The ids of a nameservice's NameNodes, each of which has an address.
fn namenodes_of(nameservice: &str, text: &str, site: &SiteConfiguration) -> Result<Vec<String>> {
    let ids: Vec<_> = text.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    for id in &ids {
        let key = format!("dfs.namenode.rpc-address.{nameservice}.{id}");
        if site.get(&key).is_none_or(|address| !address.contains(':')) {
            let problem = format!("the NameNode {id} of {nameservice} has no address");
            return Err(wrong(key, problem, "write its HOST:PORT"));
        }
    }
    match ids.is_empty() {
        true => Err(wrong(
            format_args!("dfs.ha.namenodes.{nameservice}"),
            format!("the nameservice {nameservice} has no NameNodes"),
            "write their ids with commas between them",
        )),
        false => Ok(ids.into_iter().map(str::to_owned).collect()),
    }
}

fn is_listed(list: Option<&str>, name: &str) -> bool {
    list.is_some_and(|list| list.split(',').any(|listed| listed.trim() == name))
}
