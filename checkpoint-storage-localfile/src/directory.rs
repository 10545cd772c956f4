//! An open directory: everything in it is reached through it, and no link in it is followed.

use std::ffi::CStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use checkpoint_storage_api::{Error, Result};
use checkpoint_storage_filesystem::FileType;
use rustix::fs::{
    AtFlags, Dir, FileType as Type, Mode, OFlags, RawMode, RenameFlags, Stat, fchmod, fstat, fsync,
    linkat, mkdirat, open, openat, renameat, renameat_with, statat, unlinkat,
};
use rustix::io::{Errno, retry_on_intr};

use crate::failure::failure;

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
/// Never waits for the other end of a pipe, never follows a link.
const FILE: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);
/// The permission bits of a mode.
const PERMISSIONS: RawMode = 0o7777;

/// An open directory and its path, which only serves messages.
#[derive(Debug)]
pub(crate) struct OpenDirectory {
    fd: OwnedFd,
    path: PathBuf,
}

/// A name in a directory.
pub(crate) struct Entry {
    /// Not exact unless `file_type` says what it is.
    pub(crate) name: String,
    /// `None` if the file system does not say without a look at the file.
    pub(crate) file_type: Option<FileType>,
}

impl OpenDirectory {
    /// Opens a directory by its path; links in the path are the operator's and are followed.
    pub(crate) fn open(path: &Path) -> Result<Self, Errno> {
        let fd = retry_on_intr(|| open(path, DIRECTORY, Mode::empty()))?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Opens a directory in this one.
    pub(crate) fn open_directory(&self, name: &str) -> Result<Self, Errno> {
        let flags = DIRECTORY | OFlags::NOFOLLOW;
        let fd = retry_on_intr(|| openat(&self.fd, name, flags, Mode::empty()))?;
        Ok(Self { fd, path: self.path.join(name) })
    }

    /// Creates a directory in this one with exactly `mode`; says whether it was not there.
    pub(crate) fn create_directory(&self, name: &str, mode: RawMode) -> Result<bool, Errno> {
        match mkdirat(&self.fd, name, Mode::from_raw_mode(mode)) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(false),
            Err(errno) => return Err(errno),
        }
        let created = self.open_directory(name)?;
        // The group's own bit is inherited where the parent has it, and is left so.
        let inherited = fstat(&created.fd)?.st_mode & Mode::SGID.as_raw_mode();
        set_mode(&created.fd, mode | inherited)?;
        Ok(true)
    }

    /// Creates a file that was not there, for reading and writing, with exactly `mode`.
    pub(crate) fn create_file(&self, name: &str, mode: RawMode) -> Result<OwnedFd, Errno> {
        let flags = FILE | OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        let file = retry_on_intr(|| openat(&self.fd, name, flags, Mode::from_raw_mode(mode)))?;
        match set_mode(&file, mode) {
            Ok(()) => Ok(file),
            Err(errno) => {
                let _ = self.unlink(name);
                Err(errno)
            }
        }
    }

