//! A file that is being written: hidden, locked by its writer, gone unless it is published.

use std::io::IoSlice;
use std::os::fd::OwnedFd;

use checkpoint_storage_api::{Error, Outcome, Result};
use checkpoint_storage_filesystem::naming;
use rustix::fs::{FlockOperation, flock, fstat, fsync};
use rustix::io::{Errno, retry_on_intr, writev};
use tokio_util::sync::CancellationToken;

use crate::directory::OpenDirectory;
use crate::workers::check_cancelled;

/// How much is written before the writer looks whether anybody still waits for it.
const WRITE_LEN: usize = 4 << 20;

/// A temporary file. Dropped unpublished, it is removed.
#[derive(Debug)]
pub(super) struct TemporaryFile {
    operation: &'static str,
    directory: OpenDirectory,
    file: OwnedFd,
    name: String,
    published: bool,
    locked: bool,
}

impl TemporaryFile {
    /// Creates a file called `name` and locks it, so that it is seen to have a living writer.
    /// `None` if another process removed the directory, or took the file for a leftover between
    /// its creation and its lock: begin again under another name.
    pub(super) fn create(
        operation: &'static str,
        directory: OpenDirectory,
        name: String,
        mode: u32,
    ) -> Result<Option<Self>> {
        let file = match directory.create_file(&name, mode) {
            Ok(file) => file,
            Err(Errno::NOENT | Errno::EXIST) => return Ok(None),
            Err(errno) => return Err(directory.failure(operation, &name, errno)),
        };
        let lock = try_lock(&file, FlockOperation::NonBlockingLockExclusive);
        let mut temporary =
            Self { operation, directory, file, name, published: false, locked: false };
        match lock {
            Ok(Lock::Taken) => temporary.locked = true,
            Ok(Lock::Unsupported) => {}
            Ok(Lock::HeldByAnother) => return Ok(None),
            Err(errno) => return Err(temporary.failure(errno)),
        }
        match fstat(&temporary.file) {
            Ok(stat) if stat.st_nlink == 0 => Ok(None),
            Ok(_) => Ok(Some(temporary)),
            Err(errno) => Err(temporary.failure(errno)),
        }
    }

    /// The directory that it lies in.
    pub(super) fn directory(&self) -> &OpenDirectory {
        &self.directory
    }

    /// Whether the file system has locks.
    pub(super) fn is_locked(&self) -> bool {
        self.locked
    }

    /// Adds `parts`, one after the other, without joining them first.
    pub(super) fn write(&self, parts: &[&[u8]], cancelled: &CancellationToken) -> Result<()> {
        let mut parts: Vec<&[u8]> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
        while !parts.is_empty() {
            check_cancelled(cancelled, self.operation)?;
            let written = match retry_on_intr(|| writev(&self.file, &window(&parts))) {
                Ok(0) => return Err(self.failure(Errno::IO)),
                Ok(written) => written,
                Err(errno) => return Err(self.failure(errno)),
            };
            skip(&mut parts, written);
        }
        Ok(())
    }

    /// Returns once what was written would survive a power cut.
    pub(super) fn sync(&self) -> Result<()> {
        retry_on_intr(|| fsync(&self.file)).map_err(|errno| self.failure(errno))
    }

    /// Gives the file its name, unless that is taken.
    pub(super) fn publish(
        mut self,
        name: &str,
        sync: bool,
        cancelled: &CancellationToken,
    ) -> Result<()> {
        if sync {
            self.sync()?;
        }
        check_cancelled(cancelled, self.operation)?;
        let failure = |errno| self.directory.failure(self.operation, name, errno);
        // A sidecar of an earlier file of that name would make Java refuse this one.
        let sidecar = naming::sidecar(name);
        let is_stale = self.directory.has_file(&sidecar).map_err(failure)?
            && self.directory.stat(name).map_err(failure)?.is_none();
        if is_stale {
            self.directory.unlink(&sidecar).map_err(failure)?;
        }
        self.directory.rename_to_new(&self.name, name).map_err(|errno| match errno {
            // A remote file system may have done it before its answer was lost.
            Errno::IO | Errno::TIMEDOUT => failure(errno).with_outcome(Outcome::Unknown),
            errno => failure(errno),
        })?;
        self.published = true;
        if sync {
            self.directory.sync().map_err(|errno| {
                let failure = self.directory.failure(self.operation, name, errno);
                failure.with_outcome(Outcome::Unknown)
            })?;
        }
        Ok(())
    }

    fn failure(&self, errno: Errno) -> Error {
        self.directory.failure(self.operation, &self.name, errno)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if !self.published
            && let Err(errno) = self.directory.unlink(&self.name)
        {
            tracing::warn!(
                file = self.directory.path_of(&self.name),
                error = %std::io::Error::from(errno),
                "cannot remove a temporary file; it will be reclaimed as a leftover"
            );
        }
    }
}

/// The beginning of `parts`, up to [`WRITE_LEN`] bytes.
fn window<'a>(parts: &[&'a [u8]]) -> Vec<IoSlice<'a>> {
    let mut room = WRITE_LEN;
    parts
        .iter()
        .map_while(|part| {
            let part = &part[..part.len().min(room)];
            room -= part.len();
            (!part.is_empty()).then(|| IoSlice::new(part))
        })
        .collect()
}

/// Takes `len` bytes off the beginning of `parts`, and what is empty after that.
fn skip(parts: &mut Vec<&[u8]>, mut len: usize) {
    parts.retain_mut(|part| {
        let skipped = len.min(part.len());
        len -= skipped;
        *part = &part[skipped..];
        !part.is_empty()
    });
}

/// What came of trying to lock a file.
pub(super) enum Lock {
    /// It is locked until it is closed.
    Taken,
    HeldByAnother,
    /// The file system has no locks.
    Unsupported,
}

pub(super) fn try_lock(file: &OwnedFd, operation: FlockOperation) -> Result<Lock, Errno> {
    match retry_on_intr(|| flock(file, operation)) {
        Ok(()) => Ok(Lock::Taken),
        Err(Errno::WOULDBLOCK) => Ok(Lock::HeldByAnother),
        Err(Errno::OPNOTSUPP | Errno::NOLCK | Errno::NOSYS | Errno::INVAL) => Ok(Lock::Unsupported),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_written_in_windows_and_after_partial_writes_from_where_they_stopped() {
        let (long, short) = (vec![1_u8; WRITE_LEN + 1], [2_u8; 3]);
        let mut parts = vec![&short[..], &long[..], &short[..]];
        let lens = |parts: &[&[u8]]| -> Vec<usize> {
            window(parts).iter().map(|slice| slice.len()).collect()
        };
        assert_eq!(lens(&parts), [3, WRITE_LEN - 3]);
        skip(&mut parts, 2);
        assert_eq!(lens(&parts), [1, WRITE_LEN - 1]);
        skip(&mut parts, WRITE_LEN);
        assert_eq!(lens(&parts), [2, 3]);
        skip(&mut parts, 5);
        assert!(parts.is_empty());
    }
}
