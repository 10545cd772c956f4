//! From the keys of `plugin-config` to what the storage needs.
//!
//! - `layers`, `keystores`: which of the keys count, and secrets that lie elsewhere
//! - `bucket`, `endpoint`, `transport`: where objects go, and how they get there
//! - `credentials`, `roles`: who asks
//! - `upload`: how objects are written

mod bucket;
mod credentials;
mod endpoint;
mod keystores;
mod layers;
mod roles;
#[cfg(test)]
mod tests;
mod transport;
mod upload;

use checkpoint_storage_api::{ConfigKey, Error, ErrorKind, PluginConfig, Result};
use checkpoint_storage_keys::Key;
use checkpoint_storage_keys::rows::hdfs::{
    CREDENTIAL_PROVIDER_PATH, HADOOP, KEYSTORE_PASSWORD_FILE, SEATUNNEL_HADOOP,
};
use checkpoint_storage_keys::rows::s3::*;
use checkpoint_storage_keys::rows::storage::{DEFAULT_FS, DISABLE_CACHE, NAMESPACE, STORAGE_TYPE};
use checkpoint_storage_keys::values;

pub(crate) use self::credentials::{AccessKey, Credentials, Source};
pub(crate) use self::endpoint::{Endpoint, Route};
pub(crate) use self::roles::{AssumedRole, WebIdentity};
pub(crate) use self::transport::Transport;
pub(crate) use self::upload::{ConditionalPut, Encryption, UploadConfig};

/// What the plugin takes. Those from `HADOOP` on it does not read: they are for the rest of the
/// Hadoop family or for the host.
const KEYS: &[&Key] = &[
    &NAMESPACE,
    &DEFAULT_FS,
    &BUCKET,
    &ACCESS_KEY,
    &SECRET_KEY,
    &SESSION_TOKEN,
    &CREDENTIALS_PROVIDER,
    &ENDPOINT,
    &REGION,
    &PATH_STYLE,
    &SSL,
    &CONNECTION_TIMEOUT,
    &ATTEMPTS,
    &MULTIPART_SIZE,
    &THREADS,
    &ENCRYPTION,
    &ENCRYPTION_KEY,
    &ROLE_ARN,
    &ROLE_SESSION_NAME,
    &ROLE_SESSION_DURATION,
    &ROLE_EXTERNAL_ID,
    &ROLE_STS_ENDPOINT,
    &ROLE_STS_REGION,
    &ROLE_CREDENTIALS_PROVIDER,
    &PROXY_HOST,
    &PROXY_PORT,
    &PROXY_USERNAME,
    &PROXY_PASSWORD,
    &CA_FILE,
    &PER_BUCKET,
    &MULTIPART_THRESHOLD,
    &CONDITIONAL_PUT,
    &CHECKSUM,
    &S3_CREDENTIAL_PROVIDER_PATH,
    &CREDENTIAL_PROVIDER_PATH,
    &KEYSTORE_PASSWORD_FILE,
    &SEATUNNEL_HADOOP,
    &HADOOP,
    &STORAGE_TYPE,
    &DISABLE_CACHE,
];

/// Environment variables by name, handed in so that tests can hold them still.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// One of AWS's variables: an empty one is as good as none.
fn aws_variable(variables: Variables<'_>, name: &str) -> Option<String> {
    variables(name).filter(|value| !value.is_empty())
}

/// What the storage needs to know.
#[derive(Debug, Clone)]
pub(crate) struct S3Config {
    pub(crate) bucket: String,
    /// What every key begins with: empty, or ends in `/`.
    pub(crate) prefix: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) credentials: Credentials,
    pub(crate) transport: Transport,
    /// How often a request is tried.
    pub(crate) attempts: u32,
    /// How many requests may be under way.
    pub(crate) requests: usize,
    pub(crate) upload: UploadConfig,
}

/// The keys that the plugin understands.
pub(crate) fn keys() -> Vec<ConfigKey> {
    KEYS.iter().map(|&key| ConfigKey::from(key)).collect()
}

/// The error of a key whose value does not fit.
pub(crate) fn wrong(key: &Key, problem: impl Into<String>, advice: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidConfig, "open", problem)
        .with_subject(format_args!("`{}`", key.name))
        .with_advice(advice)
}

/// A text that goes into headers as it is: the SDK panics on a control character in it. It is not
/// shown. `name` is the key or the variable that holds it.
fn in_headers<'t>(name: &str, text: &'t str) -> Result<&'t str> {
    if !text.contains(char::is_control) {
        return Ok(text);
    }
    let problem = "its value holds a control character, such as a line end";
    Err(Error::new(ErrorKind::InvalidConfig, "open", problem)
        .with_subject(format_args!("`{name}`"))
        .with_advice(
            "write the value without it: a line end is a usual one, at the end of a file that the \
             value was taken from, such as a secret of Kubernetes",
        ))
}

impl S3Config {
    /// Reads files that the configuration names: keystores, authorities. Keys that are not this
    /// plugin's are the host's business.
    pub(crate) fn load(config: &PluginConfig, variables: Variables<'_>) -> Result<Self> {
        let config = layers::without_prefix(config);
        let bucket = bucket::name(&config)?;
        let config = layers::of_bucket(&config, &bucket)?;
        let (config, searched) = keystores::with_secrets(config, &bucket, variables)?;
        let endpoint = Endpoint::read(&config, variables)?;
        let segments = NAMESPACE.read(&config, values::segments)?;
        Ok(Self {
            prefix: segments.iter().map(|segment| format!("{segment}/")).collect(),
            credentials: Credentials::read(&config, &endpoint, variables)
                .map_err(|error| searched.explain(error, &config))?,
            transport: Transport::read(&config, &endpoint)?,
            attempts: ATTEMPTS.read(&config, |text| values::number(text, 1))?,
            requests: THREADS.read(&config, |text| values::number(text, 1))? as usize,
            upload: UploadConfig::read(&config, &endpoint)?,
            bucket,
            endpoint,
        })
    }

    /// The way of a request.
    pub(crate) fn route(&self) -> Route {
        let proxy = self.transport.proxy.as_ref();
        self.endpoint.route(&self.bucket, proxy.map(|proxy| proxy.url.as_str()))
    }
}
