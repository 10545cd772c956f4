//! A file that was read: its values, its configuration, and all that is wrong with it at once.

use std::path::Path;

use checkpoint_storage_api::PluginConfig;
use checkpoint_storage_keys::rows::{engine, storage};
use checkpoint_storage_keys::{ALL, Key, Recognition, Section, Unfit, recognize, values};

use super::diagnostic::{Diagnostic, Diagnostics, Place};
use super::environment::{Environment, expand, process_environment};
use super::marks::{self, Mark};
use super::outline::{Marked, Outline};
use super::repair::{self, Repair};
use super::review::{Audience, misplaced, misspelt, review, unknown};
use super::source::{called, masked};
use super::values::{Given, Origin};
use super::{CheckpointConfig, OnCorrupt, StorageConfig, StorageSettings, document};
use crate::error::{Error, Result};

/// The keys of `plugin-config` that are the host's own; plugins do not get them.
const HOST_KEYS: [&Key; 3] =
    [&storage::ON_CORRUPT, &storage::OPERATION_TIMEOUT, &storage::READ_ONLY];

/// A configuration that was read, whether it can be used or not.
///
/// ```
/// use storage_host::config::ConfigReading;
///
/// let text = "seatunnel: {engine: {checkpoint: {intervall: 6000, timeout: 7s}}}";
/// let reading = ConfigReading::of_text(text, "seatunnel.yaml", &|_| None);
/// let messages: Vec<_> =
///     reading.diagnostics().iter().map(|one| one.message.clone()).collect();
/// assert_eq!(messages, [
///     "`intervall` is not known; `interval` is",
///     "`timeout`: the unit is fixed: milliseconds",
/// ]);
/// ```
#[derive(Debug)]
pub struct ConfigReading {
    config: CheckpointConfig,
    diagnostics: Diagnostics,
}

impl ConfigReading {
    /// Reads a file, with this process's environment.
    pub fn of_file(file: &Path) -> Result<Self> {
        let failed = |reason: String| Error::config(file.display(), reason);
        let bytes = std::fs::read(file).map_err(|error| {
            failed(format!("the configuration cannot be read: {error}"))
                .with_advice("name the file with -c")
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
                .iter()
                .filter(|&&byte| byte == b'\n')
                .count();
            failed(format!("line {} is not UTF-8", line + 1)).with_advice("save the file as UTF-8")
        })?;
        Ok(Self::of_text(&text, &file.display().to_string(), &process_environment))
    }

    /// Reads a text; `origin` is what messages call it.
    pub fn of_text(text: &str, origin: &str, environment: Environment<'_>) -> Self {
        // A carriage return alone ends a line in YAML as well.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut reader =
            Reader { lines: text.lines().collect(), shifts: Vec::new(), found: Vec::new() };
        let values = reader.values(&text, origin, environment);
        let config = reader.config(&values);
        Self { config, diagnostics: Diagnostics::new(origin, reader.found) }
    }

    /// What is wrong, as far as it was looked at.
    pub fn diagnostics(&self) -> &Diagnostics {
        &self.diagnostics
    }

    /// The configuration; where a value is wrong, it has its default.
    pub fn config(&self) -> &CheckpointConfig {
        &self.config
    }

    /// Makes an error of every warning.
    pub fn deny_warnings(&mut self) {
        self.diagnostics.deny_warnings();
    }

    /// Looks at `plugin-config` as the plugin that gets it sees it.
    pub(crate) fn review(&mut self, audience: Option<Audience<'_>>) {
        let StorageConfig { plugin_config, origin, .. } = &self.config.storage;
        let mut found: Vec<_> = self.diagnostics.iter().cloned().collect();
        found.extend(review(plugin_config, origin, audience));
        self.diagnostics = Diagnostics::new(self.diagnostics.origin(), found);
    }

    /// The same, or an error that tells all that is wrong.
    pub fn refuse_errors(self) -> Result<Self> {
        match self.diagnostics.has_errors() {
            true => Err(Error::of_diagnostics(self.diagnostics)),
            false => Ok(self),
        }
    }

    /// The configuration, unless something is wrong; warnings go to the log.
    pub fn into_config(self) -> Result<CheckpointConfig> {
        let reading = self.refuse_errors()?;
        reading.diagnostics.log_warnings();
        Ok(reading.config)
    }
}

