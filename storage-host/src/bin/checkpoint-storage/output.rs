//! Results on standard output, everything else on standard error.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, UNIX_EPOCH};

use anstyle::{AnsiColor, Style};
use checkpoint_storage_api::CheckpointEntry;
use comfy_table::{Table, presets};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use storage_host::config::{Diagnostic, Diagnostics};
use tracing_subscriber::EnvFilter;

use crate::args::Global;
use crate::stop::Stop;

/// The last millisecond of the year 9999, which is where dates end.
const LAST_DATE_MS: u64 = 253_402_300_799_999;

/// Shows warnings on standard error, or what was asked for.
pub(crate) fn start_log(global: &Global) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, _) => "debug",
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(level))
        .with_writer(io::stderr)
        .with_target(global.verbose > 0);
    if global.json {
        log.json().init();
    } else {
        log.without_time().with_ansi(io::stderr().is_terminal()).init();
    }
}

/// How results and errors are shown.
pub(crate) struct Output {
    json: bool,
    quiet: bool,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
        Self { json: global.json, quiet: global.quiet }
    }

    /// Whether results are one JSON document.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Shows rows: a table on a terminal, lines with tabs elsewhere, `document` with `--json`.
    pub(crate) fn rows<const N: usize>(
        &self,
        header: [&str; N],
        rows: Vec<[String; N]>,
        document: impl FnOnce() -> Value,
    ) -> Result<(), Stop> {
        if self.json {
            return self.document(&document());
        }
        if !io::stdout().is_terminal() {
            return self.text(&lines(&rows));
        }
        if rows.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(header);
        for row in rows {
            table.add_row(row.map(|cell| escaped(&cell)));
        }
        self.text(&format!("{table}\n"))
    }

    /// Shows one JSON document.
    pub(crate) fn document(&self, document: &Value) -> Result<(), Stop> {
        self.text(&format!("{document}\n"))
    }

    /// Shows text as it is.
    pub(crate) fn text(&self, text: &str) -> Result<(), Stop> {
        self.bytes(text.as_bytes())
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Stop> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(bytes)
            .and_then(|()| stdout.flush())
            .map_err(|error| Stop::io("write the result", error))
    }

    /// A progress bar of this template, which shows where somebody can see it.
    pub(crate) fn progress_bar(&self, total: u64, template: &str) -> ProgressBar {
        if self.json || self.quiet {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(total);
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }

    /// Says something that is no result.
    pub(crate) fn note(&self, text: &str) {
        if !self.json {
            // Nobody can be told that standard error is closed.
            let _ = writeln!(anstream::stderr(), "{text}");
        }
    }

    /// Shows what is wrong with a configuration that can be used all the same.
    pub(crate) fn warnings(&self, diagnostics: &Diagnostics) {
        if !self.quiet && diagnostics.iter().next().is_some() {
            self.note(&format!("{}\n", diagnostics.render(true)));
        }
    }

    /// Says why the command ends.
    pub(crate) fn stop(&self, stop: &Stop) {
        if let Stop::ClosedPipe = stop {
            return;
        }
        if self.json {
            let mut error = json!({
                "kind": stop.kind(),
                "message": stop.headline(),
                "retryable": stop.is_retryable(),
            });
            if let Some(diagnostics) = stop.diagnostics() {
                error["problems"] = diagnostics.iter().map(diagnostic_document).collect();
            }
            let _ = writeln!(io::stderr(), "{}", json!({ "error": error }));
            return;
        }
        if let Some(diagnostics) = stop.diagnostics() {
            let _ = writeln!(anstream::stderr(), "{}\n", diagnostics.render(true));
        }
        let red: Style = AnsiColor::Red.on_default().bold();
        let _ = writeln!(anstream::stderr(), "{red}error{red:#}: {}", stop.headline());
    }
}

/// What is wrong with a configuration, in machine-readable output.
pub(crate) fn diagnostic_document(diagnostic: &Diagnostic) -> Value {
    json!({
        "severity": diagnostic.severity.as_str(),
        "key": diagnostic.key,
        "message": diagnostic.message,
        "line": diagnostic.place.as_ref().map(|place| place.line),
        "column": diagnostic.place.as_ref().map(|place| place.column),
        "help": diagnostic.help,
        "write_instead": diagnostic.block,
    })
}

/// A column that holds no tab and no line's end, whatever a job id holds.
fn escaped(cell: &str) -> String {
    cell.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

fn lines<const N: usize>(rows: &[[String; N]]) -> String {
    rows.iter()
        .map(|row| row.iter().map(|cell| escaped(cell)).collect::<Vec<_>>().join("\t") + "\n")
        .collect()
}

/// A checkpoint in machine-readable output.
pub(crate) fn entry_document(entry: &CheckpointEntry) -> Value {
    json!({
        "job": entry.job_id.as_str(),
        "pipeline": entry.name.pipeline_id,
        "checkpoint": entry.name.checkpoint_id,
        "timestamp_ms": entry.name.timestamp_ms,
        "size": entry.size,
        "name": entry.name.to_string(),
        "integrity": entry.integrity.as_str(),
        "kind": entry.name.kind().as_str(),
    })
}

/// The header of [`entry_row`].
pub(crate) const ENTRY_HEADER: [&str; 7] =
    ["PIPELINE", "CHECKPOINT", "STORED", "SIZE", "INTEGRITY", "NAME", "KIND"];

/// A checkpoint as a row.
pub(crate) fn entry_row(entry: &CheckpointEntry) -> [String; 7] {
    let size = if io::stdout().is_terminal() {
        HumanBytes(entry.size).to_string()
    } else {
        entry.size.to_string()
    };
    [
        entry.name.pipeline_id.to_string(),
        entry.name.checkpoint_id.to_string(),
        date(entry.name.timestamp_ms),
        size,
        entry.integrity.as_str().to_owned(),
        entry.name.to_string(),
        entry.name.kind().as_str().to_owned(),
    ]
}

fn date(timestamp_ms: u64) -> String {
    if timestamp_ms > LAST_DATE_MS {
        return format!("{timestamp_ms} ms");
    }
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(timestamp_ms)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use checkpoint_storage_api::{CheckpointName, Integrity, JobId};

    #[test]
    fn dates_have_no_end() {
        assert_eq!(date(1_795_474_038_044), "2026-11-23T22:47:18.044Z");
        assert_eq!(date(LAST_DATE_MS), "9999-12-31T23:59:59.999Z");
        assert_eq!(date(u64::MAX), format!("{} ms", u64::MAX));
    }

    #[test]
    fn a_line_stays_a_line() {
        let rows = vec![["a\tb".to_owned(), "c\nd".to_owned()], ["😀".to_owned(), String::new()]];
        assert_eq!(lines(&rows), "a\\tb\tc\\nd\n😀\t\n");
    }

    #[test]
    fn an_entry_has_the_documented_keys() {
        let entry = CheckpointEntry {
            job_id: JobId::new("1").expect("valid"),
            name: CheckpointName {
                timestamp_ms: 5,
                random: 6,
                pipeline_id: -7,
                checkpoint_id: i64::MAX,
            },
            size: 9,
            integrity: Integrity::NoChecksum,
        };
        let expected = json!({
            "job": "1", "pipeline": -7, "checkpoint": 9_223_372_036_854_775_807_i64,
            "timestamp_ms": 5, "size": 9, "name": "5-6--7-9223372036854775807.ser",
            "integrity": "no-checksum", "kind": "checkpoint",
        });
        assert_eq!(entry_document(&entry), expected);
    }
}
