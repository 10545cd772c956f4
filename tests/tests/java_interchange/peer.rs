//! The plugins of the Java engine that keep checkpoints on a local disk.

use std::path::Path;
use std::process::Command;

use checkpoint_storage_tests::java::Java;

/// A storage plugin of the Java engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plugin {
    /// `hdfs`, by way of Hadoop's local file system: keeps checksums in sidecars.
    Hdfs,
    /// `localfile`.
    LocalFile,
}

impl Plugin {
    pub(crate) const ALL: [Self; 2] = [Self::Hdfs, Self::LocalFile];

    pub(crate) fn open(self, jars: &Path, namespace: &Path) -> Java {
        self.open_by(Command::new("java"), jars, namespace)
    }

    /// `launcher` starts `java`, as another user for example.
    pub(crate) fn open_by(self, launcher: Command, jars: &Path, namespace: &Path) -> Java {
        self.open_keyed(launcher, jars, "namespace", namespace)
    }

    /// `key` gives the namespace.
    pub(crate) fn open_keyed(
        self,
        launcher: Command,
        jars: &Path,
        key: &str,
        namespace: &Path,
    ) -> Java {
        let namespace = (key, namespace.to_str().expect("UTF-8"));
        let on_disk = [("storage.type", "hdfs"), ("fs.defaultFS", "file:///"), namespace];
        match self {
            Self::Hdfs => Java::open_by(launcher, &[jars], "hdfs", &on_disk),
            Self::LocalFile => Java::open_by(launcher, &[jars], "localfile", &[namespace]),
        }
    }
}