struct Reader<'t> {
    /// As they are in the file.
    lines: Vec<&'t str>,
    /// How much further left than in the file a repaired line begins.
    shifts: Vec<isize>,
    found: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// All values, with the environment put in.
    fn values(&mut self, text: &str, name: &str, environment: Environment<'_>) -> Origin {
        let Some((mut outline, written)) = self.parse(text) else {
            return Origin::new(name, Vec::new(), Vec::new());
        };
        let mut unreadable = std::mem::take(&mut outline.unreadable);
        let mut marked = &outline.marked[..];
        self.found.extend(outline.diagnostics.iter().cloned());
        if written.is_empty() && self.found.is_empty() {
            let message = "nothing stands below `seatunnel.engine.checkpoint`: the defaults apply";
            self.found
                .push(Diagnostic::warning("", message).help("is it the file that was meant?"));
        }
        let mut all = Vec::new();
        for one in written {
            // Both parses go through the file in the same order.
            let is_it = |marks: &Marked| marks.section == one.section && marks.key == one.key;
            let at = marked.iter().position(is_it);
            let marks = at.map(|at| &marked[at]);
            marked = &marked[at.map_or(0, |at| at + 1)..];
            let mut given = Given {
                section: one.section,
                key: one.key,
                text: String::new().into(),
                variables: Vec::new(),
                key_place: marks.map(|marks| self.place(marks.key_mark)),
                value_place: marks.map(|marks| self.place(marks.value_mark)),
            };
            match expand(&one.text, environment) {
                Ok(expanded) => {
                    given.text = expanded.text.into();
                    given.variables = expanded.variables;
                }
                Err(unfit) => {
                    self.unfit(&path_of(&given), unfit, given.value_place.clone());
                    unreadable.push((given.section, given.key.clone()));
                }
            }
            all.push(given);
        }
        Origin::new(name, all, unreadable)
    }

    /// Both parses; if they fail, those of the text as it was probably meant.
    fn parse(&mut self, text: &str) -> Option<(Outline, Vec<document::Written>)> {
        if let Ok(root) = marks::parse(text) {
            let outline = Outline::of(root.as_ref(), &|mark| self.place(mark));
            // The blanks of a web page are no YAML blanks, but valid beginnings of keys.
            let is_off = outline.marked.is_empty() || outline.has_indented_keys();
            if !(is_off && text.lines().any(repair::has_odd_margin)) {
                return self.read(outline, text);
            }
        }
        let repair = repair::repair(text);
        let root = marks::parse(&repair.text);
        self.report(&repair, root.is_ok());
        match root {
            Ok(root) => {
                self.shifts = shifts(&self.lines, &repair.text);
                let outline = Outline::of(root.as_ref(), &|mark| self.place(mark));
                self.read(outline, &repair.text)
            }
            Err(error) => {
                let place = Some(self.place(error.mark));
                self.found.push(Diagnostic::error("", error.reason).at(place).help(error.help));
                None
            }
        }
    }

    /// What a repair mended; lines with the same mistake are told together.
    fn report(&mut self, repair: &Repair, is_mended: bool) {
        let mut told: Vec<&str> = Vec::new();
        for mistake in &repair.mistakes {
            if told.contains(&mistake.message.as_str()) {
                continue;
            }
            told.push(&mistake.message);
            let same = repair.mistakes.iter().filter(|other| other.message == mistake.message);
            let others: Vec<_> = same.skip(1).map(|other| other.line.to_string()).collect();
            let mut help = mistake.help.to_owned();
            if !others.is_empty() {
                help.push_str(&format!("; the same in line {}", others.join(", ")));
            }
            let mark = Mark { line: mistake.line, column: mistake.column, len: mistake.len };
            let place = Some(self.place(mark));
            self.found.push(Diagnostic::error("", mistake.message.clone()).at(place).help(help));
        }
        if is_mended && let Some(last) = self.found.last_mut() {
            last.block = repair::corrected_block(repair);
        }
    }

    fn read(&mut self, outline: Outline, text: &str) -> Option<(Outline, Vec<document::Written>)> {
        let skip = |section: Section, key: &str| {
            outline.unreadable.iter().any(|(place, name)| *place == section && name == key)
        };
        match document::read(text, &skip) {
            Ok(written) => Some((outline, written)),
            // What has the wrong shape was told already, in better words.
            Err(_) if !outline.diagnostics.is_empty() => Some((outline, Vec::new())),
            Err(error) => {
                let place = error
                    .location()
                    .map(|at| self.place(Mark { line: at.line(), column: at.column(), len: 0 }));
                let reason = error.to_string();
                let reason = reason.split(" at line ").next().unwrap_or_default();
                let message = format!("the configuration cannot be read: {reason}");
                self.found.push(Diagnostic::error("", message).at(place));
                None
            }
        }
    }

    fn place(&self, mark: Mark) -> Place {
        // The two parsers do not agree on what ends a line outside of ASCII.
        let line = mark.line.clamp(1, self.lines.len() + 1);
        let text = self.lines.get(line - 1).copied().unwrap_or_default();
        let shift = self.shifts.get(line - 1).copied().unwrap_or_default();
        let text = masked(text);
        let column = mark.column.saturating_add_signed(shift).clamp(1, text.chars().count() + 1);
        Place { line, column, len: mark.len, text }
    }

    fn unfit(&mut self, path: &str, unfit: Unfit, place: Option<Place>) {
        let key = path.rsplit_once("plugin-config.").map_or(path, |(_, key)| key);
        let key = key.strip_prefix("storage.").unwrap_or(key);
        let message = format!("{}: {}", called(key), unfit.problem);
        self.found.push(Diagnostic::error(path, message).at(place).help(unfit.advice));
    }

    /// The configuration that the values make.
    fn config(&mut self, origin: &Origin) -> CheckpointConfig {
        self.review_outer_keys(origin);
        self.review_repetitions(origin);
        let milliseconds = |text: &str| values::milliseconds(text, 0);
        let number = |text: &str| values::number(text, 0);
        CheckpointConfig {
            interval: self.value(&engine::INTERVAL, origin, milliseconds),
            timeout: self.value(&engine::TIMEOUT, origin, milliseconds),
            max_concurrent: self.value(&engine::MAX_CONCURRENT, origin, number),
            tolerable_failure: self.value(&engine::TOLERABLE_FAILURE, origin, number),
            storage: StorageConfig {
                plugin_type: self.value(&engine::TYPE, origin, |text| Ok(text.to_owned())),
                max_retained: self.value(&engine::MAX_RETAINED, origin, number),
                plugin_config: plugin_config(origin),
                settings: self.settings(origin),
                origin: origin.clone(),
            },
        }
    }

    fn settings(&mut self, origin: &Origin) -> StorageSettings {
        StorageSettings {
            on_corrupt: self.value(&storage::ON_CORRUPT, origin, |text| {
                Ok(if text == "previous" { OnCorrupt::Previous } else { OnCorrupt::Fail })
            }),
            operation_timeout: self.value(&storage::OPERATION_TIMEOUT, origin, values::time),
            read_only: self.value(&storage::READ_ONLY, origin, values::boolean),
        }
    }

    /// The value of a key that the host reads, or its default.
    fn value<T>(&mut self, key: &Key, origin: &Origin, read: impl Fn(&str) -> Result<T, Unfit>) -> T
    where
        T: Default,
    {
        let default = || key.default.and_then(|text| read(text).ok()).unwrap_or_default();
        let Some(given) = origin.of(key).next() else { return default() };
        let text = given.text();
        match key.value.check(text).and_then(|()| read(text)) {
            Ok(value) => value,
            Err(unfit) => {
                self.unfit(&path_of(given), unfit, given.value_place.clone());
                default()
            }
        }
    }

    /// Keys outside of `plugin-config`: what those inside are depends on the plugin.
    fn review_outer_keys(&mut self, origin: &Origin) {
        for given in origin.given().iter().filter(|given| given.section != Section::PluginConfig) {
            let rows = ALL.iter().filter(|row| row.section == given.section);
            let known: Vec<_> = rows.flat_map(|row| row.spellings()).collect();
            let (key, path) = (given.key.as_str(), path_of(given));
            let found = match recognize(key, &known) {
                Recognition::Known => continue,
                recognition => match (misplaced(key, given.section), recognition) {
                    (Some(misplaced), _) => misplaced,
                    (None, Recognition::Misspelt(meant)) => misspelt(path, key, meant),
                    (None, Recognition::Unknown(nearest)) => unknown(path, key, nearest),
                    (None, Recognition::Known) => continue,
                },
            };
            self.found.push(found.at(given.key_place.clone()));
        }
        if let Some(given) = origin.of(&engine::SCHEMA_CHANGE_TIMEOUT).next()
            && let Err(unfit) = engine::SCHEMA_CHANGE_TIMEOUT.value.check(given.text())
        {
            self.unfit(&path_of(given), unfit, given.value_place.clone());
        }
    }

    /// The same key twice: fine with one value, an error with two.
    fn review_repetitions(&mut self, origin: &Origin) {
        let given = origin.given();
        for (index, later) in given.iter().enumerate() {
            let earlier = given[..index].iter().find(|earlier| {
                earlier.section == later.section
                    && earlier.key == later.key
                    && earlier.text() != later.text()
            });
            let Some(earlier) = earlier else { continue };
            let line = earlier.key_place.as_ref().map_or(0, |place| place.line);
            let message = format!("{} is given twice, with different values", called(&later.key));
            let help = format!("keep one; the other stands in line {line}");
            let found = Diagnostic::error(path_of(later), message);
            self.found.push(found.at(later.key_place.clone()).help(help));
        }
    }
}

