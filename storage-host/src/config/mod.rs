//! The checkpoint section of `seatunnel.yaml`.
//!
//! Only `seatunnel.engine.checkpoint` is looked at: the rest of the file is the engine's. Values of
//! `plugin-config` are taken as they are written, so that a secret such as `1e10`, `0123` or `yes`
//! stays itself, and are handed to the plugin, which validates its own.

mod document;
mod settings;

use std::path::Path;
use std::time::Duration;

use checkpoint_storage_api::PluginConfig;

use crate::error::{Error, Result};

pub use settings::{OnCorrupt, StorageSettings};

/// The storage type where none is given, as in the Java engine.
const DEFAULT_STORAGE_TYPE: &str = "localfile";

/// The checkpoint section of an engine's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointConfig {
    /// The time from one checkpoint's trigger to the next one's.
    pub interval: Duration,
    /// How long one checkpoint may take, from its trigger until it is stored.
    pub timeout: Duration,
    /// How many checkpoints may be under way at once.
    pub max_concurrent: u32,
    /// How many checkpoints in a row may fail before the job does.
    pub tolerable_failure: u32,
    /// Where checkpoints are kept.
    pub storage: StorageConfig,
}

/// Where checkpoints are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct StorageConfig {
    /// `type`: the name of a plugin, or `hdfs` for the Hadoop family.
    pub plugin_type: String,
    /// How many checkpoints of each pipeline to keep.
    pub max_retained: u32,
    /// What of `plugin-config` is the plugin's.
    pub plugin_config: PluginConfig,
    /// What of `plugin-config` is the host's.
    pub settings: StorageSettings,
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self {
            plugin_type: DEFAULT_STORAGE_TYPE.to_owned(),
            max_retained: 20,
            plugin_config: PluginConfig::default(),
            settings: StorageSettings::default(),
        }
    }
}

impl Default for CheckpointConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(300),
            timeout: Duration::from_secs(30),
            max_concurrent: 1,
            tolerable_failure: 0,
            storage: StorageConfig::default(),
        }
    }
}

