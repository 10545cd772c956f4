//! A bucket with a configuration file, for the command line.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::server::{Keys, S3Server};
use crate::configuration::{Configuration, lines};
use crate::{command_line, plugins_directory};

/// The environment variable by which the configuration file gets the secret.
const SECRET: &str = "TEST_S3_SECRET_KEY";

/// A fresh bucket on a server, with a plugins directory that serves it and a configuration.
pub struct S3Setup {
    /// The server.
    pub server: S3Server,
    /// The bucket.
    pub bucket: String,
    plugins: TempDir,
    folder: TempDir,
}

impl S3Setup {
    /// A bucket of its own on `server`, and a configuration as the documentation has it: `type: hdfs`
    /// and `storage-type: s3`.
    pub fn new(server: &S3Server) -> Self {
        let setup = Self {
            bucket: server.new_bucket(),
            server: server.clone(),
            plugins: plugins_directory(&["checkpoint_storage_s3"]),
            folder: tempfile::tempdir().expect("a temporary directory"),
        };
        setup.configure("", &[]);
        setup
    }

    /// Adds lines to `checkpoint` and keys to `plugin-config`.
    pub fn configure(&self, checkpoint: &str, more: Keys<'_>) {
        let S3Server { endpoint, access_key, .. } = &self.server;
        let plugin = format!(
            "storage-type: s3\ns3.bucket: {}\nfs.s3a.endpoint: {endpoint}\n\
             fs.s3a.access-key: {access_key}\nfs.s3a.secret-key: ${{{SECRET}}}\n{}",
            self.bucket,
            lines(more.iter().copied()),
        );
        let storage = "type: hdfs\nmax-retained: 3";
        let configuration = Configuration { checkpoint, storage, plugin: &plugin };
        self.write_configuration(&configuration.yaml());
    }

    /// Replaces the configuration.
    pub fn write_configuration(&self, yaml: &str) {
        std::fs::write(self.configuration(), yaml).expect("the configuration can be written");
    }

    /// The configuration's file.
    pub fn configuration(&self) -> PathBuf {
        self.folder.path().join("seatunnel.yaml")
    }

    /// A folder of the test's own.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The plugins directory.
    pub fn plugins(&self) -> &Path {
        self.plugins.path()
    }

    /// The command line, set up for this place. Of AWS's environment variables it sees none.
    pub fn command<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = command_line(&self.configuration(), self.plugins(), arguments);
        for (key, _) in std::env::vars_os() {
            if key.to_str().is_some_and(|key| key.starts_with("AWS_")) {
                command.env_remove(key);
            }
        }
        command.env(SECRET, &self.server.secret_key);
        command
    }
}
