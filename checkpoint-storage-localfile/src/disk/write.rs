//! Writing a checkpoint: the directories it needs, then temporary file, sync, rename, sync.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use checkpoint_storage_api::{CheckpointName, Error, ErrorKind, JobId, Result};
use checkpoint_storage_filesystem::codec::Encoded;
use checkpoint_storage_filesystem::naming;
use rustix::io::Errno;
use tokio_util::sync::CancellationToken;

use super::temporary::TemporaryFile;
use super::{Disk, namespace_failure, not_a_job_directory};
use crate::directory::OpenDirectory;

/// How often a write begins again when its directory, or its temporary file, is taken away within
/// the microseconds between two of its calls. Against a job that is deleted without a pause, every
/// second attempt fails.
const ATTEMPTS: usize = 100;
/// How many jobs' directories are remembered to be durable; forgetting costs a sync.
const MAX_DURABLE_JOBS: usize = 4096;

/// A checkpoint that is being written in chunks.
#[derive(Debug)]
pub(crate) struct PendingFile {
    temporary: TemporaryFile,
    name: String,
    sync: bool,
}

impl Disk {
    /// Writes a checkpoint whole.
    pub(crate) fn publish(
        &self,
        job: &JobId,
        name: &CheckpointName,
        body: &Encoded,
        cancelled: &CancellationToken,
    ) -> Result<()> {
        let file = self.begin("store", job, name)?;
        let parts: Vec<&[u8]> = body.parts().map(|part| &part[..]).collect();
        file.temporary.write(&parts, cancelled)?;
        file.finish(cancelled)
    }

    /// Begins a checkpoint that comes in chunks, unless its name is taken.
    pub(crate) fn begin_import(&self, job: &JobId, name: &CheckpointName) -> Result<PendingFile> {
        let file = self.begin("import", job, name)?;
        match file.temporary_directory().stat(&*file.name) {
            Ok(None) => Ok(file),
            Ok(Some(_)) => Err(file.failure(Errno::EXIST)),
            Err(errno) => Err(file.failure(errno)),
        }
    }

    fn begin(
        &self,
        operation: &'static str,
        job: &JobId,
        name: &CheckpointName,
    ) -> Result<PendingFile> {
        for _ in 0..ATTEMPTS {
            let Some(directory) = self.create_job_directory(operation, job)? else { continue };
            let temporary = naming::temporary(name, self.environment.token());
            let mode = self.config.file_mode;
            if let Some(temporary) = TemporaryFile::create(operation, directory, temporary, mode)? {
                let sync = self.config.sync;
                return Ok(PendingFile { temporary, name: name.to_string(), sync });
            }
        }
        let reason = format!("its directory was removed {ATTEMPTS} times while it was used");
        Err(Error::new(ErrorKind::Unavailable, operation, reason)
            .with_subject(self.namespace().join(job.as_str()).display())
            .with_advice("find out who deletes the job's directory while the job is writing"))
    }

    /// A job's directory, created if need be, whose own name is durable. `None` if it was removed
    /// at the same moment.
    fn create_job_directory(
        &self,
        operation: &'static str,
        job: &JobId,
    ) -> Result<Option<OpenDirectory>> {
        let namespace = self.create_namespace(operation)?;
        let failure = |errno| not_a_job_directory(operation, &namespace, job, errno);
        let mut is_new = false;
        let directory = match namespace.open_directory(job.as_str()) {
            Err(Errno::NOENT) => {
                is_new = true;
                match namespace.create_directory(job.as_str(), self.config.dir_mode) {
                    Ok(_) => {}
                    Err(Errno::NOENT) => return Ok(None),
                    Err(errno) => return Err(failure(errno)),
                }
                match namespace.open_directory(job.as_str()) {
                    Err(Errno::NOENT) => return Ok(None),
                    result => result.map_err(failure)?,
                }
            }
            result => result.map_err(failure)?,
        };
        if self.config.sync {
            // Whoever created it may have died before its name was durable. A new one can have the
            // number of one that is gone.
            let inode = directory.inode().map_err(failure)?;
            if is_new || self.durable_jobs().get(job) != Some(&inode) {
                namespace.sync().map_err(failure)?;
                let mut durable = self.durable_jobs();
                if durable.len() >= MAX_DURABLE_JOBS {
                    durable.clear();
                }
                durable.insert(job.clone(), inode);
            }
        }
        Ok(Some(directory))
    }

    pub(super) fn durable_jobs(&self) -> MutexGuard<'_, HashMap<JobId, u64>> {
        // What is lost with a panic costs a sync.
        self.durable_jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The namespace's directory, created if need be, whose own name is durable.
    pub(super) fn create_namespace(&self, operation: &'static str) -> Result<OpenDirectory> {
        let directory = self.create_chain(operation, self.namespace())?;
        if self.config.sync && !self.durable_namespace.load(Ordering::Acquire) {
            for ancestor in self.namespace().ancestors().skip(1) {
                // What this user may not open, it did not create.
                if let Ok(ancestor) = OpenDirectory::open(ancestor) {
                    match ancestor.sync() {
                        // No file system that a sync would mean anything to.
                        Ok(()) | Err(Errno::INVAL | Errno::ROFS | Errno::OPNOTSUPP) => {}
                        Err(errno) => return Err(ancestor.failure(operation, "", errno)),
                    }
                }
            }
            self.durable_namespace.store(true, Ordering::Release);
        }
        Ok(directory)
    }

    fn create_chain(&self, operation: &'static str, path: &Path) -> Result<OpenDirectory> {
        let here = |errno| namespace_failure(operation, path, errno);
        match OpenDirectory::open(path) {
            Err(Errno::NOENT) => {}
            result => return result.map_err(here),
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name().and_then(|n| n.to_str()))
        else {
            return Err(here(Errno::NOENT));
        };
        let parent = self.create_chain(operation, parent)?;
        parent.create_directory(name, self.config.dir_mode).map_err(|errno| match errno {
            // The parent is open: it was removed meanwhile, or no directories can be made in it.
            Errno::NOENT => cannot_be_created(operation, path),
            errno => here(errno),
        })?;
        if self.config.sync {
            parent.sync().map_err(here)?;
        }
        OpenDirectory::open(path).map_err(|errno| match errno {
            // A link that leads nowhere.
            Errno::NOENT => cannot_be_created(operation, path),
            errno => here(errno),
        })
    }
}

fn cannot_be_created(operation: &'static str, path: &Path) -> Error {
    Error::new(ErrorKind::InvalidConfig, operation, "the directory cannot be created there")
        .with_subject(path.display())
        .with_advice("create it by hand, or configure another directory")
}

impl PendingFile {
    /// Adds the bytes that follow.
    pub(crate) fn write(&self, chunk: &[u8], cancelled: &CancellationToken) -> Result<()> {
        self.temporary.write(&[chunk], cancelled)
    }

    /// Makes the checkpoint visible.
    pub(crate) fn finish(self, cancelled: &CancellationToken) -> Result<()> {
        self.temporary.publish(&self.name, self.sync, cancelled)
    }

    fn temporary_directory(&self) -> &OpenDirectory {
        self.temporary.directory()
    }

    fn failure(&self, errno: Errno) -> Error {
        self.temporary_directory().failure("import", &self.name, errno)
    }
}
