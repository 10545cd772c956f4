//! Keys and values as Hadoop reads them: from XML files, with variables in the values.

mod variables;
mod xml;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::Error;

/// Environment variables by name, and the like.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Keys and values, the later ones before the earlier. Values may be secrets: `Debug` shows the keys
/// only.
///
/// ```
/// use hadoop_configuration::SiteConfiguration;
///
/// let mut site = SiteConfiguration::default();
/// site.set("cluster", "blue");
/// site.set("fs.defaultFS", "hdfs://${cluster}.example.org:${env.PORT:-8020}");
/// let expanded = site.expanded(&|_| None);
/// assert_eq!(expanded.get("fs.defaultFS"), Some("hdfs://blue.example.org:8020"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SiteConfiguration {
    values: BTreeMap<String, Value>,
}

#[derive(Clone, PartialEq, Eq)]
struct Value {
    text: String,
    /// No later file may replace it.
    is_final: bool,
}

impl SiteConfiguration {
    /// Adds what an XML file of Hadoop's says (`<configuration><property>…`), files that it includes
    /// as well. A value that an earlier file declared final stays.
    ///
    /// # Errors
    ///
    /// [`Unreadable`](crate::ErrorKind::Unreadable) for a file that cannot be read,
    /// [`Damaged`](crate::ErrorKind::Damaged) for one that is no XML of this form, with the line.
    pub fn add_file(&mut self, path: &Path) -> Result<(), Error> {
        for property in xml::read(path)? {
            self.add(property);
        }
        Ok(())
    }

    fn add(&mut self, property: xml::Property) {
        let xml::Property { name, value, is_final } = property;
        if self.values.get(&name).is_none_or(|value| !value.is_final) {
            self.values.insert(name, Value { text: value, is_final });
        }
    }

    /// Gives a key a value, whatever a file says.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.values.insert(key.into(), Value { text: value.into(), is_final: false });
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(|value| value.text.as_str())
    }

    /// All keys and values, in order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(key, value)| (key.as_str(), value.text.as_str()))
    }

    /// The same with every `${…}` in a value replaced, as Hadoop does it: by another key's value, or
    /// for `${env.NAME}` by an environment variable, with `${env.NAME:-TEXT}` or `${env.NAME-TEXT}`
    /// by TEXT where it is empty or not set. What nothing is known for stays as it is written.
    #[must_use]
    pub fn expanded(&self, environment: Lookup<'_>) -> Self {
        let expand = |value: &Value| Value {
            text: variables::expand(&value.text, &|key| self.get(key), environment),
            is_final: value.is_final,
        };
        let values = self.values.iter().map(|(key, value)| (key.clone(), expand(value)));
        Self { values: values.collect() }
    }
}

impl fmt::Debug for SiteConfiguration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(name: &str, value: &str, is_final: bool) -> xml::Property {
        xml::Property { name: name.to_owned(), value: value.to_owned(), is_final }
    }

    #[test]
    fn the_later_value_counts_unless_the_earlier_is_final() {
        let mut site = SiteConfiguration::default();
        site.add(property("a", "1", false));
        site.add(property("b", "1", true));
        site.add(property("a", "2", false));
        site.add(property("b", "2", false));
        assert_eq!((site.get("a"), site.get("b")), (Some("2"), Some("1")));
        site.set("b", "3");
        assert_eq!(site.get("b"), Some("3"), "who sets it knows better than any file");
    }

    #[test]
    fn no_debug_shows_a_value() {
        let mut site = SiteConfiguration::default();
        site.set("key", "hush");
        assert_eq!(format!("{site:?}"), "{\"key\"}");
    }
}
