//! Telling dead writers from living ones, and removing what the dead left.

use checkpoint_storage_api::Result;
use checkpoint_storage_filesystem::naming::{self, FileKind};
use checkpoint_storage_filesystem::{Directory, Writer};
use rustix::fs::{FlockOperation, OFlags, fstat};
use rustix::io::Errno;

use super::Disk;
use super::temporary::{Lock, try_lock};
use crate::directory::OpenDirectory;

impl Disk {
    /// What is known about the writers of temporary files.
    pub(crate) fn writers(
        &self,
        directory: Directory<'_>,
        names: &[String],
    ) -> Result<Vec<Writer>> {
        let Some(directory) = self.open_directory("look for leftovers", directory)? else {
            return Ok(vec![Writer::Alive; names.len()]);
        };
        Ok(names.iter().map(|name| writer_of(&directory, name)).collect())
    }

    /// Removes a temporary file whose writer is gone, one of Java's, or a sidecar without its file.
    pub(crate) fn reclaim(&self, directory: Directory<'_>, name: &str) -> Result<bool> {
        let operation = "reclaim a leftover";
        let Some(directory) = self.open_directory(operation, directory)? else { return Ok(false) };
        let reclaimed = match naming::classify(name) {
            FileKind::Temporary => unlink_if_abandoned(&directory, name),
            FileKind::JavaTemporary => directory.unlink(name),
            FileKind::Sidecar(of) => match directory.stat(of.to_string()) {
                Ok(None) => directory.unlink(name),
                Ok(Some(_)) => Ok(false),
                Err(errno) => Err(errno),
            },
            _ => Ok(false),
        };
        reclaimed.map_err(|errno| directory.failure(operation, name, errno))
    }
}

/// A living writer holds an exclusive lock, so that another cannot have even a shared one.
fn writer_of(directory: &OpenDirectory, name: &str) -> Writer {
    let file = match directory.open_file(name, OFlags::RDONLY) {
        Ok(Some((file, _))) => file,
        // Published or reclaimed by now: nothing to lay hands on.
        Ok(None) => return Writer::Alive,
        Err(_) => return Writer::Unknown,
    };
    match try_lock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(Lock::Taken) => Writer::Gone,
        Ok(Lock::HeldByAnother) => Writer::Alive,
        Ok(Lock::Unsupported) | Err(_) => Writer::Unknown,
    }
}

/// Removes the file while holding its lock. A writer that was about to lock it finds it removed,
/// or locked, and begins again.
fn unlink_if_abandoned(directory: &OpenDirectory, name: &str) -> Result<bool, Errno> {
    let Some((file, _)) = directory.open_file(name, OFlags::RDWR)? else { return Ok(false) };
    match try_lock(&file, FlockOperation::NonBlockingLockExclusive)? {
        Lock::HeldByAnother => return Ok(false),
        Lock::Taken | Lock::Unsupported => {}
    }
    // Published since it was listed, it has another name, and this one may be somebody else's.
    let (opened, named) = (fstat(&file)?, directory.stat(name)?);
    if named.is_none_or(|named| named.st_ino != opened.st_ino) {
        return Ok(false);
    }
    directory.unlink(name)
}
