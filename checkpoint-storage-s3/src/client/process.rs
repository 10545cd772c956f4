//! A program that prints credentials, as AWS's `credential_process`. The SDK's own provider lets it
//! print without end, leaves it running when it is no longer waited for, and tells its words.

use std::fmt;
use std::process::{ExitStatus, Stdio};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::error::Category;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

/// How much it may print, in bytes; a document has a few thousand.
const MAX_OUTPUT: usize = 64 << 10;

/// Runs a command of the shell, and takes the credentials from its output.
pub(super) struct ProcessProvider(String);

impl fmt::Debug for ProcessProvider {
    /// Without the command, which may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProcessProvider")
    }
}

impl ProcessProvider {
    pub(super) fn new(command: impl Into<String>) -> Self {
        Self(command.into())
    }

    async fn ask(&self) -> Result<Credentials, String> {
        let mut program = Program::start(&self.0)?;
        let output = program.output().await?;
        let status = program.0.wait().await.map_err(|error| error.to_string())?;
        match status.success() {
            true => credentials(&output),
            false => Err(failed(status)),
        }
    }
}

impl ProvideCredentials for ProcessProvider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            self.ask().await.map_err(CredentialsError::provider_error)
        })
    }
}

/// A shell and what it starts; all of them end with this.
struct Program(Child);

impl Program {
    fn start(command: &str) -> Result<Self, String> {
        let started = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // Its words may hold a secret.
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        started.map(Self).map_err(|error| format!("the shell cannot be started: {error}"))
    }

    async fn output(&mut self) -> Result<Vec<u8>, String> {
        let mut output = Vec::new();
        if let Some(stdout) = self.0.stdout.take() {
            let mut bounded = stdout.take(MAX_OUTPUT as u64 + 1);
            bounded.read_to_end(&mut output).await.map_err(|error| error.to_string())?;
        }
        if output.len() > MAX_OUTPUT {
            return Err(format!("its output is longer than {} KiB", MAX_OUTPUT >> 10));
        }
        Ok(output)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The id is there until the shell's end was seen, so the group is still its own.
        let id = self.0.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Some(group) = id {
            // What has ended by itself needs no end.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn failed(status: ExitStatus) -> String {
    let meaning = match status.code() {
        Some(126) => ": the shell may not run it",
        Some(127) => ": the shell does not find it",
        _ => "",
    };
    format!("it failed with {status}{meaning}; run it by hand to see what it says")
}

/// What the program prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    version: Option<u64>,
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    session_token: Option<String>,
    expiration: Option<String>,
}

/// Reads the document; what is wrong is told without its values.
fn credentials(output: &[u8]) -> Result<Credentials, String> {
    let document: Document = serde_json::from_slice(output).map_err(|error| {
        let problem = match error.classify() {
            Category::Data => "holds a value of the wrong kind, or one twice",
            Category::Io | Category::Syntax | Category::Eof => "is no JSON",
        };
        format!("its output {problem} (line {}, column {})", error.line(), error.column())
    })?;
    let lacks = |field: &str| format!("its output has no {field}");
    match document.version {
        Some(1) => {}
        Some(_) => return Err("its output is not of Version 1".to_owned()),
        None => return Err(lacks("Version")),
    }
    let expiration = document.expiration.map(|text| time(&text)).transpose()?;
    Ok(Credentials::new(
        document.access_key_id.ok_or_else(|| lacks("AccessKeyId"))?,
        document.secret_access_key.ok_or_else(|| lacks("SecretAccessKey"))?,
        document.session_token,
        expiration,
        "Process",
    ))
}

fn time(text: &str) -> Result<SystemTime, String> {
    DateTime::from_str(text, DateTimeFormat::DateTimeWithOffset)
        .ok()
        .and_then(|time| SystemTime::try_from(time).ok())
        .ok_or_else(|| "its Expiration is no date and time of RFC 3339".to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;

    async fn refused(command: &str) -> String {
        let reason = ProcessProvider::new(command).ask().await.expect_err("refused");
        assert!(!reason.contains("hush"), "{reason}");
        reason
    }

    #[test]
    fn a_document_of_aws_s_is_read_and_another_is_not_shown() {
        let whole = br#"{"Version": 1, "AccessKeyId": "id", "SecretAccessKey": "hush", "More": [],
            "SessionToken": "hush-too", "Expiration": "1970-01-01T01:00:01.5+01:00"}"#;
        let read = credentials(whole).expect("valid");
        assert_eq!((read.access_key_id(), read.secret_access_key()), ("id", "hush"));
        assert_eq!(read.session_token(), Some("hush-too"));
        assert_eq!(read.expiry(), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)));
        let least = br#"{"Version": 1, "AccessKeyId": "id", "SecretAccessKey": "hush"}"#;
        let read = credentials(least).expect("valid");
        assert_eq!((read.session_token(), read.expiry()), (None, None));
        for (document, part) in [
            ("", "no JSON (line 1"),
            ("hush", "no JSON"),
            (r#"{"Version": "hush"}"#, "wrong kind"),
            (r#"{"AccessKeyId": "hush"}"#, "no Version"),
            (r#"{"Version": 2}"#, "not of Version 1"),
            (r#"{"Version": 1, "SecretAccessKey": "hush"}"#, "no AccessKeyId"),
            (r#"{"Version": 1, "AccessKeyId": "hush"}"#, "no SecretAccessKey"),
            (r#"{"Version": 1, "Expiration": "hush"}"#, "Expiration is no date"),
        ] {
            let reason = credentials(document.as_bytes()).expect_err(document);
            assert!(reason.contains(part) && !reason.contains("hush"), "{reason}");
        }
    }

    #[tokio::test]
    async fn a_failure_is_told_by_its_status_alone() {
        let reason = refused("echo hush; echo hush >&2; exit 3").await;
        assert!(reason.contains("exit status: 3;"), "{reason}");
        let reason = refused("/no/such/program hush").await;
        assert!(reason.contains("does not find it"), "{reason}");
    }

    #[tokio::test]
    async fn an_output_without_end_is_not_waited_for() {
        let reason = refused("yes hush").await;
        assert!(reason.contains("longer than 64 KiB"), "{reason}");
    }

    async fn appeared(file: &Path) {
        while !file.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn what_is_no_longer_waited_for_ends_with_all_that_it_started() {
        let folder = tempfile::tempdir().expect("a folder");
        let [started, late] = ["started", "late"].map(|name| folder.path().join(name));
        let (first, second) = (started.display(), late.display());
        let command = format!("(touch '{first}'; sleep 1; touch '{second}') & wait");
        let provider = ProcessProvider::new(command);
        tokio::select! {
            _ = provider.ask() => panic!("it is still running"),
            () = appeared(&started) => {}
        }
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert!(!late.exists());
    }
}
