//! The table: a module for each reader.

pub mod engine;
pub mod hdfs;
pub mod localfile;
pub mod s3;
pub mod storage;

use crate::key::Key;

/// Every key, in the order of the reference.
pub static ALL: &[&Key] = &[
    &engine::INTERVAL,
    &engine::TIMEOUT,
    &engine::SCHEMA_CHANGE_TIMEOUT,
    &engine::MAX_CONCURRENT,
    &engine::TOLERABLE_FAILURE,
    &engine::STORAGE,
    &engine::TYPE,
    &engine::MAX_RETAINED,
    &engine::PLUGIN_CONFIG,
    &storage::NAMESPACE,
    &storage::STORAGE_TYPE,
    &storage::DEFAULT_FS,
    &storage::DISABLE_CACHE,
    &storage::ON_CORRUPT,
    &storage::OPERATION_TIMEOUT,
    &storage::READ_ONLY,
    &localfile::SYNC,
    &localfile::FILE_MODE,
    &localfile::DIR_MODE,
    &hdfs::KERBEROS_PRINCIPAL,
    &hdfs::KERBEROS_KEYTAB,
    &hdfs::USER_NAME,
    &hdfs::SITE_PATH,
    &hdfs::SEATUNNEL_HADOOP,
    &hdfs::CREDENTIAL_PROVIDER_PATH,
    &hdfs::KEYSTORE_PASSWORD_FILE,
    &hdfs::DFS,
    &hdfs::HADOOP,
    &s3::BUCKET,
    &s3::ACCESS_KEY,
    &s3::SECRET_KEY,
    &s3::SESSION_TOKEN,
    &s3::CREDENTIALS_PROVIDER,
    &s3::ENDPOINT,
    &s3::REGION,
    &s3::PATH_STYLE,
    &s3::SSL,
    &s3::CONNECTION_TIMEOUT,
    &s3::ATTEMPTS,
    &s3::MULTIPART_SIZE,
    &s3::THREADS,
    &s3::ENCRYPTION,
    &s3::ENCRYPTION_KEY,
    &s3::ROLE_ARN,
    &s3::ROLE_SESSION_NAME,
    &s3::ROLE_SESSION_DURATION,
    &s3::ROLE_EXTERNAL_ID,
    &s3::ROLE_STS_ENDPOINT,
    &s3::ROLE_STS_REGION,
    &s3::ROLE_CREDENTIALS_PROVIDER,
    &s3::PROXY_HOST,
    &s3::PROXY_PORT,
    &s3::PROXY_USERNAME,
    &s3::PROXY_PASSWORD,
    &s3::S3_CREDENTIAL_PROVIDER_PATH,
    &s3::CA_FILE,
    &s3::PER_BUCKET,
    &s3::MULTIPART_THRESHOLD,
    &s3::CONDITIONAL_PUT,
    &s3::CHECKSUM,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Value;
    use std::collections::HashMap;

    #[test]
    fn no_spelling_means_two_keys() {
        let mut owners = HashMap::new();
        for key in ALL {
            for spelling in key.spellings().chain(key.confusions.iter().copied()) {
                let earlier = owners.insert((key.section, spelling), key.name);
                assert_eq!(earlier, None, "{spelling}");
            }
        }
    }

    #[test]
    fn defaults_fit_and_needs_are_keys() {
        for key in ALL {
            assert!(!key.meaning.is_empty() && !key.meaning.ends_with('.'), "{}", key.name);
            if let Some(default) = key.default {
                assert_eq!(key.value.check(default), Ok(()), "{}", key.name);
            }
            if let Some(other) = key.needs {
                assert!(ALL.iter().any(|row| row.name == other), "{}", key.name);
            }
        }
    }

    #[test]
    fn what_sounds_secret_is_secret() {
        for key in ALL {
            let sounds = ["secret", "password", "token"].iter().any(|word| key.name.contains(word));
            let sounds = sounds && !key.name.contains('*') && key.value != Value::File;
            assert_eq!(sounds, key.secret && sounds, "{}", key.name);
        }
    }
}
