//! A folder that this project's `localfile` plugin shares with one of Java's.

use std::fs;
use std::path::Path;

use checkpoint_storage_tests::java::{Java, SharedPlace, jars};
use storage_host::ManagedStorage;

use crate::folder::Folder;
use crate::peer::Plugin;

/// A folder that ours shares with a plugin of Java's.
pub(crate) struct Disk {
    plugin: Plugin,
    jars: &'static Path,
    folder: Folder,
}

impl Disk {
    /// One for each plugin; none, and the reason shown, where the test is to be skipped.
    pub(crate) fn each() -> impl Iterator<Item = Self> {
        jars().into_iter().flat_map(|jars| {
            Plugin::ALL.into_iter().map(move |plugin| {
                // Seen where a test fails.
                println!("{plugin:?}");
                Self { plugin, jars, folder: Folder::new() }
            })
        })
    }
}

impl SharedPlace for Disk {
    fn java(&self) -> Java {
        self.plugin.open(self.jars, &self.folder.namespace())
    }

    async fn ours(&self) -> ManagedStorage {
        self.folder.open().await
    }

    async fn files(&self, job: &str) -> Vec<String> {
        self.folder.files(job)
    }

    async fn copy(&self, job: &str, from: &str, to: &str) {
        let directory = self.folder.job(job);
        fs::copy(directory.join(from), directory.join(to)).expect("copied");
    }

    fn beside(&self, name: &str) -> Option<String> {
        (self.plugin == Plugin::Hdfs).then(|| format!(".{name}.crc"))
    }

    async fn is_gone(&self, job: &str) -> bool {
        !self.folder.job(job).exists()
    }
}
