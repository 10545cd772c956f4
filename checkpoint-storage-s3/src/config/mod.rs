//! From the keys of `plugin-config` to what the storage needs.

mod credentials;
mod endpoint;
mod keystores;
mod layers;
mod roles;
#[cfg(test)]
mod tests;
mod transport;

use checkpoint_storage_api::{ConfigKey, Error, ErrorKind, PluginConfig, Result};
use checkpoint_storage_keys::Key;
use checkpoint_storage_keys::rows::hdfs::{
    CREDENTIAL_PROVIDER_PATH, HADOOP, KEYSTORE_PASSWORD_FILE, SEATUNNEL_HADOOP,
};
use checkpoint_storage_keys::rows::s3::*;
use checkpoint_storage_keys::rows::storage::{DEFAULT_FS, DISABLE_CACHE, NAMESPACE, STORAGE_TYPE};
use checkpoint_storage_keys::values::{self, FileSystem, Unfit};
use tracing::warn;

pub(crate) use credentials::{Credentials, Keys, Source};
pub(crate) use endpoint::{Endpoint, Route};
pub(crate) use roles::{AssumedRole, WebIdentity};
pub(crate) use transport::Transport;

/// What the plugin reads. The last two are the host's business and are accepted.
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

/// What AWS takes as a part that is not the last.
const MIN_PART_LEN: u64 = 5 << 20;
/// What AWS takes in one request.
const MAX_PART_LEN: u64 = 5 << 30;

/// Environment variables by name, handed in so that tests can hold them still.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

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

/// How objects are written.
#[derive(Debug, Clone)]
pub(crate) struct UploadConfig {
    /// From this size on an object is uploaded in parts.
    pub(crate) threshold: u64,
    pub(crate) part_len: u64,
    pub(crate) conditional: ConditionalPut,
    /// Whether the server is given a checksum of what it stores.
    pub(crate) checksum: bool,
    pub(crate) encryption: Option<Encryption>,
}

/// Whether the server is asked to refuse to write over what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConditionalPut {
    /// Until it answers that it cannot.
    Auto,
    On,
    Off,
}

/// How the server encrypts what it stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encryption {
    Aes256,
    /// With this key of KMS, or with the bucket's own.
    Kms(Option<String>),
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

impl S3Config {
    /// Reads files that the configuration names: keystores, authorities. Keys that are not this
    /// plugin's are the host's business.
    pub(crate) fn load(config: &PluginConfig, variables: Variables<'_>) -> Result<Self> {
        let config = layers::without_prefix(config);
        let bucket = bucket(&config)?;
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

/// The bucket's name, from `s3.bucket` or else from `fs.defaultFS`.
fn bucket(config: &PluginConfig) -> Result<String> {
    let given = BUCKET.given(config)?.map(|text| (&BUCKET, bucket_of(text)));
    let by_default_fs =
        DEFAULT_FS.given(config)?.and_then(|text| match values::file_system(text) {
            Ok(FileSystem::Uri { scheme, .. }) if is_s3(&scheme) => {
                Some((&DEFAULT_FS, bucket_of(text)))
            }
            _ => None,
        });
    if given.is_some() && by_default_fs.is_none() && DEFAULT_FS.given(config)?.is_some() {
        warn!(
            key = DEFAULT_FS.name,
            "this names another file system and is ignored: checkpoints are kept in the bucket"
        );
    }
    match (given, by_default_fs) {
        (Some((key, (name, path))), other) => {
            if other.is_some_and(|(_, (other, _))| other != name) {
                return Err(wrong(
                    key,
                    format!("`{}` names another bucket", DEFAULT_FS.name),
                    "keep the one that is meant",
                ));
            }
            checked_bucket(key, name, path)
        }
        (None, Some((key, (name, path)))) => checked_bucket(key, name, path),
        (None, None) => Err(wrong(
            &BUCKET,
            "no bucket is given",
            format!("write `{}: NAME` into plugin-config", BUCKET.name),
        )),
    }
}

fn is_s3(scheme: &str) -> bool {
    matches!(scheme, "s3a" | "s3n" | "s3")
}

/// The bucket and the path in `b`, `b/`, `s3a://b` or `s3n://b/path`.
fn bucket_of(text: &str) -> (&str, &str) {
    let text = match text.split_once("://") {
        Some((scheme, rest)) if is_s3(&scheme.to_ascii_lowercase()) => rest,
        _ => text,
    };
    let (name, path) = text.split_once('/').unwrap_or((text, ""));
    (name, path.trim_matches('/'))
}

fn checked_bucket(key: &Key, name: &str, path: &str) -> Result<String> {
    if !path.is_empty() {
        warn!(
            key = key.name,
            "the path in it is ignored, as Hadoop does; put it into `{}`", NAMESPACE.name
        );
    }
    let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match !name.is_empty() && name.chars().all(is_sign) {
        true => Ok(name.to_owned()),
        false => Err(wrong(
            key,
            "no bucket can have this name",
            "write the bucket's name alone, such as `checkpoints` or `s3a://checkpoints`",
        )),
    }
}

impl UploadConfig {
    fn read(config: &PluginConfig, endpoint: &Endpoint) -> Result<Self> {
        let part_len = MULTIPART_SIZE.read(config, |text| part_len(values::size(text)?))?;
        let choice =
            |key: &Key| key.read(config, |text| values::one_of(text, &["auto", "on", "off"]));
        let conditional = match choice(&CONDITIONAL_PUT)? {
            "auto" => ConditionalPut::Auto,
            "on" => ConditionalPut::On,
            _ => ConditionalPut::Off,
        };
        let checksum = match choice(&CHECKSUM)? {
            "auto" => endpoint.is_aws,
            choice => choice == "on",
        };
        let threshold = MULTIPART_THRESHOLD.read(config, values::size)?;
        Ok(Self {
            // A single request takes no more, whatever is configured.
            threshold: threshold.min(MAX_PART_LEN),
            part_len,
            conditional,
            checksum,
            encryption: encryption(config)?,
        })
    }
}

fn part_len(size: u64) -> Result<u64, Unfit> {
    match size {
        MIN_PART_LEN..=MAX_PART_LEN => Ok(size),
        _ => Err(Unfit::new(
            "a part has from 5 MiB to 5 GiB",
            "write a size between them, such as `8M`",
        )),
    }
}

fn encryption(config: &PluginConfig) -> Result<Option<Encryption>> {
    let key = ENCRYPTION_KEY.given(config)?.map(str::to_owned);
    match ENCRYPTION.given(config)? {
        None => Ok(None),
        Some("AES256") if key.is_some() => Err(wrong(
            &ENCRYPTION_KEY,
            "AES256 takes no key: the server has its own",
            format!("leave it out, or write `{}: SSE-KMS`", ENCRYPTION.name),
        )),
        Some("AES256") => Ok(Some(Encryption::Aes256)),
        Some("SSE-KMS" | "aws:kms") => Ok(Some(Encryption::Kms(key))),
        Some(_) => ENCRYPTION.read(config, |text| {
            values::one_of(text, &["AES256", "SSE-KMS", "aws:kms"]).map(|_| None)
        }),
    }
}
