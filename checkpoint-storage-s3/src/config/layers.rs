//! Which of the keys count for one bucket, as Hadoop decides it.

use checkpoint_storage_api::{Error, ErrorKind, PluginConfig, Result};
use checkpoint_storage_keys::{Key, Recognition, recognize};
use tracing::warn;

use super::KEYS;

const SEATUNNEL_PREFIX: &str = "seatunnel.hadoop.";
/// What the keys of S3A begin with.
const S3A_PREFIX: &str = "fs.s3a.";

/// The keys with the Java engine's prefix taken off; one that is written without it comes first.
pub(super) fn without_prefix(config: &PluginConfig) -> PluginConfig {
    let mut effective = config.clone();
    for (key, value) in config.iter() {
        let Some(bare) = key.strip_prefix(SEATUNNEL_PREFIX) else { continue };
        effective.remove(key);
        if !is_given(config, bare) {
            effective.set(bare, value);
        }
    }
    effective
}

/// The keys as they count for `bucket`: its own replace the general ones. A key of it that is
/// misspelt is [`ErrorKind::InvalidConfig`]; one that is unknown is warned about.
pub(super) fn of_bucket(config: &PluginConfig, bucket: &str) -> Result<PluginConfig> {
    let mut effective = config.clone();
    let prefix = bucket_prefix(bucket);
    for (key, value) in config.iter() {
        let Some(rest) = key.strip_prefix(prefix.as_str()) else { continue };
        let general = format!("{S3A_PREFIX}{rest}");
        match recognize(&general, &spellings()) {
            Recognition::Known => replace(&mut effective, &general, value),
            Recognition::Misspelt(meant) => {
                let meant = meant.strip_prefix(S3A_PREFIX).unwrap_or(meant);
                return Err(Error::new(ErrorKind::InvalidConfig, "open", "this key is misspelt")
                    .with_subject(format_args!("`{key}`"))
                    .with_advice(format!("write `{prefix}{meant}`")));
            }
            Recognition::Unknown(_) => warn!(key, "nobody reads this key of the bucket"),
        }
    }
    Ok(effective)
}

/// What the keys of one bucket begin with.
pub(super) fn bucket_prefix(bucket: &str) -> String {
    format!("{S3A_PREFIX}bucket.{bucket}.")
}

/// The spellings of `key` for one bucket, as they stand in files and keystores.
pub(super) fn spellings_for(key: &Key, bucket: &str) -> Vec<String> {
    let prefix = bucket_prefix(bucket);
    let of_bucket = key
        .spellings()
        .filter_map(|spelling| Some(format!("{prefix}{}", spelling.strip_prefix(S3A_PREFIX)?)));
    of_bucket.chain(key.spellings().map(str::to_owned)).collect()
}

/// Gives a key a value, whatever spelling it had one under before.
pub(super) fn replace(config: &mut PluginConfig, spelling: &str, value: &str) {
    for other in row(spelling).into_iter().flat_map(Key::spellings) {
        config.remove(other);
    }
    config.set(spelling, value);
}

fn is_given(config: &PluginConfig, spelling: &str) -> bool {
    match row(spelling) {
        Some(key) => key.spellings().any(|own| config.get(own).is_some()),
        None => config.get(spelling).is_some(),
    }
}

/// Keys that stand for many are none that a value could be given to.
fn row(spelling: &str) -> Option<&'static Key> {
    KEYS.iter().copied().find(|key| !key.name.ends_with('*') && key.is_spelt(spelling))
}

fn spellings() -> Vec<&'static str> {
    let rows = KEYS.iter().filter(|key| !key.name.ends_with('*'));
    rows.flat_map(|key| key.spellings()).filter(|name| name.starts_with(S3A_PREFIX)).collect()
}
