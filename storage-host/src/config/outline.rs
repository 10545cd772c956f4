//! What the marks say of the section: where each key stands, and what has not the shape that it
//! should have.

use checkpoint_storage_keys::{ALL, Key, Recognition, Section, Value, recognize};

use super::diagnostic::{Diagnostic, Place};
use super::marks::{Entry, Mark, Node, Shape};
use super::review::{misplaced, misspelt};
use super::source::called;

/// The way from the top to the section.
const WAY: [&str; 3] = ["seatunnel", "engine", "checkpoint"];

/// Where a key of the section stands, and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) section: Section,
    pub(super) key: String,
    pub(super) key_mark: Mark,
    pub(super) value_mark: Mark,
}

/// The places of the section's keys, in the order of the file, and what is wrong with its shape.
#[derive(Default)]
pub(super) struct Outline {
    pub(super) marked: Vec<Marked>,
    /// The keys whose values cannot be read.
    pub(super) unreadable: Vec<(Section, String)>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Outline {
    /// Goes through the marks; `place` finds a mark's line.
    pub(super) fn of(root: Option<&Node>, place: &dyn Fn(Mark) -> Place) -> Self {
        let mut walk = Walk { outline: Self::default(), place };
        if let Some(root) = root {
            walk.outer(root, &WAY);
        }
        walk.outline
    }

    /// Whether some key begins with what looks like its indentation.
    pub(super) fn has_indented_keys(&self) -> bool {
        self.marked.iter().any(|marked| marked.key.starts_with(char::is_whitespace))
    }
}

struct Walk<'p> {
    outline: Outline,
    place: &'p dyn Fn(Mark) -> Place,
}

