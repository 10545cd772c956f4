//! The page for people: `docs/configuration.md`.

use std::fmt::Write as _;

use crate::key::{Key, Reader, Section};
use crate::rows::ALL;

const INTRODUCTION: &str = "\
# Configuration

Only `seatunnel.engine.checkpoint` of `seatunnel.yaml` is read; the rest of the file is the
engine's. `checkpoint-storage config check FILE` says what of a file is wrong, what each key's value
is and where it came from; `checkpoint-storage config check --explain KEY` shows one row of this
page. Complete files to begin with lie in `config/`.

- Accepted alternatives of a key are equal. One key given twice with different values is an error.
- A key that is at most two edits away from a known one is an error, so is a known key in the wrong
  place. Any other unknown key is a warning and is ignored, so that a file made for Hadoop works;
  `config check --strict` turns warnings into errors.
- Values of `plugin-config` are taken as they are written: `1e10`, `0123` and `yes` stay themselves.
  What begins with a character that means something to YAML, or holds ` #` or `: `, wants quotes.
- `${NAME}` in a value is the environment variable NAME, `${NAME:-text}` the same or the text where
  it is not set or empty; `$${` is `${` itself. A variable that is not set is an error, and so is a
  `${` that names none.
- YAML's aliases are followed. A value with an anchor or a tag is an error: a secret that begins with
  `&` or `!` would lose its first word.
- Values of secrets are shown nowhere.
- What a plugin from outside declares of its own keys counts as much as this page.

";

/// The whole page, in Markdown.
pub fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (title, note, belongs) in PARTS {
        // Writing to a string does not fail.
        let _ = write!(page, "## {title}\n\n{note}\n\n");
        for key in ALL.iter().filter(|key| belongs(key)) {
            page.push_str(&row(key));
        }
        page.push('\n');
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

type Part = (&'static str, &'static str, fn(&Key) -> bool);

const PARTS: &[Part] = &[
    ("The engine", "Below `seatunnel.engine.checkpoint`.", |key| {
        key.section == Section::Checkpoint
    }),
    ("The storage", "Below `seatunnel.engine.checkpoint.storage`.", |key| {
        key.section == Section::Storage
    }),
    ("Every storage", "Below `storage.plugin-config`, like all that follow.", |key| {
        matches!(key.reader, Reader::EveryStorage | Reader::HadoopFamily)
    }),
    ("The local disk", "Read by the plugin `localfile`.", |key| {
        key.reader == Reader::Plugins(&["localfile"])
    }),
    ("HDFS", "Read by the plugin `hdfs`; what says so, by `s3` too.", |key| {
        matches!(key.reader, Reader::Plugins(["hdfs", ..]))
    }),
    ("S3", "Read by the plugin `s3`, as in Hadoop's S3A documentation.", |key| {
        key.reader == Reader::Plugins(&["s3"])
    }),
];

fn row(key: &Key) -> String {
    let mut row = format!("- **`{}`**", key.name);
    if !key.aliases.is_empty() {
        let aliases: Vec<_> = key.aliases.iter().map(|alias| format!("`{alias}`")).collect();
        let _ = write!(row, " (also {})", aliases.join(", "));
    }
    let _ = write!(row, ": {}. {}.", key.meaning, sentence(&key.value.to_string()));
    if let Some(default) = key.default {
        let _ = write!(row, " Default `{default}`.");
    }
    if let Some(other) = key.needs {
        let _ = write!(row, " Needs `{other}`.");
    }
    if matches!(key.reader, Reader::Plugins(["hdfs", "s3"])) {
        row.push_str(" Also for S3.");
    }
    if key.secret {
        row.push_str(" Its value is secret.");
    }
    row.push('\n');
    row
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_stands_on_the_page_once() {
        let page = page();
        for key in ALL {
            assert_eq!(page.matches(&format!("- **`{}`**", key.name)).count(), 1, "{}", key.name);
        }
    }

    #[test]
    fn the_page_in_docs_is_this_one() {
        let kept = include_str!("../../docs/configuration.md");
        assert!(
            kept == page(),
            "write it anew: cargo run -p checkpoint-storage-keys --example reference \
             > docs/configuration.md"
        );
    }
}
