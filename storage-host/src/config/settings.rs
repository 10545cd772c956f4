//! The keys of `plugin-config` that are the host's, whatever the plugin.

use std::time::Duration;

use checkpoint_storage_api::PluginConfig;

/// What a restore does when the latest checkpoint is corrupt (contract 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnCorrupt {
    /// It fails, and names the corrupt checkpoint.
    #[default]
    Fail,
    /// It takes the newest checkpoint that can be read, with a warning.
    Previous,
}

/// How the host treats a storage, whatever its plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageSettings {
    /// `on-corrupt`.
    pub on_corrupt: OnCorrupt,
    /// `operation-timeout`: how long one call may take.
    pub operation_timeout: Duration,
    /// `read-only`: nothing is changed.
    pub read_only: bool,
}

impl Default for StorageSettings {
    fn default() -> Self {
        Self {
            on_corrupt: OnCorrupt::default(),
            operation_timeout: Duration::from_secs(30),
            read_only: false,
        }
    }
}

impl StorageSettings {
    /// Takes the host's keys out of a plugin's. An error names the key and says what is wrong.
    pub(super) fn take_from(config: &mut PluginConfig) -> Result<Self, (&'static str, String)> {
        let mut settings = Self::default();
        let mut take = |key| config.remove(key).filter(|value| !value.is_empty());
        if let Some(value) = take("on-corrupt") {
            settings.on_corrupt = match value.as_str() {
                "fail" => OnCorrupt::Fail,
                "previous" => OnCorrupt::Previous,
                _ => return Err(("on-corrupt", "write `fail` or `previous`".into())),
            };
        }
        if let Some(value) = take("operation-timeout") {
            settings.operation_timeout =
                duration(&value).filter(|timeout| !timeout.is_zero()).ok_or((
                    "operation-timeout",
                    "write a time such as `30s`, or milliseconds".into(),
                ))?;
        }
        if let Some(value) = take("read-only") {
            settings.read_only =
                value.parse().map_err(|_| ("read-only", "write `true` or `false`".to_owned()))?;
        }
        Ok(settings)
    }
}

fn duration(text: &str) -> Option<Duration> {
    match text.parse() {
        Ok(milliseconds) => Some(Duration::from_millis(milliseconds)),
        Err(_) => humantime::parse_duration(text).ok(),
    }
}
