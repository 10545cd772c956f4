//! What a factory is given to open a storage with.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The keys of `plugin-config`, as they are written. Values may be secrets: [`Debug`](fmt::Debug)
/// shows the keys only.
///
/// ```
/// use checkpoint_storage_api::PluginConfig;
///
/// let config: PluginConfig = [("s3.bucket", "b"), ("fs.s3a.secret-key", "hush")].into();
/// assert_eq!(config.get("s3.bucket"), Some("b"));
/// assert!(!format!("{config:?}").contains("hush"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PluginConfig(BTreeMap<String, String>);

impl PluginConfig {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The first of several spellings of a key that has a value that is not empty, and the value.
    pub fn get_any<'k>(&self, spellings: &[&'k str]) -> Option<(&'k str, &str)> {
        spellings
            .iter()
            .filter_map(|key| self.get(key).map(|value| (*key, value)))
            .find(|(_, value)| !value.is_empty())
    }

    /// All keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All keys and values, in order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Sets a key.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.insert(key.into(), value.into());
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<String> {
        self.0.remove(key)
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for PluginConfig {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for PluginConfig {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl fmt::Debug for PluginConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.keys().map(|key| (key, "***"))).finish()
    }
}

/// How a storage is to be opened, whatever its configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenOptions {
    /// Nothing may be written, created or reclaimed: every change answers
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly).
    pub read_only: bool,
    /// How long the caller waits for one call before it drops it. A plugin that retries does so
    /// within it.
    pub operation_timeout: Option<Duration>,
}

/// A key of `plugin-config` that a plugin understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigKey {
    /// The key as documentation spells it.
    pub name: String,
    /// Other spellings with the same meaning.
    pub aliases: Vec<String>,
    /// The value that its absence stands for.
    pub default: Option<String>,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// What it means, in a sentence.
    pub description: String,
}
