//! `plugins`: what lies in the plugins directory.

use serde_json::{Value, json};
use storage_host::{Finding, Verdict};

use crate::output::Output;
use crate::session::Session;
use crate::stop::Stop;

pub(crate) fn run(session: &Session, output: &Output) -> Result<(), Stop> {
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

fn document(finding: &Finding) -> Value {
    let file = finding.file.to_string_lossy();
    match &finding.verdict {
        Verdict::Accepted { manifest, same_name } => json!({
            "file": file,
            "verdict": "accepted",
            "name": manifest.name,
            "version": manifest.version,
            "api": manifest.api_version,
            "storage_types": manifest.storage_types,
            "schemes": manifest.schemes,
            "deprecated": manifest.deprecated,
            "same_name": same_name.iter().map(|f| f.to_string_lossy()).collect::<Vec<_>>(),
        }),
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
    use storage_host::{Error, ErrorKind, Manifest};

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