fn path_of(given: &Given) -> String {
    format!("{}{}", given.section.prefix(), given.key)
}

/// What of `plugin-config` is the plugin's.
fn plugin_config(origin: &Origin) -> PluginConfig {
    let given = origin.given().iter().filter(|given| given.section == Section::PluginConfig);
    given
        .filter(|given| !HOST_KEYS.iter().any(|key| key.is_spelt(&given.key)))
        .map(|given| (given.key.as_str(), given.text()))
        .collect()
}

/// How far each line was moved to the left by a repair.
fn shifts(lines: &[&str], repaired: &str) -> Vec<isize> {
    let margin = |line: &str| {
        let content = line.trim_start();
        isize::try_from(line.chars().count() - content.chars().count()).unwrap_or_default()
    };
    lines.iter().zip(repaired.lines()).map(|(line, mended)| margin(line) - margin(mended)).collect()
}

impl Default for CheckpointConfig {
    fn default() -> Self {
        let mut reader = Reader { lines: Vec::new(), shifts: Vec::new(), found: Vec::new() };
        reader.config(&Origin::default())
    }
}

impl Default for StorageConfig {
    fn default() -> Self {
        CheckpointConfig::default().storage
    }
}

impl Default for StorageSettings {
    fn default() -> Self {
        StorageConfig::default().settings
    }
}