impl CheckpointConfig {
    /// Reads a configuration file.
    pub fn load(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            Error::config(file.display(), format!("the configuration cannot be read: {error}"))
                .with_advice("name the file with -c")
        })?;
        Self::from_yaml(&text, &file.display().to_string())
    }

    /// Reads a configuration; `origin` is what errors call it.
    ///
    /// ```
    /// # use storage_host::CheckpointConfig;
    /// let text = "
    /// seatunnel:
    ///   engine:
    ///     checkpoint:
    ///       interval: 6000
    ///       storage:
    ///         type: hdfs
    ///         plugin-config:
    ///           storage-type: local
    /// ";
    /// let config = CheckpointConfig::from_yaml(text, "example")?;
    /// assert_eq!(config.storage.plugin_config.get("storage-type"), Some("local"));
    /// # Ok::<_, storage_host::Error>(())
    /// ```
    pub fn from_yaml(text: &str, origin: &str) -> Result<Self> {
        let section = document::checkpoint_section(text, origin)?;
        let at = |key: &str| format!("{origin}: seatunnel.engine.checkpoint.{key}");
        let defaults = Self::default();
        let (mut plugin_config, storage) = match section.storage {
            Some(mut storage) => (storage.plugin_config.take().unwrap_or_default().0, storage),
            None => Default::default(),
        };
        let settings =
            StorageSettings::take_from(&mut plugin_config).map_err(|(key, reason)| {
                Error::config(at(&format!("storage.plugin-config.{key}")), reason)
            })?;
        let milliseconds = |key: &str, given: Option<u64>, default: Duration| match given {
            None => Ok(default),
            Some(ms) if ms >= 10 => Ok(Duration::from_millis(ms)),
            Some(ms) => Err(Error::config(at(key), format!("{ms} ms is too short"))
                .with_advice("write 10 (milliseconds) or more")),
        };
        let at_least_one = |key: &str, given: Option<u32>, default: u32| match given {
            Some(0) => Err(Error::config(at(key), "it is 0").with_advice("write 1 or more")),
            given => Ok(given.unwrap_or(default)),
        };
        let plugin_type = storage.plugin_type.filter(|name| !name.is_empty());
        Ok(Self {
            interval: milliseconds("interval", section.interval, defaults.interval)?,
            timeout: milliseconds("timeout", section.timeout, defaults.timeout)?,
            max_concurrent: at_least_one(
                "max-concurrent",
                section.max_concurrent,
                defaults.max_concurrent,
            )?,
            tolerable_failure: section.tolerable_failure.unwrap_or(defaults.tolerable_failure),
            storage: StorageConfig {
                plugin_type: plugin_type.unwrap_or(defaults.storage.plugin_type),
                max_retained: at_least_one(
                    "storage.max-retained",
                    storage.max_retained,
                    defaults.storage.max_retained,
                )?,
                plugin_config,
                settings,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(checkpoint: &str) -> Result<CheckpointConfig> {
        let indented: String = checkpoint.lines().map(|line| format!("      {line}\n")).collect();
        let yaml =
            format!("seatunnel:\n  engine:\n    backup-count: 1\n    checkpoint:\n{indented}");
        CheckpointConfig::from_yaml(&yaml, "seatunnel.yaml")
    }

    fn plugin_config(lines: &str) -> Result<CheckpointConfig> {
        let indented: String = lines.lines().map(|line| format!("    {line}\n")).collect();
        with(&format!("storage:\n  type: hdfs\n  plugin-config:\n{indented}"))
    }

    #[test]
    fn the_document_s_sample_is_read() {
        let config = with(
            "interval: 6000\ntimeout: 7000\nmax-concurrent: 5\ntolerable-failure: 2\nstorage:\n  \
             type: hdfs\n  max-retained: 3\n  plugin-config:\n    storage-type: s3\n    \
             s3.bucket: your-bucket\n",
        )
        .expect("valid");
        assert_eq!((config.interval.as_millis(), config.timeout.as_millis()), (6000, 7000));
        assert_eq!((config.max_concurrent, config.tolerable_failure), (5, 2));
        assert_eq!((config.storage.plugin_type.as_str(), config.storage.max_retained), ("hdfs", 3));
        assert_eq!(config.storage.plugin_config.get("s3.bucket"), Some("your-bucket"));
    }

    #[test]
    fn what_is_left_out_has_the_document_s_defaults() {
        for text in ["", "seatunnel:\n", "seatunnel:\n  engine:\n    backup-count: 1\n", "other: 1"]
        {
            let config = CheckpointConfig::from_yaml(text, "x").expect(text);
            assert_eq!(config, CheckpointConfig::default(), "{text:?}");
        }
        let config = with("storage:\n  type: hdfs\n").expect("valid");
        assert_eq!(config.storage.max_retained, 20);
        assert_eq!(config.interval.as_millis(), 300_000);
    }

    #[test]
    fn scalars_of_plugin_config_stay_as_they_are_written() {
        let config = plugin_config(
            "a: 1e10\nb: 0123\nc: yes\nd: ~\ne: \"q\"\nf: # nothing\ng: 1.50\nh: null",
        )
        .expect("valid");
        let get = |key| config.storage.plugin_config.get(key);
        assert_eq!([get("a"), get("b"), get("c")], [Some("1e10"), Some("0123"), Some("yes")]);
        assert_eq!([get("e"), get("f"), get("g")], [Some("q"), Some(""), Some("1.50")]);
        assert_eq!([get("d"), get("h")], [Some("~"), Some("null")]);
    }

    #[test]
    fn the_host_s_keys_are_taken_out() {
        let config = plugin_config("on-corrupt: previous\noperation-timeout: 2s\nread-only: true")
            .expect("valid");
        assert_eq!(config.storage.plugin_config.keys().count(), 0);
        assert_eq!(
            config.storage.settings,
            StorageSettings {
                on_corrupt: OnCorrupt::Previous,
                operation_timeout: Duration::from_secs(2),
                read_only: true,
            }
        );
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, parts) in [
            ("interval: 5", &["checkpoint.interval", "too short", "10"][..]),
            ("interval: soon", &["seatunnel.yaml:5:17", "interval"]),
            ("max-concurrent: 0", &["checkpoint.max-concurrent", "1 or more"]),
            ("storage:\n  max-retained: 0", &["checkpoint.storage.max-retained"]),
            (
                "storage:\n  plugin-config:\n    on-corrupt: never",
                &["on-corrupt", "fail", "previous"],
            ),
            (
                "storage:\n  plugin-config:\n    operation-timeout: 1 fortnight",
                &["operation-timeout"],
            ),
            ("storage:\n  plugin-config:\n    a: 1\n    a: 2", &["`a`", "twice"]),
            ("storage: [", &["seatunnel.yaml:"]),
        ] {
            let error = with(text).expect_err(text).to_string();
            for part in parts {
                assert!(error.contains(part), "{error}: no {part:?}");
            }
        }
    }

    #[test]
    fn an_error_shows_no_value_of_plugin_config() {
        for lines in ["secret: [hush]", "secret: hush\nsecret: hush2", "secret:\n  inner: hush"] {
            let error = plugin_config(lines).expect_err(lines).to_string();
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
