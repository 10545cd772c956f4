//! `plugins`: what lies in the plugins directory; `plugins check`: whether a plugin does what it
//! owes.

mod check;
mod masked;
mod setting;

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use storage_host::{Finding, Manifest, Verdict};

use crate::output::Output;
use crate::session::Session;
use crate::stop::Stop;

#[derive(Args)]
pub(crate) struct PluginsArgs {
    #[command(subcommand)]
    command: Option<PluginsCommand>,
}

#[derive(Subcommand)]
enum PluginsCommand {
    /// Load a plugin and see whether it does what every storage owes.
    Check(check::CheckArgs),
}

impl PluginsArgs {
    /// Whether what is asked for makes plugins warn of what is not amiss.
    pub(crate) fn provokes_warnings(&self) -> bool {
        self.command.is_some()
    }
}

pub(crate) async fn run(session: &Session, output: &Output, args: PluginsArgs) -> Result<(), Stop> {
    match args.command {
        None => list(session, output),
        Some(PluginsCommand::Check(args)) => check::run(output, args).await,
    }
}

fn list(session: &Session, output: &Output) -> Result<(), Stop> {
    let host = session.host()?;
    if host.findings().is_empty() {
        output.note(&format!("{} is empty", host.plugins_dir().display()));
    }
    let rows = host.findings().iter().map(row).collect();
    output.rows(["FILE", "VERDICT", "PLUGIN OR REASON"], rows, || {
        host.findings().iter().map(document).collect()
    })
}

fn file_name(finding: &Finding) -> String {
    finding.file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn row(finding: &Finding) -> [String; 3] {
    let (verdict, detail) = match &finding.verdict {
        Verdict::Accepted { manifest, same_name } => {
            let mut detail = described(manifest);
            for other in same_name {
                let other = other.file_name().unwrap_or_default().to_string_lossy();
                detail.push_str(&format!("; cannot be opened: {other} has the same name"));
            }
            ("accepted", detail)
        }
        Verdict::Rejected(error) => {
            let remedy = error.advice().map(|advice| format!("; {advice}")).unwrap_or_default();
            ("rejected", format!("{}{remedy}", error.reason()))
        }
        Verdict::Ignored(reason) => ("ignored", reason.clone()),
    };
    [file_name(finding), verdict.to_owned(), detail]
}

/// What a plugin says of itself, in a line.
fn described(manifest: &Manifest) -> String {
    let mut detail = manifest.to_string();
    for (what, served) in
        [("storage types", &manifest.storage_types), ("schemes", &manifest.schemes)]
    {
        if !served.is_empty() {
            detail.push_str(&format!("; {what}: {}", served.join(", ")));
        }
    }
    if let Some(instead) = &manifest.deprecated {
        detail.push_str(&format!("; deprecated as a type: {instead}"));
    }
    detail
}

/// What a plugin says of itself, in machine-readable output.
fn manifest_document(file: &Path, manifest: &Manifest) -> Value {
    json!({
        "file": file.to_string_lossy(),
        "verdict": "accepted",
        "name": manifest.name,
        "version": manifest.version,
        "api": manifest.api_version,
        "storage_types": manifest.storage_types,
        "schemes": manifest.schemes,
        "deprecated": manifest.deprecated,
    })
}

fn document(finding: &Finding) -> Value {
    let file = finding.file.to_string_lossy();
    match &finding.verdict {
        Verdict::Accepted { manifest, same_name } => {
            let mut document = manifest_document(&finding.file, manifest);
            document["same_name"] = same_name.iter().map(|f| f.to_string_lossy()).collect();
            document
        }
        Verdict::Rejected(error) => json!({
            "file": file,
            "verdict": "rejected",
            "reason": error.reason(),
            "remedy": error.advice(),
        }),
        Verdict::Ignored(reason) => json!({ "file": file, "verdict": "ignored", "reason": reason }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage_host::{Error, ErrorKind};

    #[test]
    fn a_row_says_what_it_is_or_why_not_and_what_to_do() {
        let manifest = Manifest {
            name: "oss".into(),
            version: "2.1.0".into(),
            api_version: "1.0.0".into(),
            storage_types: vec!["oss".into()],
            schemes: vec!["oss".into(), "oss2".into()],
            deprecated: None,
        };
        let accepted = Verdict::Accepted { manifest, same_name: vec!["/p/b.so".into()] };
        let rejected = Error::new(ErrorKind::PluginRejected, "/p/a.so", "it is empty")
            .with_advice("copy it again");
        let row = |verdict| row(&Finding { file: "/p/a.so".into(), verdict });
        assert_eq!(
            row(accepted),
            [
                "a.so",
                "accepted",
                "oss 2.1.0 (API 1.0.0); storage types: oss; schemes: oss, oss2; \
                 cannot be opened: b.so has the same name"
            ]
        );
        assert_eq!(
            row(Verdict::Rejected(rejected)),
            ["a.so", "rejected", "it is empty; copy it again"]
        );
    }
}
