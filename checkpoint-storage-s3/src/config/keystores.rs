//! Secrets that lie in keystores of Hadoop's instead of the configuration.

use std::path::Path;

use checkpoint_storage_api::{Error, ErrorKind, PluginConfig, Result};
use checkpoint_storage_keys::Key;
use checkpoint_storage_keys::rows::hdfs::{CREDENTIAL_PROVIDER_PATH, KEYSTORE_PASSWORD_FILE};
use checkpoint_storage_keys::rows::s3::{
    ACCESS_KEY, ENCRYPTION_KEY, PROXY_PASSWORD, PROXY_USERNAME, S3_CREDENTIAL_PROVIDER_PATH,
    SECRET_KEY, SESSION_TOKEN,
};
use hadoop_configuration::{CredentialProviders, KeystorePassword};
use secrecy::{ExposeSecret as _, SecretString};
use tracing::{info, warn};

use super::Variables;
use super::layers::{replace, spellings_for};

const PASSWORD_VARIABLE: &str = "HADOOP_CREDSTORE_PASSWORD";

/// What S3A looks up in keystores.
const SECRETS: [&Key; 6] =
    [&ACCESS_KEY, &SECRET_KEY, &SESSION_TOKEN, &ENCRYPTION_KEY, &PROXY_USERNAME, &PROXY_PASSWORD];

/// `config` with what the keystores that it names hold for `bucket`. What is in none of them stays
/// as the configuration has it, as in Hadoop.
pub(super) fn with_secrets(
    mut config: PluginConfig,
    bucket: &str,
    variables: Variables<'_>,
) -> Result<PluginConfig> {
    let paths: Vec<_> = [&S3_CREDENTIAL_PROVIDER_PATH, &CREDENTIAL_PROVIDER_PATH]
        .into_iter()
        .filter_map(|key| key.given(&config).transpose())
        .collect::<Result<_>>()?;
    if paths.is_empty() {
        return Ok(config);
    }
    let paths = paths.join(",");
    let password_file = KEYSTORE_PASSWORD_FILE.given(&config)?.map(Path::new);
    let password = variables(PASSWORD_VARIABLE).map(SecretString::from);
    let keystores = KeystorePassword::locate(password, password_file)
        .and_then(|password| CredentialProviders::open(&paths, &password))
        .map_err(refused)?;
    for file in keystores.missing_files() {
        warn!(file = %file.display(), "there is no such keystore; secrets are taken from elsewhere");
    }
    for key in SECRETS {
        for alias in spellings_for(key, bucket) {
            if let Some(secret) = keystores.get(&alias).map_err(refused)? {
                info!(alias, "taken from a keystore");
                replace(&mut config, key.name, secret.expose_secret());
                break;
            }
        }
    }
    Ok(config)
}

fn refused(error: hadoop_configuration::Error) -> Error {
    let subject = format!("`{}`", CREDENTIAL_PROVIDER_PATH.name);
    Error::new(ErrorKind::InvalidConfig, "open", error.to_string())
        .with_subject(subject)
        .with_source(error)
}
