//! A configuration file that leads to a cluster, for the command line.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use checkpoint_storage_api::PluginConfig;
use tempfile::TempDir;

use crate::configuration::{Configuration, lines};
use crate::{command_line, plugins_directory};

/// A plugins directory that serves HDFS, and a configuration.
pub struct HdfsSetup {
    plugins: TempDir,
    folder: TempDir,
}

impl HdfsSetup {
    /// A configuration as the documentation has it, `type: hdfs` and `storage-type: hdfs`, with these
    /// keys of `plugin-config` and lines of `checkpoint`.
    pub fn new(plugin_config: &PluginConfig, checkpoint: &str) -> Self {
        let setup = Self {
            plugins: plugins_directory(&["checkpoint_storage_hdfs"]),
            folder: tempfile::tempdir().expect("a temporary directory"),
        };
        let keys = [("storage-type", "hdfs")].into_iter().chain(plugin_config.iter());
        let storage = "type: hdfs\nmax-retained: 3";
        let configuration = Configuration { checkpoint, storage, plugin: &lines(keys) };
        std::fs::write(setup.configuration(), configuration.yaml()).expect("written");
        setup
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("seatunnel.yaml")
    }

    /// A folder of the test's own.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The command line, set up for this place. Of Hadoop's environment variables it sees none.
    pub fn command<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = command_line(&self.configuration(), self.plugins.path(), arguments);
        for (key, _) in std::env::vars_os() {
            if key.to_str().is_some_and(|key| key.starts_with("HADOOP_")) {
                command.env_remove(key);
            }
        }
        command
    }
}
