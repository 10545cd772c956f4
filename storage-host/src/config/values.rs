//! The values of a file: as they are written, with the environment put in, and where they stand.

use std::fmt;
use std::sync::Arc;

use checkpoint_storage_keys::{Key, Section};
use secrecy::{ExposeSecret as _, SecretString};

use super::diagnostic::Place;

/// A value that a file gives.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) section: Section,
    pub(super) key: String,
    pub(super) text: SecretString,
    /// The environment's variables that are part of it.
    pub(super) variables: Vec<String>,
    pub(super) key_place: Option<Place>,
    pub(super) value_place: Option<Place>,
}

impl Given {
    pub(super) fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// Whether it is as good as not given: a plain nothing, in one of YAML's spellings.
    pub(super) fn is_nothing(&self) -> bool {
        let text = self.text();
        text.is_empty() || (self.section != Section::PluginConfig && matches!(text, "~" | "null"))
    }
}

/// All values of a file, and what the file is called. Two configurations are equal whatever files
/// they came from.
#[derive(Clone, Default)]
pub(crate) struct Origin(Option<Arc<Source>>);

struct Source {
    name: String,
    given: Vec<Given>,
    unreadable: Vec<(Section, String)>,
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Origin {
    pub(super) fn new(name: &str, given: Vec<Given>, unreadable: Vec<(Section, String)>) -> Self {
        Self(Some(Arc::new(Source { name: name.to_owned(), given, unreadable })))
    }

    /// What the file is called.
    pub(crate) fn name(&self) -> &str {
        self.0.as_ref().map_or("the configuration", |source| &source.name)
    }

    pub(super) fn given(&self) -> &[Given] {
        self.0.as_ref().map_or(&[], |source| &source.given)
    }

    /// What the file gives a key, under whatever spelling.
    pub(super) fn of<'o>(&'o self, key: &'o Key) -> impl Iterator<Item = &'o Given> {
        self.given().iter().filter(|given| {
            given.section == key.section && key.is_spelt(&given.key) && !given.is_nothing()
        })
    }

    /// Whether the file tries to give a key a value that cannot be read.
    pub(super) fn is_unreadable(&self, key: &Key) -> bool {
        self.0.as_ref().is_some_and(|source| {
            source
                .unreadable
                .iter()
                .any(|(section, spelling)| *section == key.section && key.is_spelt(spelling))
        })
    }

    /// Where a spelling of `plugin-config` stands.
    pub(super) fn key_place(&self, spelling: &str) -> Option<Place> {
        self.in_plugin_config(spelling)?.key_place.clone()
    }

    /// Where its value stands.
    pub(crate) fn value_place(&self, spelling: &str) -> Option<Place> {
        self.in_plugin_config(spelling)?.value_place.clone()
    }

    fn in_plugin_config(&self, spelling: &str) -> Option<&Given> {
        self.given()
            .iter()
            .find(|given| given.section == Section::PluginConfig && given.key == spelling)
    }
}