    /// Opens a regular file; `None` if there is none of that name.
    pub(crate) fn open_file(
        &self,
        name: &str,
        access: OFlags,
    ) -> Result<Option<(OwnedFd, Stat)>, Errno> {
        match retry_on_intr(|| openat(&self.fd, name, FILE | access, Mode::empty())) {
            Ok(file) => {
                let stat = fstat(&file)?;
                Ok((file_type(stat.st_mode) == FileType::Regular).then_some((file, stat)))
            }
            // A link, a socket, or a directory that was to be written.
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO | Errno::ISDIR) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// What a name stands for; `None` if there is nothing of that name.
    pub(crate) fn stat(&self, name: impl rustix::path::Arg) -> Result<Option<Stat>, Errno> {
        match statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// Whether there is a regular file of that name.
    pub(crate) fn has_file(&self, name: &str) -> Result<bool, Errno> {
        Ok(self.stat(name)?.is_some_and(|stat| file_type(stat.st_mode) == FileType::Regular))
    }

    /// The directory's own number, which another directory of the same name does not share.
    pub(crate) fn inode(&self) -> Result<u64, Errno> {
        Ok(fstat(&self.fd)?.st_ino)
    }

    /// Removes a file; says whether it was there.
    pub(crate) fn unlink(&self, name: &str) -> Result<bool, Errno> {
        found(unlinkat(&self.fd, name, AtFlags::empty()))
    }

    /// Removes a directory if nothing is in it; says whether it did.
    pub(crate) fn remove_directory(&self, name: &str) -> Result<bool, Errno> {
        match unlinkat(&self.fd, name, AtFlags::REMOVEDIR) {
            // Some file systems say EXIST where the others say NOTEMPTY.
            Err(Errno::NOTEMPTY | Errno::EXIST | Errno::BUSY) => Ok(false),
            result => found(result),
        }
    }

    /// Renames a file and never replaces another: [`Errno::EXIST`].
    pub(crate) fn rename_to_new(&self, from: &str, to: &str) -> Result<(), Errno> {
        match renameat_with(&self.fd, from, &self.fd, to, RenameFlags::NOREPLACE) {
            // The file system, or the kernel, does not know the flag. A link is as exclusive.
            Err(Errno::INVAL | Errno::NOSYS) => {
                linkat(&self.fd, from, &self.fd, to, AtFlags::empty())?;
                // It has its name by now; the other one is hidden and reclaimed as a leftover.
                let _ = self.unlink(from);
                Ok(())
            }
            result => result,
        }
    }

    /// Renames a file over whatever is there; says whether there was one to rename.
    pub(crate) fn rename_over(&self, from: &str, to: &str) -> Result<bool, Errno> {
        found(renameat(&self.fd, from, &self.fd, to))
    }

    /// Returns once the names in the directory would survive a power cut.
    pub(crate) fn sync(&self) -> Result<(), Errno> {
        retry_on_intr(|| fsync(&self.fd))
    }

    /// The names in the directory, its own and its parent's excepted.
    pub(crate) fn entries(&self) -> Result<Vec<Entry>, Errno> {
        let mut entries = Vec::new();
        for entry in Dir::read_from(&self.fd)? {
            let entry = entry?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                entries.push(named(entry.file_name(), entry.file_type()));
            }
        }
        Ok(entries)
    }

    /// The descriptor, for calls on the directory as a whole.
    pub(crate) fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    /// Where the directory, or something in it, lies.
    pub(crate) fn path_of(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }

    /// The error of an operation on something in the directory.
    pub(crate) fn failure(&self, operation: &'static str, name: &str, errno: Errno) -> Error {
        failure(operation, self.path_of(name), errno)
    }
}

fn named(name: &CStr, file_type: Type) -> Entry {
    let lossy = name.to_string_lossy();
    let file_type = match (name.to_str(), file_type) {
        // No name of ours, and not to be mistaken for the text that stands for it.
        (Err(_), _) => Some(FileType::Other),
        (Ok(_), Type::Unknown) => None,
        (Ok(_), file_type) => Some(kind(file_type)),
    };
    Entry { name: lossy.into_owned(), file_type }
}

fn kind(file_type: Type) -> FileType {
    match file_type {
        Type::RegularFile => FileType::Regular,
        Type::Directory => FileType::Directory,
        _ => FileType::Other,
    }
}

/// What a mode stands for.
pub(crate) fn file_type(mode: RawMode) -> FileType {
    kind(Type::from_raw_mode(mode))
}

/// When a file was last written.
pub(crate) fn modified(stat: &Stat) -> SystemTime {
    let seconds = Duration::from_secs(stat.st_mtime.unsigned_abs());
    let whole = if stat.st_mtime < 0 { UNIX_EPOCH - seconds } else { UNIX_EPOCH + seconds };
    whole + Duration::from_nanos(stat.st_mtime_nsec)
}

/// Gives a file or directory exactly this mode, which the umask may have narrowed.
fn set_mode(fd: &OwnedFd, mode: RawMode) -> Result<(), Errno> {
    if fstat(fd)?.st_mode & PERMISSIONS == mode {
        return Ok(());
    }
    fchmod(fd, Mode::from_raw_mode(mode))
}

fn found(result: Result<(), Errno>) -> Result<bool, Errno> {
    match result {
        Ok(()) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(errno) => Err(errno),
    }
}
