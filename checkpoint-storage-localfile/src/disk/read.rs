//! Reading a checkpoint, whole or in chunks, and checking it against its sidecar.

use std::os::fd::OwnedFd;

use bytes::Bytes;
use checkpoint_storage_api::{CheckpointName, Error, ErrorKind, JobId, Result};
use checkpoint_storage_filesystem::{Directory, naming};
use rustix::buffer::spare_capacity;
use rustix::fs::{OFlags, Stat};
use rustix::io::{Errno, pread};

use super::Disk;
use crate::directory::OpenDirectory;
use crate::sidecar::{self, HEADER_LEN, Verifier};

/// A checkpoint that is open for reading in chunks.
#[derive(Debug)]
pub(crate) struct FileReader {
    file: OwnedFd,
    sidecar: Option<OwnedFd>,
    len: u64,
    path: String,
}

/// How far a reader has come. Kept apart from the reader, so that a cancelled call leaves it as
/// it was.
#[derive(Clone)]
pub(crate) struct Progress {
    position: u64,
    verifier: Option<Verifier>,
}

impl Disk {
    pub(crate) fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Bytes> {
        let (directory, file, stat) = self.open_checkpoint(job, name)?;
        let name = name.to_string();
        let failure = |errno| directory.failure("read", &name, errno);
        let bytes = read_range(&file, 0, len_of(&stat)).map_err(failure)?;
        if let Some((sidecar, stat)) = open_sidecar(&directory, &name)? {
            let sums = read_range(&sidecar, 0, len_of(&stat)).map_err(failure)?;
            sidecar::verify(&bytes, &sums)
                .map_err(|reason| corrupt(directory.path_of(&name), reason))?;
        }
        Ok(bytes.into())
    }

    pub(crate) fn open_reader(
        &self,
        job: &JobId,
        name: &CheckpointName,
    ) -> Result<(FileReader, Progress)> {
        let (directory, file, stat) = self.open_checkpoint(job, name)?;
        let name = name.to_string();
        let (len, path) = (len_of(&stat), directory.path_of(&name));
        let (mut sidecar, mut verifier) = (None, None);
        if let Some((sums, stat)) = open_sidecar(&directory, &name)? {
            let header = read_range(&sums, 0, HEADER_LEN)
                .map_err(|errno| directory.failure("read", &naming::sidecar(&name), errno))?;
            let checked = Verifier::new(&header, len_of(&stat), len);
            verifier = Some(checked.map_err(|reason| corrupt(path.clone(), reason))?);
            sidecar = Some(sums);
        }
        Ok((FileReader { file, sidecar, len, path }, Progress { position: 0, verifier }))
    }

    fn open_checkpoint(
        &self,
        job: &JobId,
        name: &CheckpointName,
    ) -> Result<(OpenDirectory, OwnedFd, Stat)> {
        let text = name.to_string();
        let Some(directory) = self.open_directory("read", Directory::Job(job))? else {
            return Err(self.no_checkpoint("read", job, name));
        };
        match directory.open_file(&text, OFlags::RDONLY) {
            Ok(Some((file, stat))) => Ok((directory, file, stat)),
            Ok(None) => Err(self.no_checkpoint("read", job, name)),
            Err(errno) => Err(directory.failure("read", &text, errno)),
        }
    }

    pub(super) fn no_checkpoint(
        &self,
        operation: &'static str,
        job: &JobId,
        name: &CheckpointName,
    ) -> Error {
        Error::new(ErrorKind::NotFound, operation, "there is no such checkpoint")
            .with_subject(self.describe(Directory::Job(job), Some(&name.to_string())))
            .with_advice("list the job's checkpoints to see which there are")
    }
}

impl FileReader {
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// The next bytes, and how far they lead; `None` at the end of the file.
    pub(crate) fn next_chunk(
        &self,
        mut progress: Progress,
        max_len: usize,
    ) -> Result<Option<(Bytes, Progress)>> {
        let failure = |errno| crate::failure::failure("read", &self.path, errno);
        let wanted = (max_len.max(1) as u64).min(self.len - progress.position);
        let chunk = read_range(&self.file, progress.position, wanted).map_err(failure)?;
        if chunk.is_empty() {
            return Ok(None);
        }
        if let (Some(sidecar), Some(verifier)) = (&self.sidecar, &mut progress.verifier) {
            let (start, len) = verifier.sums_for(chunk.len() as u64);
            let sums = read_range(sidecar, start, len).map_err(failure)?;
            verifier.update(&chunk, &sums).map_err(|reason| corrupt(self.path.clone(), reason))?;
        }
        progress.position += chunk.len() as u64;
        Ok(Some((chunk.into(), progress)))
    }
}

fn corrupt(path: String, reason: String) -> Error {
    Error::new(ErrorKind::Corrupt, "read", reason)
        .with_subject(path)
        .with_advice("restore an older checkpoint and quarantine this one")
}

fn open_sidecar(directory: &OpenDirectory, name: &str) -> Result<Option<(OwnedFd, Stat)>> {
    let sidecar = naming::sidecar(name);
    directory
        .open_file(&sidecar, OFlags::RDONLY)
        .map_err(|errno| directory.failure("read", &sidecar, errno))
}

fn len_of(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or_default()
}

/// Reads up to `len` bytes from `start`, fewer at the end of the file, into memory that is neither
/// cleared first nor moved after.
fn read_range(file: &OwnedFd, start: u64, len: u64) -> Result<Vec<u8>, Errno> {
    let len = usize::try_from(len).map_err(|_| Errno::NOMEM)?;
    let mut bytes: Vec<u8> = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| Errno::NOMEM)?;
    while bytes.len() < len {
        let offset = start + bytes.len() as u64;
        match pread(file, spare_capacity(&mut bytes), offset) {
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    // An allocation can be larger than what was asked for.
    bytes.truncate(len);
    Ok(bytes)
}
