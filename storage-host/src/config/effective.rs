//! The effective configuration: every value, and where it came from.

use std::fmt;

use checkpoint_storage_api::ConfigKey;
use checkpoint_storage_keys::{ALL, Key, Section, Value, rows::storage};

use super::reading::ConfigReading;
use super::review::Audience;
use super::source::{MASK, shown};
use super::values::{Given, Origin};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSource {
    /// It stands in the file, in this line.
    File(usize),
    /// It came from these variables of the environment, which the file names in this line.
    Environment(Vec<String>, usize),
    /// Nothing was given.
    Default,
}

impl fmt::Display for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(line) => write!(f, "line {line}"),
            Self::Environment(variables, line) => {
                write!(f, "environment {} (line {line})", variables.join(", "))
            }
            Self::Default => f.write_str("default"),
        }
    }
}

/// A key with the value that it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveValue {
    /// The key, from `checkpoint` on, as documentation spells it.
    pub key: String,
    /// Its value; `None` if it has none. One that may be secret is not shown.
    pub value: Option<String>,
    /// Where the value came from.
    pub source: ValueSource,
    /// Whether nothing reads it.
    pub is_ignored: bool,
}

impl ConfigReading {
    /// Every key that matters to the plugin, with its value, in the order of the reference; then
    /// what the file gives besides.
    pub(crate) fn effective(&self, audience: Option<Audience<'_>>) -> Vec<EffectiveValue> {
        let storage_config = &self.config().storage;
        let origin = &storage_config.origin;
        let declared = audience.map_or(&[][..], |audience| audience.declared);
        let is_wanted = |row: &Key| match audience {
            Some(audience) => row.is_read_by(audience.name),
            None => row.section != Section::PluginConfig || origin.of(row).next().is_some(),
        };
        let is_declared = |spelling: &str| {
            declared.iter().find(|key| {
                key.name == spelling || key.aliases.iter().any(|alias| alias == spelling)
            })
        };
        let rows: Vec<&Key> = ALL
            .iter()
            .copied()
            .filter(|row| row.value != Value::Section && !row.name.ends_with('*'))
            .filter(|row| is_wanted(row))
            .collect();
        let mut values: Vec<_> = rows.iter().map(|row| of_row(row, origin)).collect();
        let is_row = |spelling: &str| rows.iter().any(|row| row.is_spelt(spelling));
        let from_outside = declared.iter().filter(|key| !is_row(&key.name));
        values.extend(from_outside.map(|key| of_declared(key, origin)));
        let others = origin.given().iter().filter(|given| {
            given.section == Section::PluginConfig
                && !is_row(&given.key)
                && is_declared(&given.key).is_none()
        });
        values.extend(others.map(|given| of_other(given, audience)));
        values
    }
}

fn of_row(row: &Key, origin: &Origin) -> EffectiveValue {
    let given = origin.of(row).next();
    let value = match given {
        Some(given) => shown(&given.key, given.text()).or_else(|| Some(MASK.to_owned())),
        None => row.default.map(str::to_owned),
    };
    EffectiveValue { key: row.path(), value, source: source_of(given), is_ignored: false }
}

/// What a plugin declares beside the table.
fn of_declared(key: &ConfigKey, origin: &Origin) -> EffectiveValue {
    let spellings = || std::iter::once(&key.name).chain(&key.aliases);
    let given = origin.given().iter().find(|given| {
        given.section == Section::PluginConfig
            && !given.is_nothing()
            && spellings().any(|spelling| *spelling == given.key)
    });
    let value = match given {
        Some(_) if key.secret => Some(MASK.to_owned()),
        Some(given) => Some(super::source::without_user_info(given.text())),
        None => key.default.clone(),
    };
    let path = format!("{}{}", Section::PluginConfig.prefix(), key.name);
    EffectiveValue { key: path, value, source: source_of(given), is_ignored: false }
}

/// What the file gives and no row with a value of its own is about.
fn of_other(given: &Given, audience: Option<Audience<'_>>) -> EffectiveValue {
    let is_read = audience.is_none_or(|audience| {
        audience.declared.is_empty()
            || ALL.iter().any(|row| {
                row.section == Section::PluginConfig
                    && row.is_read_by(audience.name)
                    && row.is_spelt(&given.key)
            })
    });
    EffectiveValue {
        key: format!("{}{}", given.section.prefix(), given.key),
        value: Some(MASK.to_owned()),
        source: source_of(Some(given)),
        is_ignored: !is_read && !storage::DISABLE_CACHE.is_spelt(&given.key),
    }
}

fn source_of(given: Option<&Given>) -> ValueSource {
    let Some(given) = given else { return ValueSource::Default };
    let line = given.key_place.as_ref().map_or(0, |place| place.line);
    match &given.variables[..] {
        [] => ValueSource::File(line),
        variables => ValueSource::Environment(variables.to_vec(), line),
    }
}