impl Walk<'_> {
    fn complain(&mut self, mark: Mark, key: &str, message: String, help: impl Into<String>) {
        let place = Some((self.place)(mark));
        self.outline.diagnostics.push(Diagnostic::error(key, message).at(place).help(help));
    }

    /// Follows the way; what stands beside it is the engine's.
    fn outer(&mut self, node: &Node, way: &[&str]) {
        let [wanted, rest @ ..] = way else { return self.section(node, Section::Checkpoint) };
        let Shape::Mapping(entries) = &node.shape else {
            return self.not_keys(node, wanted);
        };
        for entry in entries {
            self.astray(entry);
        }
        match entries.iter().find(|entry| entry.key == *wanted) {
            Some(entry) => self.outer(&entry.value, rest),
            None => self.lost(entries, wanted, rest),
        }
    }

    /// The sections' names mean nothing to an engine: here they stand where nobody looks.
    fn astray(&mut self, entry: &Entry) {
        let key = entry.key.trim();
        let owner = match key {
            "storage" => Section::Checkpoint,
            "plugin-config" => Section::Storage,
            _ => return,
        };
        let message = format!("`{key}` stands outside of `{}`", owner.name());
        let help = format!("write it below `{}`; the way there is {}", owner.name(), WAY.join("."));
        self.complain(entry.mark, key, message, help);
    }

    /// The way's next key is missing: perhaps it is misspelt, or what is below it stands here.
    fn lost(&mut self, entries: &[Entry], wanted: &str, rest: &[&str]) {
        for entry in entries {
            let key = entry.key.trim();
            if matches!(recognize(key, &[wanted]), Recognition::Misspelt(_) | Recognition::Known) {
                let message = format!("`{key}` is not known; `{wanted}` is");
                self.complain(entry.mark, key, message, format!("write `{wanted}:`"));
            } else if key.split_once('.').is_some_and(|(first, _)| WAY.contains(&first)) {
                let help =
                    format!("write its parts below each other; the way is {}", WAY.join("."));
                let message = format!("{} is no way that is followed", called(key));
                self.complain(entry.mark, key, message, help);
            } else if rest.contains(&key) {
                let full = WAY.join(".");
                let message = format!("`{key}` stands below nothing of `{full}`");
                let help = format!("write it below `{wanted}:`, indented; the whole way is {full}");
                self.complain(entry.mark, key, message, help);
            }
        }
    }

    fn not_keys(&mut self, node: &Node, wanted: &str) {
        if !is_nothing(node) {
            let message = format!("keys belong here, `{wanted}` among them");
            self.complain(node.mark, wanted, message, "write one key per line, as `key: value`");
        }
    }

    fn section(&mut self, node: &Node, section: Section) {
        let entries = match &node.shape {
            Shape::Mapping(entries) => entries,
            _ if is_nothing(node) => return,
            Shape::Sequence => {
                let help = "write `key: value` lines without the `- ` before them";
                return self.no_section(node, section, "a list stands here", help);
            }
            // What it stands for is read, its place is not known.
            Shape::Alias => return,
            Shape::Scalar { .. } => {
                let help = "write its keys on the lines below it, indented by two more spaces";
                return self.no_section(node, section, "a value stands here", help);
            }
        };
        for entry in entries {
            self.entry(entry, section);
        }
    }

    fn no_section(&mut self, node: &Node, section: Section, what: &str, help: &str) {
        let name = section.name();
        self.complain(node.mark, name, format!("`{name}` holds keys, and {what}"), help);
        let outer = match section {
            Section::Checkpoint => return,
            Section::Storage => Section::Checkpoint,
            Section::PluginConfig => Section::Storage,
        };
        self.outline.unreadable.push((outer, name.to_owned()));
    }

    fn entry(&mut self, entry: &Entry, section: Section) {
        let key = &entry.key;
        self.outline.marked.push(Marked {
            section,
            key: key.clone(),
            key_mark: entry.mark,
            value_mark: entry.value.mark,
        });
        let row = ALL.iter().find(|row| row.section == section && row.is_spelt(key));
        let below = row.filter(|row| row.value == Value::Section).map(|row| match row.section {
            Section::Checkpoint => Section::Storage,
            Section::Storage | Section::PluginConfig => Section::PluginConfig,
        });
        if let Some(below) = below {
            return self.section(&entry.value, below);
        }
        let path = format!("{}{key}", section.prefix());
        let name = called(key);
        match &entry.value.shape {
            Shape::Mapping(inner) => self.nested(entry, section, row, inner),
            Shape::Sequence if row.is_some() => {
                let help = "write the values behind each other, with commas between them";
                let message = format!("{name} has one value, not a list");
                self.complain(entry.mark, &path, message, help);
            }
            Shape::Sequence => self.unread(entry, &path, format!("{name} holds a list")),
            Shape::Scalar { .. } if entry.value.is_decorated => {
                let message =
                    format!("YAML takes the first word of the value of {name} for itself");
                let help = "put single quotes around the value";
                self.complain(entry.value.mark, &path, message, help);
            }
            Shape::Scalar { .. } | Shape::Alias => return,
        }
        self.outline.unreadable.push((section, key.clone()));
    }

    /// Keys below a key that is no section.
    fn nested(&mut self, entry: &Entry, section: Section, row: Option<&&Key>, inner: &[Entry]) {
        let (key, name) = (&entry.key, called(&entry.key));
        let path = format!("{}{key}", section.prefix());
        let known: Vec<_> = ALL
            .iter()
            .filter(|row| row.section == section)
            .flat_map(|row| row.spellings())
            .collect();
        if let Some(row) = row {
            let help = format!("write {} behind `{key}: `", row.value);
            return self.complain(
                entry.mark,
                &path,
                format!("{name} has no keys of its own"),
                help,
            );
        }
        if let Some(misplaced) = misplaced(key, section) {
            self.outline.diagnostics.push(misplaced.at(Some((self.place)(entry.mark))));
            return;
        }
        if let Recognition::Misspelt(meant) = recognize(key, &known) {
            self.outline
                .diagnostics
                .push(misspelt(path, key, meant).at(Some((self.place)(entry.mark))));
            return;
        }
        let dotted: Vec<_> = inner
            .iter()
            .map(|inner| format!("{key}.{}", inner.key))
            .filter(|dotted| recognize(dotted, &known) == Recognition::Known)
            .map(|dotted| called(&dotted))
            .collect();
        match dotted.is_empty() {
            true => self.unread(entry, &path, format!("{name} holds keys of its own")),
            false => {
                let help = format!("write it with dots: {}", dotted.join(", "));
                self.complain(entry.mark, &path, format!("{name} has no keys of its own"), help);
            }
        }
    }

    /// What no plugin can get: each of its keys has one text.
    fn unread(&mut self, entry: &Entry, path: &str, what: String) {
        let message = format!("{what}, which nothing reads");
        let place = Some((self.place)(entry.mark));
        let help = "remove it if nothing else reads it";
        self.outline.diagnostics.push(Diagnostic::warning(path, message).at(place).help(help));
    }
}

/// A key without a value.
fn is_nothing(node: &Node) -> bool {
    matches!(node.shape, Shape::Scalar { is_plain: true }) && node.mark.len == 0
}
