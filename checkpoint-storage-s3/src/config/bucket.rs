//! Which bucket is meant.

use checkpoint_storage_api::{PluginConfig, Result};
use checkpoint_storage_keys::Key;
use checkpoint_storage_keys::rows::s3::BUCKET;
use checkpoint_storage_keys::rows::storage::{DEFAULT_FS, NAMESPACE};
use checkpoint_storage_keys::values::{self, FileSystem};
use tracing::warn;

use super::wrong;

/// The bucket's name, from `s3.bucket` or else from `fs.defaultFS`.
pub(super) fn name(config: &PluginConfig) -> Result<String> {
    let given = BUCKET.given(config)?.map(|text| (&BUCKET, parts(text)));
    let by_default_fs =
        DEFAULT_FS.given(config)?.and_then(|text| match values::file_system(text) {
            Ok(FileSystem::Uri { scheme, .. }) if is_s3(&scheme) => {
                Some((&DEFAULT_FS, parts(text)))
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
            checked(key, name, path)
        }
        (None, Some((key, (name, path)))) => checked(key, name, path),
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
fn parts(text: &str) -> (&str, &str) {
    let text = match text.split_once("://") {
        Some((scheme, rest)) if is_s3(&scheme.to_ascii_lowercase()) => rest,
        _ => text,
    };
    let (name, path) = text.split_once('/').unwrap_or((text, ""));
    (name, path.trim_matches('/'))
}

fn checked(key: &Key, name: &str, path: &str) -> Result<String> {
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
