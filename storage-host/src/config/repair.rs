//! What people write that is not YAML, and what they meant: looked at only once a text cannot be
//! parsed. Every repair keeps the lines' numbers.

use checkpoint_storage_keys::ALL;

use super::source::masked;

/// How many spaces stand for a tab.
const STEP: usize = 2;

/// A line that is not YAML.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// From 1.
    pub(super) line: usize,
    /// In characters, from 1.
    pub(super) column: usize,
    /// In characters.
    pub(super) len: usize,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// A text as it was probably meant.
#[derive(Debug)]
pub(super) struct Repair {
    pub(super) text: String,
    /// In the order of the lines.
    pub(super) mistakes: Vec<Mistake>,
}

/// Mends what is known to go wrong.
pub(super) fn repair(text: &str) -> Repair {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut mistakes = Vec::new();
    margins(&mut lines, &mut mistakes);
    for at in 0..lines.len() {
        for rule in [fence, comment, separator, quotes] {
            if let Some((line, mistake)) = rule(&lines, at) {
                lines[at] = line;
                mistakes.push(mistake);
            }
        }
    }
    too_deep(&mut lines, &mut mistakes);
    mistakes.sort_by_key(|mistake| mistake.line);
    let mut text = lines.join("\n");
    text.push('\n');
    Repair { text, mistakes }
}

/// Whether something else than spaces indents a line: tabs, or the blanks of a web page, which YAML
/// takes for the beginning of a key.
pub(super) fn has_odd_margin(line: &str) -> bool {
    let content = line.trim_start();
    let margin = &line[..line.len() - content.len()];
    !content.is_empty() && margin.contains(|c| c != ' ' && c != '\u{feff}')
}

/// The lines around the mistakes as they should be, from the key that they stand below; without
/// secrets.
pub(super) fn corrected_block(repair: &Repair) -> Option<String> {
    let lines: Vec<&str> = repair.text.lines().collect();
    let first = repair.mistakes.first()?.line - 1;
    let last = (repair.mistakes.last()?.line - 1).min(lines.len().saturating_sub(1));
    let inner = lines.get(first..=last)?.iter().filter(|line| !is_blank(line));
    let depth = inner.map(|line| indent(line)).min()?;
    let parent = (0..first).rev().find(|&at| !is_blank(lines[at]) && indent(lines[at]) < depth);
    let end = (last + 1..lines.len())
        .find(|&at| !is_blank(lines[at]) && indent(lines[at]) < depth)
        .unwrap_or(lines.len());
    let block: Vec<_> = lines[parent.unwrap_or(first)..end]
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| masked(line.trim_end()))
        .collect();
    Some(block.join("\n"))
}

type Mended = Option<(String, Mistake)>;

fn fence(lines: &[String], at: usize) -> Mended {
    let content = lines[at].trim();
    if !content.starts_with("```") {
        return None;
    }
    let message = "this line is a Markdown code fence, not YAML";
    Some((String::new(), mistake(&lines[at], at, content, message, "remove the line")))
}

/// A file of tabs keeps its steps; a stray tab stands for the depth of the line above.
fn margins(lines: &mut [String], mistakes: &mut Vec<Mistake>) {
    let all_tabs = !lines.iter().any(|line| line.starts_with(' ') && !is_blank(line));
    for at in 0..lines.len() {
        if !has_odd_margin(&lines[at]) {
            continue;
        }
        let content = lines[at].trim_start();
        let margin = &lines[at][..lines[at].len() - content.len()];
        let width = margin.chars().count();
        let above = lines[..at].iter().rev().find(|line| !is_blank(line));
        let depth = match above {
            _ if all_tabs => width * STEP,
            Some(above) if above.trim_end().ends_with(':') => indent(above) + STEP,
            Some(above) => indent(above),
            None => 0,
        };
        let mended = format!("{}{content}", " ".repeat(depth));
        let what = if margin.contains('\t') { "a tab" } else { "a blank that is no space" };
        let message = format!("{what} indents this line; YAML allows only spaces there");
        mistakes.push(mistake_at(at, 0, width, message, "write spaces"));
        lines[at] = mended;
    }
}

fn comment(lines: &[String], at: usize) -> Mended {
    let line = &lines[at];
    let content = line.trim_start().strip_prefix("//")?;
    let margin = " ".repeat(indent(line));
    let mended = format!("{margin}#{content}");
    let message = "comments in YAML begin with `#`, not with `//`";
    Some((mended, mistake(line, at, "//", message, "write `#`")))
}

