//! The blocking operations on the disk, and the way to the directories that they work in.

mod delete;
mod health;
mod leftover;
mod list;
mod read;
mod temporary;
mod write;

pub(crate) use read::{FileReader, Progress};
pub(crate) use write::PendingFile;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use checkpoint_storage_api::{Error, ErrorKind, JobId, Result};
use checkpoint_storage_filesystem::{Directory, Environment};
use rustix::io::Errno;

use crate::config::LocalFileConfig;
use crate::directory::OpenDirectory;
use crate::failure::failure;

/// How many bytes a file system allows in a name.
const MAX_NAME_LEN: usize = 255;

/// A namespace on a local disk.
#[derive(Debug)]
pub(crate) struct Disk {
    config: LocalFileConfig,
    environment: Environment,
    /// The jobs whose directories' own names are known to be durable, by the directories' numbers.
    durable_jobs: Mutex<HashMap<JobId, u64>>,
    /// Whether the same is known of the namespace.
    durable_namespace: AtomicBool,
}

impl Disk {
    pub(crate) fn new(config: LocalFileConfig, environment: Environment) -> Self {
        Self {
            config,
            environment,
            durable_jobs: Mutex::default(),
            durable_namespace: AtomicBool::new(false),
        }
    }

    fn namespace(&self) -> &Path {
        &self.config.namespace
    }

    pub(crate) fn describe(&self, directory: Directory<'_>, file_name: Option<&str>) -> String {
        let mut path = self.namespace().to_owned();
        if let Directory::Job(job) = directory {
            path.push(job.as_str());
        }
        path.extend(file_name);
        path.display().to_string()
    }

    /// Refuses what no directory can be called.
    pub(crate) fn check_job_id(&self, job: &JobId) -> Result<()> {
        let len = job.as_str().len();
        if len <= MAX_NAME_LEN {
            return Ok(());
        }
        let reason =
            format!("it has {len} bytes and the name of a directory at most {MAX_NAME_LEN}");
        Err(Error::new(ErrorKind::InvalidInput, "use job id", reason)
            .with_subject(format_args!("{job:?}"))
            .with_advice("use a shorter job id"))
    }

    /// Says early that the namespace cannot be, without creating anything: something that is no
    /// directory stands in its place or above it.
    pub(crate) fn check_namespace(&self) -> Result<()> {
        for path in self.namespace().ancestors() {
            match OpenDirectory::open(path) {
                Ok(_) => return Ok(()),
                Err(Errno::NOENT) => {}
                // Which access is needed, each call finds out for itself.
                Err(Errno::ACCESS | Errno::PERM) => return Ok(()),
                Err(errno) => return Err(namespace_failure("open", path, errno)),
            }
        }
        Ok(())
    }

    /// The namespace's directory; `None` if it was never created.
    fn open_namespace(&self, operation: &'static str) -> Result<Option<OpenDirectory>> {
        match OpenDirectory::open(self.namespace()) {
            Ok(directory) => Ok(Some(directory)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(namespace_failure(operation, self.namespace(), errno)),
        }
    }

    /// A directory of the namespace; `None` if there is none.
    fn open_directory(
        &self,
        operation: &'static str,
        directory: Directory<'_>,
    ) -> Result<Option<OpenDirectory>> {
        let Some(namespace) = self.open_namespace(operation)? else { return Ok(None) };
        match directory {
            Directory::Namespace => Ok(Some(namespace)),
            Directory::Job(job) => match namespace.open_directory(job.as_str()) {
                Ok(directory) => Ok(Some(directory)),
                Err(Errno::NOENT) => Ok(None),
                Err(errno) => Err(not_a_job_directory(operation, &namespace, job, errno)),
            },
        }
    }
}

/// Why the namespace, or a directory above it, cannot be opened or created. Names the one that is
/// no directory, if that is why.
fn namespace_failure(operation: &'static str, path: &Path, errno: Errno) -> Error {
    let in_the_way = |path: &&Path| path.metadata().is_ok_and(|found| !found.is_dir());
    let culprit = match errno {
        Errno::NOTDIR => path.ancestors().find(in_the_way).unwrap_or(path),
        _ => path,
    };
    failure(operation, culprit.display(), errno)
}

/// Why a job's directory cannot be opened. A link would lead out of the namespace.
fn not_a_job_directory(
    operation: &'static str,
    namespace: &OpenDirectory,
    job: &JobId,
    errno: Errno,
) -> Error {
    if !matches!(errno, Errno::NOTDIR | Errno::LOOP) {
        return namespace.failure(operation, job.as_str(), errno);
    }
    let reason = match namespace.stat(job.as_str()) {
        Ok(Some(stat)) if is_link(&stat) => {
            "a symbolic link stands where the job's directory must be, and is not followed"
        }
        _ => "something that is no directory stands where the job's directory must be",
    };
    Error::new(ErrorKind::InvalidInput, operation, reason)
        .with_subject(namespace.path_of(job.as_str()))
        .with_advice("move it away, or use another job id")
}

fn is_link(stat: &rustix::fs::Stat) -> bool {
    rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Symlink
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use checkpoint_storage_filesystem::codec::Encoded;
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn files(folder: &Path) -> usize {
        std::fs::read_dir(folder).expect("readable").count()
    }

    #[test]
    fn nothing_is_published_for_a_caller_that_is_gone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = LocalFileConfig {
            namespace: folder.path().to_owned(),
            sync: false,
            file_mode: 0o600,
            dir_mode: 0o700,
        };
        let disk = Disk::new(config, Environment::system());
        let job = JobId::new("1").expect("valid");
        let name = "1795474038044-523-1-1.ser".parse().expect("a name");
        let (listened, dropped) = (CancellationToken::new(), CancellationToken::new());
        dropped.cancel();

        let prefix = Bytes::from_static(b"abc");
        let body = Encoded { prefix, states: None, trailer: Bytes::new() };
        disk.publish(&job, &name, &body, &dropped).expect_err("dropped before the first byte");
        assert_eq!(files(&folder.path().join("1")), 0);

        let file = disk.begin_import(&job, &name).expect("begun");
        file.write(b"abc", &listened).expect("written");
        file.finish(&dropped).expect_err("dropped before the rename");
        assert_eq!(files(&folder.path().join("1")), 0);

        disk.publish(&job, &name, &body, &listened).expect("stored");
        assert_eq!(files(&folder.path().join("1")), 1);
    }
}
