//! Builds what the demo needs, and runs it.

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::dist::{Profile, assemble};
use crate::hdfs;
use crate::minio::{self, BUCKET};
use crate::process::{Context, Error, Result};
use crate::workspace::{HOST_BINARY, Workspace};

/// Chooses the backend that the demo stores on; the other options are the demo's own.
const ON: &str = "--on";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Backend {
    /// As the demo does by itself: in a temporary folder.
    LocalFile,
    /// On a MinIO of its own.
    S3,
    /// On an HDFS of its own.
    Hdfs,
}

impl Backend {
    fn name(self) -> &'static str {
        match self {
            Self::LocalFile => "localfile",
            Self::S3 => "s3",
            Self::Hdfs => "hdfs",
        }
    }
}

pub(crate) fn run(options: &[String]) -> Result<ExitCode> {
    let (backend, options) = backend_of(options)?;
    let program = build(backend)?;
    let mut demo = Command::new(&program);
    match backend {
        Backend::LocalFile => watch(demo.arg("demo").args(options)),
        Backend::S3 => {
            let minio = minio::start()?;
            demo.env("DEMO_ACCESS_KEY", minio.value("access_key")?);
            demo.env("DEMO_SECRET_KEY", minio.value("secret_key")?);
            let keys = [
                ("storage-type", "s3"),
                ("s3.bucket", BUCKET),
                ("fs.s3a.endpoint", &minio.value("endpoint")?),
                ("fs.s3a.access-key", "${DEMO_ACCESS_KEY}"),
                ("fs.s3a.secret-key", "${DEMO_SECRET_KEY}"),
            ];
            watch_with(&mut demo, &keys, &options)
        }
        Backend::Hdfs => {
            let hdfs = hdfs::start()?;
            let keys = [("storage-type", "hdfs"), ("fs.defaultFS", &hdfs.value("file_system")?)];
            watch_with(&mut demo, &keys, &options)
        }
    }
}

/// The backend that the options choose, wherever they do, and the other options.
fn backend_of(options: &[String]) -> Result<(Backend, Vec<&String>)> {
    let mut backend = Backend::LocalFile;
    let mut others = Vec::new();
    let mut options = options.iter();
    while let Some(option) = options.next() {
        let chosen = match option.strip_prefix(ON) {
            Some("") => options.next().map_or("", String::as_str),
            Some(value) if value.starts_with('=') => &value[1..],
            _ => {
                others.push(option);
                continue;
            }
        };
        backend = match chosen {
            "localfile" => Backend::LocalFile,
            "s3" => Backend::S3,
            "hdfs" => Backend::Hdfs,
            other => {
                return Err(Error::new(format!(
                    "{ON} {other:?}: the demo can run on `localfile`, on `s3` or on `hdfs`"
                )));
            }
        };
    }
    Ok((backend, others))
}

/// Builds the command line and this backend alone; where the command line is.
fn build(backend: Backend) -> Result<std::path::PathBuf> {
    let workspace = Workspace::load()?;
    let plugin = workspace.plugin(backend.name())?;
    let folder = workspace.target.join("demo");
    assemble(&workspace, Profile::Dev, std::slice::from_ref(plugin), &folder)?;
    Ok(folder.join("bin").join(HOST_BINARY))
}

/// Runs the demo with these keys of `plugin-config`.
fn watch_with(demo: &mut Command, keys: &[(&str, &str)], options: &[&String]) -> Result<ExitCode> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let configuration = folder.path().join("seatunnel.yaml");
    std::fs::write(&configuration, yaml(keys)).context(configuration.display())?;
    watch(demo.arg("-c").arg(&configuration).arg("demo").args(options))
}

fn yaml(keys: &[(&str, &str)]) -> String {
    let keys: String =
        keys.iter().map(|(key, value)| format!("          {key}: {value}\n")).collect();
    format!(
        "\
seatunnel:
  engine:
    checkpoint:
      storage:
        type: hdfs
        max-retained: 3
        plugin-config:
{keys}"
    )
}

fn watch(demo: &mut Command) -> Result<ExitCode> {
    let ended = demo.status().context(Path::new(demo.get_program()).display())?;
    let code = ended.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backend_is_chosen_anywhere_and_other_options_are_passed_on() {
        let parted = |text: &str| {
            let options: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            let parted = backend_of(&options).map_err(|error| error.to_string());
            parted.map(|(backend, others)| {
                (backend, others.into_iter().cloned().collect::<Vec<_>>().join(" "))
            })
        };
        let (local, s3, hdfs) = (Backend::LocalFile, Backend::S3, Backend::Hdfs);
        for (options, backend, others) in [
            ("", local, ""),
            ("--kills 5", local, "--kills 5"),
            ("--on s3", s3, ""),
            ("--on=s3 --kills 5", s3, "--kills 5"),
            ("--kills 5 --on s3 --json", s3, "--kills 5 --json"),
            ("--on hdfs --once", hdfs, "--once"),
            ("--on localfile --once", local, "--once"),
        ] {
            assert_eq!(parted(options), Ok((backend, others.to_owned())), "{options}");
        }
        for options in ["--on", "--on tape", "--on="] {
            let error = parted(options).expect_err(options);
            assert!(error.contains("`localfile`, on `s3` or on `hdfs`"), "{error}");
        }
    }
}
