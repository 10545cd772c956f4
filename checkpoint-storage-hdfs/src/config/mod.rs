//! From the keys of `plugin-config` and Hadoop's files to what the storage needs.

mod address;
mod site;
#[cfg(test)]
mod tests;

use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use checkpoint_storage_api::{ConfigKey, Error, ErrorKind, PluginConfig, Result};
use checkpoint_storage_keys::Key;
use checkpoint_storage_keys::rows::hdfs::{
    CREDENTIAL_PROVIDER_PATH, DFS, HADOOP, KERBEROS_KEYTAB, KERBEROS_PRINCIPAL,
    KEYSTORE_PASSWORD_FILE, SEATUNNEL_HADOOP, SITE_PATH, USER_NAME,
};
use checkpoint_storage_keys::rows::storage::{DEFAULT_FS, DISABLE_CACHE, NAMESPACE, STORAGE_TYPE};
use checkpoint_storage_keys::values;
use hadoop_configuration::SiteConfiguration;

/// What the plugin reads. The last four are accepted: two are the host's business, and this client
/// takes no secret from a keystore.
const KEYS: &[&Key] = &[
    &NAMESPACE,
    &DEFAULT_FS,
    &KERBEROS_PRINCIPAL,
    &KERBEROS_KEYTAB,
    &USER_NAME,
    &SITE_PATH,
    &SEATUNNEL_HADOOP,
    &DFS,
    &HADOOP,
    &STORAGE_TYPE,
    &DISABLE_CACHE,
    &CREDENTIAL_PROVIDER_PATH,
    &KEYSTORE_PASSWORD_FILE,
];

/// What a keytab begins with: 5, and the version of its format, 2.
const KEYTAB: [u8; 2] = [5, 2];

/// No cluster allows more.
const MAX_REPLICAS: u32 = 512;

/// What begins a key that lists the NameNodes of a nameservice.
pub(crate) const NAMENODES: &str = "dfs.ha.namenodes.";
/// What begins a key that holds the address of one of them.
const ADDRESSES: &str = "dfs.namenode.rpc-address.";
/// How often the client asks another NameNode within a call.
const FAILOVERS: &str = "dfs.client.failover.max.attempts";
const SOCKET_TIMEOUT: &str = "dfs.client.socket-timeout";

/// Environment variables by name, handed in so that tests can hold them still.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What the storage needs to know.
#[derive(Debug, Clone)]
pub(crate) struct HdfsConfig {
    /// The namespace's path, absolute, without a slash at its end; empty for the root.
    pub(crate) namespace: String,
    /// `hdfs://host:port`, `hdfs://nameservice` or `viewfs://cluster`.
    pub(crate) url: String,
    /// Hadoop's own keys, for the client.
    pub(crate) site: SiteConfiguration,
    pub(crate) login: Option<Login>,
    /// Who acts where there is no Kerberos; `None` for the user of this process.
    pub(crate) user: Option<String>,
    pub(crate) replication: Option<u32>,
    pub(crate) block_size: Option<u64>,
}

/// Who logs in with Kerberos, and with which keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) principal: String,
    pub(crate) keytab: PathBuf,
}

/// The keys that the plugin understands.
pub(crate) fn keys() -> Vec<ConfigKey> {
    KEYS.iter().map(|&key| ConfigKey::from(key)).collect()
}

/// The error of a key whose value does not fit.
pub(crate) fn wrong(
    key: impl std::fmt::Display,
    problem: impl Into<String>,
    advice: impl Into<String>,
) -> Error {
    Error::new(ErrorKind::InvalidConfig, "open", problem)
        .with_subject(format_args!("`{key}`"))
        .with_advice(advice)
}

impl HdfsConfig {
    /// Reads Hadoop's files where there are any. Keys that are not this plugin's are the host's
    /// business.
    pub(crate) fn load(config: &PluginConfig, variables: Variables<'_>) -> Result<Self> {
        let site = site::load(config, variables)?;
        let login = login(config)?;
        let url = address::url(config, &site)?;
        let segments = NAMESPACE.read(config, values::segments)?;
        if let Some(segment) = segments.iter().find(|segment| segment.contains(':')) {
            let problem = format!("HDFS has no directory with a `:` in its name ({segment:?})");
            return Err(wrong(NAMESPACE.name, problem, "choose another name"));
        }
        let number = |key: &str| {
            let text = site.get(key).filter(|text| !text.is_empty());
            text.map(|text| values::size(text).map_err(|it| wrong(key, it.problem, it.advice)))
                .transpose()
        };
        let replication = site.get("dfs.replication").filter(|text| !text.is_empty());
        let replication = replication.map(|text| match text.trim().parse() {
            Ok(replicas @ 1..=MAX_REPLICAS) => Ok(replicas),
            _ => Err(wrong(
                "dfs.replication",
                "this is no number of replicas",
                "write a small number, such as 3",
            )),
        });
        let replication = replication.transpose()?;
        let is_secure = site.get("hadoop.security.authentication") == Some("kerberos");
        if is_secure && login.is_none() {
            return Err(wrong(
                "hadoop.security.authentication",
                "it is `kerberos`, and nobody logs in",
                "give `kerberosPrincipal` and `kerberosKeytab`",
            ));
        }
        Ok(Self {
            namespace: segments.iter().map(|segment| format!("/{segment}")).collect(),
            replication,
            block_size: number("dfs.blocksize")?,
            user: user(config, &site, login.as_ref(), variables)?,
            url,
            site: site::for_client(site, login.is_some()),
            login,
        })
    }

