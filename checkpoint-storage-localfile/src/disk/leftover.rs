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

#[cfg(test)]
mod tests {
    use std::fs::File;

    use checkpoint_storage_filesystem::Environment;
    use rustix::fs::flock;

    use super::*;
    use crate::config::LocalFileConfig;

    /// The writer came to life after it was looked at, or the sidecar's file was published.
    #[test]
    fn what_is_to_be_reclaimed_is_looked_at_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = LocalFileConfig {
            namespace: folder.path().to_owned(),
            sync: false,
            file_mode: 0o600,
            dir_mode: 0o700,
        };
        let disk = Disk::new(config, Environment::system());
        let reclaim = |name: &str| disk.reclaim(Directory::Namespace, name).expect("no error");

        let probe = naming::probe(1);
        let file = File::create_new(folder.path().join(&probe)).expect("created");
        flock(&file, FlockOperation::NonBlockingLockExclusive).expect("locked");
        assert!(!reclaim(&probe) && folder.path().join(&probe).exists());
        drop(file);
        assert!(reclaim(&probe) && !folder.path().join(&probe).exists());
        assert!(!reclaim(&probe), "it was gone already");

        let name = "1795474038044-523-1-1.ser";
        let sidecar = naming::sidecar(name);
        for file_name in [name, &sidecar] {
            File::create_new(folder.path().join(file_name)).expect("created");
        }
        assert!(!reclaim(&sidecar) && !reclaim(name));
        std::fs::remove_file(folder.path().join(name)).expect("removed");
        assert!(reclaim(&sidecar));
    }
}