/// `key:value`, `key = value`, `key value`: only for keys that are known.
fn separator(lines: &[String], at: usize) -> Mended {
    let line = &lines[at];
    let content = line.trim_start();
    let end = content.find([':', '=', ' ', '\t'])?;
    let key = &content[..end];
    if !is_known(key) {
        return None;
    }
    let rest = &content[end..];
    let (value, message, help) = if let Some(value) = rest.strip_prefix(':') {
        if value.is_empty() || value.starts_with([' ', '\t']) {
            return None;
        }
        (value, "there is no space between the colon and the value", "write `: `")
    } else if let Some(value) = rest.trim_start().strip_prefix('=') {
        (
            value.trim_start(),
            "a key and its value are separated by a colon, not by `=`",
            "write `: `",
        )
    } else if rest.trim_start().starts_with(':') {
        return None;
    } else {
        (rest.trim_start(), "there is no colon between the key and its value", "write `: `")
    };
    let mended = format!("{}{key}: {value}", " ".repeat(indent(line)));
    Some((mended, mistake(line, at, key, message, help)))
}

/// Values that mean something else to YAML.
fn quotes(lines: &[String], at: usize) -> Mended {
    let line = &lines[at];
    let (key, value) = line.split_once(": ")?;
    let value = value.trim();
    let column = key.chars().count() + 2;
    let first = value.chars().next()?;
    let (message, bare) = match first {
        '@' | '`' | '%' | '*' | '&' | '!' => {
            (format!("a value that begins with `{first}` must stand in quotes"), value)
        }
        '"' | '\'' if value.matches(first).count() == 1 => {
            (format!("the quote {first} is not closed"), &value[1..])
        }
        '"' | '\'' | '{' | '[' | '|' | '>' | '#' => return None,
        _ if value.split(" #").next().is_some_and(|value| value.contains(": ")) => {
            ("a value that holds `: ` must stand in quotes".to_owned(), value)
        }
        _ => return None,
    };
    let mended = format!("{key}: '{}'", bare.replace('\'', "''"));
    let help = "put single quotes around the value";
    Some((mended, mistake_at(at, column, 1, message, help)))
}

/// Keys that are indented below a key that has a value already.
fn too_deep(lines: &mut [String], mistakes: &mut Vec<Mistake>) {
    let mut at = 0;
    while at < lines.len() {
        let Some(owner) = key_with_plain_value(&lines[at]).map(str::to_owned) else {
            at += 1;
            continue;
        };
        let depth = indent(&lines[at]);
        let below = at + 1;
        let end = (below..lines.len())
            .find(|&next| !is_blank(&lines[next]) && indent(&lines[next]) <= depth)
            .unwrap_or(lines.len());
        let first = (below..end).find(|&next| !is_blank(&lines[next]));
        if let Some(first) = first
            && key_of(&lines[first]).is_some()
        {
            let excess = indent(&lines[first]) - depth;
            let key = key_of(&lines[first]).unwrap_or_default();
            mistakes.push(mistake(
                &lines[first],
                first,
                key,
                format!("`{key}` is indented below `{owner}`, which has a value already"),
                "indent both by the same number of spaces",
            ));
            for line in &mut lines[below..end] {
                let shift = excess.min(indent(line));
                line.drain(..shift);
            }
        }
        at += 1;
    }
}

fn key_with_plain_value(line: &str) -> Option<&str> {
    let key = key_of(line)?;
    let value = line.trim_start()[key.len() + 1..].trim();
    let value = value.strip_prefix('#').map_or(value, |_| "");
    (!value.is_empty() && !value.starts_with(['|', '>', '{', '[', '"', '\'', '&', '!', '*']))
        .then_some(key)
}

/// The key of a line `key: …` or `key:`.
fn key_of(line: &str) -> Option<&str> {
    let content = line.trim_start();
    if content.starts_with(['#', '-']) {
        return None;
    }
    let end = content.match_indices(':').map(|(end, _)| end).find(|end| {
        let after = &content[end + 1..];
        after.is_empty() || after.starts_with([' ', '\t'])
    })?;
    let key = &content[..end];
    (!key.is_empty() && !key.contains([' ', '{', '['])).then_some(key)
}

fn is_known(key: &str) -> bool {
    ALL.iter().any(|row| row.is_spelt(key))
}

fn is_blank(line: &str) -> bool {
    let content = line.trim();
    content.is_empty() || content.starts_with('#')
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn mistake(
    line: &str,
    at: usize,
    part: &str,
    message: impl Into<String>,
    help: &'static str,
) -> Mistake {
    let column = line.find(part).map_or(0, |byte| line[..byte].chars().count());
    mistake_at(at, column, part.chars().count(), message, help)
}

fn mistake_at(
    at: usize,
    column: usize,
    len: usize,
    message: impl Into<String>,
    help: &'static str,
) -> Mistake {
    Mistake { line: at + 1, column: column + 1, len, message: message.into(), help }
}
