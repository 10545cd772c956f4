//! What a factory is given to open a storage with.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

/// The keys of `plugin-config`, as they are written. Any value may be a secret: each is erased from
/// memory when it is dropped, and [`Debug`](fmt::Debug) shows the keys only.
///
/// ```
/// use checkpoint_storage_api::PluginConfig;
///
/// let config: PluginConfig = [("s3.bucket", "b"), ("fs.s3a.secret-key", "hush")].into();
/// assert_eq!(config.get("s3.bucket"), Some("b"));
/// assert!(!format!("{config:?}").contains("hush"));
/// ```
#[derive(Clone, Default)]
pub struct PluginConfig(BTreeMap<String, SecretString>);

impl PluginConfig {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.expose_secret())
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
        self.0.iter().map(|(key, value)| (key.as_str(), value.expose_secret()))
    }

    /// Sets a key.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.insert(key.into(), SecretString::from(value.into()));
    }

    /// Takes a key out; whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        self.0.remove(key).is_some()
    }
}

impl PartialEq for PluginConfig {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for PluginConfig {}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for PluginConfig {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(key, value)| (key.into(), SecretString::from(value.into())))
                .collect(),
        )
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
