//! What is wrong with a configuration, and how it is shown.

use std::fmt;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Renderer, Snippet};

use super::source::MASK;

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can, but perhaps not as it was meant.
    Warning,
}

impl Severity {
    /// The severity's name in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Where something stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// How many characters.
    pub len: usize,
    /// The line, without secrets.
    pub text: String,
}

/// One thing that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// What it is called, from `checkpoint` on; empty if it concerns no key.
    pub key: String,
    /// What is wrong; it shows no value.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// What to do.
    pub help: Option<String>,
    /// Lines to write instead.
    pub block: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(severity: Severity, key: impl Into<String>, message: String) -> Self {
        Self { severity, key: key.into(), message, place: None, help: None, block: None }
    }

    pub(crate) fn error(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, key, message.into())
    }

    pub(crate) fn warning(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, key, message.into())
    }

    pub(crate) fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn render(&self, origin: &str, renderer: &Renderer) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut elements: Vec<Element<'_>> = Vec::new();
        if let Some(place) = &self.place {
            let start = byte_of(&place.text, place.column - 1);
            let end = byte_of(&place.text, place.column - 1 + place.len.max(1));
            let snippet = Snippet::source(place.text.as_str())
                .line_start(place.line)
                .path(origin)
                .annotation(AnnotationKind::Primary.span(start..end.max(start)));
            elements.push(snippet.into());
        }
        if let Some(help) = &self.help {
            elements.push(Level::HELP.message(help.as_str()).into());
        }
        if let Some(block) = &self.block {
            let masked = if block.contains(MASK) { " (*** is not shown)" } else { "" };
            let text = format!("write instead{masked}:\n\n{block}");
            elements.push(Level::HELP.message(text).into());
        }
        let title = level.primary_title(self.message.as_str());
        let group =
            if elements.is_empty() { Group::with_title(title) } else { title.elements(elements) };
        let rendered = renderer.render(&[group]);
        let lines: Vec<_> = rendered.trim_end().lines().map(str::trim_end).collect();
        lines.join("\n")
    }
}

fn byte_of(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte)
}

/// Everything that is wrong with a configuration, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    origin: String,
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    pub(crate) fn new(origin: &str, mut list: Vec<Diagnostic>) -> Self {
        list.sort_by_key(|diagnostic| {
            diagnostic.place.as_ref().map_or((usize::MAX, 0), |place| (place.line, place.column))
        });
        list.dedup();
        Self { origin: origin.to_owned(), list }
    }

    /// What the configuration is called: its file.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// How many there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    /// Whether the configuration cannot be used.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Makes an error of every warning.
    pub fn deny_warnings(&mut self) {
        for diagnostic in &mut self.list {
            diagnostic.severity = Severity::Error;
        }
    }

    /// The same with each line, a caret below the place, and what to do; coloured or not.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let rendered: Vec<_> =
            self.list.iter().map(|one| one.render(&self.origin, &renderer)).collect();
        rendered.join("\n\n")
    }

    /// In a few words, for the head of an error.
    pub fn summary(&self) -> String {
        let counted = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            many => Some(format!("{many} {what}s")),
        };
        let parts: Vec<_> = [Severity::Error, Severity::Warning]
            .into_iter()
            .filter_map(|severity| counted(self.count(severity), severity.as_str()))
            .collect();
        if parts.is_empty() { "nothing is wrong".to_owned() } else { parts.join(", ") }
    }

    /// Tells the log of the warnings.
    pub(crate) fn log_warnings(&self) {
        for one in self.list.iter().filter(|one| one.severity == Severity::Warning) {
            let line = one.place.as_ref().map(|place| format!(":{}:{}", place.line, place.column));
            let help = one.help.as_ref().map(|help| format!("; {help}"));
            tracing::warn!(
                "{}{}: {}{}",
                self.origin,
                line.unwrap_or_default(),
                one.message,
                help.unwrap_or_default()
            );
        }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}
