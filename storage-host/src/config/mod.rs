//! The checkpoint section of `seatunnel.yaml`.
//!
//! Only `seatunnel.engine.checkpoint` is looked at: the rest of the file is the engine's. Values of
//! `plugin-config` are taken as they are written, so that a secret such as `1e10`, `0123` or `yes`
//! stays itself, and are handed to the plugin, which validates its own.
//!
//! `serde_yaml` decides what a file says; it gives no places, so a second, marked parse finds where
//! everything stands. No value that might be secret gets into a message.
//!
//! - `reading`: from a text to values, a configuration, and all that is wrong with it at once
//! - `document`, `marks`, `outline`: the two parses, and the shape of what they found
//! - `repair`: what is not YAML, and how it was probably meant
//! - `environment`, `values`: `${NAME}`, and what a file gives
//! - `review`: what keys are to the plugin that gets them
//! - `effective`: every value and where it came from
//! - `diagnostic`, `source`: how it is shown, without secrets
//! - `settings`: how the host treats a storage

mod diagnostic;
mod document;
mod effective;
mod environment;
mod marks;
mod outline;
mod reading;
mod repair;
mod review;
mod settings;
mod source;
mod values;

use std::path::Path;
use std::time::Duration;

use checkpoint_storage_api::PluginConfig;

use crate::error::Result;

pub use diagnostic::{Diagnostic, Diagnostics, Place, Severity};
pub use effective::{EffectiveValue, ValueSource};
pub use environment::{Environment, process_environment};
pub use reading::ConfigReading;
pub(crate) use review::{Audience, review};
pub use settings::{OnCorrupt, StorageSettings};
pub(crate) use values::Origin;

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
    /// Where it all stands, for errors that come later.
    pub(crate) origin: Origin,
}

impl CheckpointConfig {
    /// Reads a configuration file. The error tells everything that is wrong with it; warnings go to
    /// the log. What only the plugin can tell comes when the storage is opened.
    pub fn load(file: &Path) -> Result<Self> {
        ConfigReading::of_file(file)?.into_config()
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
        ConfigReading::of_text(text, origin, &process_environment).into_config()
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
            ("interval: 5", &["seatunnel.yaml:5:17", "`interval`", "too short", "10"][..]),
            ("interval: soon", &["seatunnel.yaml:5:17", "interval"]),
            ("max-concurrent: 0", &["max-concurrent", "1 or more"]),
            ("storage:\n  max-retained: 0", &["`max-retained`", "seatunnel.yaml:6:"]),
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
    fn aliases_are_followed() {
        let text = "shared: &s3 {s3.bucket: b}\nsize: &n 7\nseatunnel:\n  engine:\n    \
                    checkpoint:\n      storage:\n        max-retained: *n\n        \
                    plugin-config: *s3\n";
        let storage = CheckpointConfig::from_yaml(text, "x").expect("valid").storage;
        assert_eq!((storage.max_retained, storage.plugin_config.get("s3.bucket")), (7, Some("b")));
    }

    #[test]
    fn what_lies_beside_the_section_may_hold_anything_that_is_yaml() {
        let text = "seatunnel:\n  engine:\n    note: |\n      a\n      \tb\n    \
                    checkpoint:\n      interval: 6000\nother: [{a: !b c}]\n";
        let config = CheckpointConfig::from_yaml(text, "x").expect("valid");
        assert_eq!(config.interval.as_millis(), 6000);
    }

    #[test]
    fn an_error_shows_no_value_of_plugin_config() {
        for lines in [
            "fs.s3a.secret-key: [hush]",
            "secret: hush\nsecret: hush2",
            "fs.s3a.secret-key:\n  inner: hush",
        ] {
            let error = plugin_config(lines).expect_err(lines).to_string();
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
