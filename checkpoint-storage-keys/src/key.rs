//! A row of the table.

use checkpoint_storage_api::{ConfigKey, Error, ErrorKind, PluginConfig, Result};

use crate::values::{Unfit, Value};

/// Which part of the file a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Section {
    /// `seatunnel.engine.checkpoint`
    Checkpoint,
    /// `seatunnel.engine.checkpoint.storage`
    Storage,
    /// `seatunnel.engine.checkpoint.storage.plugin-config`
    PluginConfig,
}

impl Section {
    /// The way from `checkpoint` to the section's keys.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Checkpoint => "",
            Self::Storage => "storage.",
            Self::PluginConfig => "storage.plugin-config.",
        }
    }

    /// The key whose value the section is.
    pub fn name(self) -> &'static str {
        match self {
            Self::Checkpoint => "checkpoint",
            Self::Storage => "storage",
            Self::PluginConfig => "plugin-config",
        }
    }
}

/// Who acts on a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The engine's coordinator.
    Engine,
    /// The host or the plugin, whatever the plugin.
    EveryStorage,
    /// The choice within `type: hdfs`.
    HadoopFamily,
    /// The plugins of these names.
    Plugins(&'static [&'static str]),
}

/// A key: everything there is to know about it.
#[derive(Debug)]
pub struct Key {
    /// The spelling that documentation uses. One that ends in `.*` stands for all that begin so.
    pub name: &'static str,
    /// Spellings with the same meaning.
    pub aliases: &'static [&'static str],
    /// Spellings that people write for it and that mean nothing.
    pub confusions: &'static [&'static str],
    /// Where it is written.
    pub section: Section,
    /// Who acts on it.
    pub reader: Reader,
    /// What its value may be.
    pub value: Value,
    /// What its absence stands for.
    pub default: Option<&'static str>,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// A key without which it means nothing.
    pub needs: Option<&'static str>,
    /// Keys that can lead to its value where it is not given itself, such as a keystore's.
    pub within: &'static [&'static str],
    /// What it is for, in a sentence or two.
    pub meaning: &'static str,
}

impl Key {
    pub(crate) const fn new(
        section: Section,
        reader: Reader,
        name: &'static str,
        value: Value,
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            aliases: &[],
            confusions: &[],
            section,
            reader,
            value,
            default: None,
            secret: false,
            needs: None,
            within: &[],
            meaning,
        }
    }

    pub(crate) const fn or(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(crate) const fn not(mut self, confusions: &'static [&'static str]) -> Self {
        self.confusions = confusions;
        self
    }

    pub(crate) const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    pub(crate) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    pub(crate) const fn needs(mut self, other: &'static str) -> Self {
        self.needs = Some(other);
        self
    }

    pub(crate) const fn within(mut self, others: &'static [&'static str]) -> Self {
        self.within = others;
        self
    }

    /// The way to it from `checkpoint`.
    pub fn path(&self) -> String {
        format!("{}{}", self.section.prefix(), self.name)
    }

    /// All spellings, the documented one first.
    pub fn spellings(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// Whether `spelling` means this key.
    pub fn is_spelt(&self, spelling: &str) -> bool {
        self.spellings().any(|own| match own.strip_suffix('*') {
            Some(prefix) => spelling.len() > prefix.len() && spelling.starts_with(prefix),
            None => own == spelling,
        })
    }

    /// Whether a storage of the plugin `plugin` acts on it.
    pub fn is_read_by(&self, plugin: &str) -> bool {
        match self.reader {
            Reader::Plugins(names) => names.contains(&plugin),
            Reader::Engine | Reader::EveryStorage | Reader::HadoopFamily => true,
        }
    }

    /// The value that `config` gives it, under whatever spelling; empty is as good as absent. Two
    /// spellings with different values are [`ErrorKind::InvalidConfig`].
    pub fn given<'c>(&self, config: &'c PluginConfig) -> Result<Option<&'c str>> {
        let given: Vec<_> =
            self.spellings().filter_map(|spelling| config.get_any(&[spelling])).collect();
        match given[..] {
            [(first, value), .., (second, other)] if value != other => {
                Err(self.unfit(self.contradiction(first, second)))
            }
            _ => Ok(given.first().map(|(_, value)| *value)),
        }
    }

    /// The same, or the default, read by `read`; an [`ErrorKind::InvalidConfig`] that names the key
    /// if it does not fit.
    pub fn read<'c, T>(
        &self,
        config: &'c PluginConfig,
        read: impl FnOnce(&'c str) -> Result<T, Unfit>,
    ) -> Result<T> {
        let text = self.given(config)?.or(self.default).unwrap_or_default();
        read(text).map_err(|unfit| self.unfit(unfit))
    }

    /// What is wrong when two spellings of a key have different values.
    pub fn contradiction(&self, first: &str, second: &str) -> Unfit {
        let problem = match first == second {
            true => format!("`{first}` is given twice, with different values"),
            false => format!("`{first}` and `{second}` mean the same and have different values"),
        };
        Unfit::new(problem, format!("keep one `{}`, with the value that is meant", self.name))
    }

    fn unfit(&self, unfit: Unfit) -> Error {
        Error::new(ErrorKind::InvalidConfig, "open", unfit.problem)
            .with_subject(format_args!("`{}`", self.name))
            .with_advice(unfit.advice)
    }
}

impl From<&Key> for ConfigKey {
    fn from(key: &Key) -> Self {
        Self {
            name: key.name.to_owned(),
            aliases: key.aliases.iter().map(|&alias| alias.to_owned()).collect(),
            default: key.default.map(str::to_owned),
            secret: key.secret,
            description: key.meaning.to_owned(),
        }
    }
}
