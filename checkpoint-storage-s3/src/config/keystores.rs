//! Secrets that lie in keystores of Hadoop's instead of the configuration.

use std::path::Path;

use checkpoint_storage_api::{Error, PluginConfig, Result};
use checkpoint_storage_keys::Key;
use checkpoint_storage_keys::rows::hdfs::{CREDENTIAL_PROVIDER_PATH, KEYSTORE_PASSWORD_FILE};
use checkpoint_storage_keys::rows::s3::{
    ACCESS_KEY, ENCRYPTION_KEY, PROXY_PASSWORD, PROXY_USERNAME, S3_CREDENTIAL_PROVIDER_PATH,
    SECRET_KEY, SESSION_TOKEN,
};
use hadoop_configuration::{CredentialProviders, KeystorePassword};
use secrecy::{ExposeSecret as _, SecretString};
use tracing::{info, warn};

use super::layers::{replace, spellings_for};
use super::{Variables, wrong};

/// What S3A looks up in keystores.
const SECRETS: [&Key; 6] =
    [&ACCESS_KEY, &SECRET_KEY, &SESSION_TOKEN, &ENCRYPTION_KEY, &PROXY_USERNAME, &PROXY_PASSWORD];

/// The keystores that were searched, in words; `None` if the configuration names none.
pub(super) struct Searched(Option<String>);

impl Searched {
    fn of(keystores: &CredentialProviders) -> Self {
        let there = Some(keystores.describe()).filter(|files| !files.is_empty());
        let missing = keystores.missing_files().iter();
        let missing = missing.map(|file| format!("{}, which does not exist", file.display()));
        Self(Some(there.into_iter().chain(missing).collect::<Vec<_>>().join("; ")))
    }

    /// Adds to an error about credentials which part of an access key the keystores do not have.
    pub(super) fn explain(&self, error: Error, config: &PluginConfig) -> Error {
        let lacking = [&ACCESS_KEY, &SECRET_KEY]
            .into_iter()
            .find(|key| matches!(key.given(config), Ok(None)));
        let (Some(files), Some(key)) = (&self.0, lacking) else { return error };
        let advice = error.advice().unwrap_or_default();
        // The spelling that Hadoop itself looks for.
        let alias = key.spellings().last().unwrap_or(key.name);
        let advice = format!(
            "{advice}; `{alias}` is in no keystore ({files}): `hadoop credential create {alias}` \
             puts it into one"
        );
        error.with_advice(advice)
    }
}

/// `config` with what the keystores that it names hold for `bucket`. What is in none of them stays
/// as the configuration has it, as in Hadoop.
pub(super) fn with_secrets(
    mut config: PluginConfig,
    bucket: &str,
    variables: Variables<'_>,
) -> Result<(PluginConfig, Searched)> {
    let mut given = Vec::new();
    for key in [&S3_CREDENTIAL_PROVIDER_PATH, &CREDENTIAL_PROVIDER_PATH] {
        given.extend(key.given(&config)?.map(|path| (key, path)));
    }
    let Some((first, _)) = given.first() else { return Ok((config, Searched(None))) };
    let refused = |error: hadoop_configuration::Error| {
        wrong(first, format!("{}: {}", error.subject(), error.reason()), error.advice())
            .with_source(error)
    };
    let paths = given.iter().map(|(_, path)| *path).collect::<Vec<_>>().join(",");
    let password_file = KEYSTORE_PASSWORD_FILE.given(&config)?.map(Path::new);
    let password = variables(KeystorePassword::VARIABLE).map(SecretString::from);
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
    Ok((config, Searched::of(&keystores)))
}