    /// How many NameNodes the largest nameservice has; one where there is none.
    pub(crate) fn namenodes(&self) -> usize {
        let lists = self.site.iter().filter(|(key, _)| key.starts_with(NAMENODES));
        lists.map(|(_, list)| listed(list).count()).max().unwrap_or(1).max(1)
    }

    /// The addresses of the NameNodes that a nameservice or a mount table stands for.
    pub(crate) fn namenode_addresses(&self) -> Vec<&str> {
        let prefix = match self.url.strip_prefix("hdfs://") {
            Some(nameservice) => format!("{ADDRESSES}{nameservice}."),
            None => ADDRESSES.to_owned(),
        };
        let keys = self.site.iter().filter(|(key, _)| key.starts_with(&prefix));
        keys.map(|(_, address)| address).collect()
    }

    /// Keeps the client from retries of its own: it asks each NameNode once, without a pause, and
    /// waits for no node longer than this.
    pub(crate) fn limit_client(&mut self, node_timeout: Duration) {
        let configured = self.site.get(SOCKET_TIMEOUT).and_then(|text| text.parse().ok());
        // Zero is none.
        let configured = configured.filter(|millis| *millis > 0);
        let millis = configured.unwrap_or(u128::MAX).min(node_timeout.as_millis());
        self.site.set(SOCKET_TIMEOUT, millis.to_string());
        self.site.set(FAILOVERS, (self.namenodes() - 1).to_string());
    }
}

/// The parts of one of Hadoop's lists.
pub(crate) fn listed(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Who acts where nobody logs in: for a login to act for another would be impersonation.
fn user(
    config: &PluginConfig,
    site: &SiteConfiguration,
    login: Option<&Login>,
    variables: Variables<'_>,
) -> Result<Option<String>> {
    let given = USER_NAME.given(config)?;
    let in_files = || site.get(USER_NAME.name).filter(|user| !user.is_empty());
    match (given.or_else(in_files), login) {
        (Some(_), Some(login)) => Err(wrong(
            USER_NAME.name,
            format!("{} logs in, and acts for nobody else", login.principal),
            format!("leave this key out, or `{}`", KERBEROS_PRINCIPAL.name),
        )),
        (Some(user), None) => Ok(Some(user.to_owned())),
        (None, Some(_)) => Ok(None),
        (None, None) => match variables("HADOOP_USER_NAME") {
            // The client would act for a user without a name.
            Some(user) if user.is_empty() => Err(wrong(
                "HADOOP_USER_NAME",
                "this environment variable is empty",
                format!("unset it, or name a user in it or in `{}`", USER_NAME.name),
            )),
            user => Ok(user),
        },
    }
}

/// Both of principal and keytab, or neither; a keytab that can be read.
fn login(config: &PluginConfig) -> Result<Option<Login>> {
    match (KERBEROS_PRINCIPAL.given(config)?, KERBEROS_KEYTAB.given(config)?) {
        (None, None) => Ok(None),
        (Some(principal), Some(keytab)) => {
            let unfit = |problem| {
                let problem = format!("{keytab}: {problem}");
                wrong(KERBEROS_KEYTAB.name, problem, "name a keytab that this process can read")
            };
            let mut begin = [0; KEYTAB.len()];
            std::fs::File::open(keytab)
                .and_then(|mut file| file.read_exact(&mut begin))
                .map_err(|error| unfit(error.to_string()).with_source(error))?;
            if begin != KEYTAB {
                return Err(unfit("this is no keytab".to_owned()));
            }
            Ok(Some(Login { principal: principal.to_owned(), keytab: keytab.into() }))
        }
        (principal, _) => {
            let (given, lacking) = match principal {
                Some(_) => (&KERBEROS_PRINCIPAL, &KERBEROS_KEYTAB),
                None => (&KERBEROS_KEYTAB, &KERBEROS_PRINCIPAL),
            };
            let problem = format!("it means nothing without `{}`", lacking.name);
            Err(wrong(given.name, problem, "give both or neither"))
        }
    }
}
