//! What a backend implements.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use checkpoint_storage_api::{
    Capabilities, CheckpointName, Error, HealthOptions, HealthStep, JobId, Result, async_trait,
};

use crate::codec::{Defect, Encoded};
use crate::naming;

/// A place that a [`FileSystem`] lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directory<'a> {
    /// The namespace itself: jobs' directories lie in it.
    Namespace,
    /// The directory of one job.
    Job(&'a JobId),
}

impl Directory<'_> {
    /// The path of a file in it, relative to the namespace.
    pub fn path_of(&self, file_name: &str) -> String {
        match self {
            Self::Namespace => file_name.to_owned(),
            Self::Job(job) => format!("{job}/{file_name}"),
        }
    }
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileType {
    /// Bytes that can be read.
    Regular,
    /// A directory, whose name is exactly as listed.
    Directory,
    /// Anything else: a link, a pipe, a name that is not UTF-8.
    Other,
}

/// A line of a directory's listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// The name within the directory.
    pub name: String,
    /// What it stands for.
    pub file_type: FileType,
    /// The size in bytes; 0 unless it is regular.
    pub size: u64,
    /// When it was last written, by the medium's clock.
    pub modified: SystemTime,
}

/// What is known about the writer of something unfinished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// It is alive: hands off.
    Alive,
    /// It is gone and will never come back.
    Gone,
    /// The medium cannot tell: age decides.
    Unknown,
}

/// What a storage over a [`FileSystem`] can do, unless its medium cannot.
pub const CAPABILITIES: Capabilities = Capabilities::READER
    .union(Capabilities::IMPORT)
    .union(Capabilities::SCAN)
    .union(Capabilities::QUARANTINE)
    .union(Capabilities::RECLAIM)
    .union(Capabilities::HEALTH)
    .union(Capabilities::SAVEPOINT)
    .union(Capabilities::TELLS_MISSING);

/// Whether a part of a listing holds what was looked for.
pub type IsEnough<'a> = &'a (dyn Fn(&[FileEntry]) -> bool + Sync + 'a);

/// A medium that keeps files in one directory per job.
///
/// Every path is below one namespace, whose directories and files are named by a [`JobId`], a
/// [`CheckpointName`] or a name that [`list`](Self::list) showed; the implementation follows no
/// link that leads elsewhere. Errors carry operation, [`describe`](Self::describe) as their
/// subject, and advice. Every call can be cancelled by dropping its future.
#[async_trait]
pub trait FileSystem: Send + Sync + 'static {
    /// Refuses with [`InvalidInput`](checkpoint_storage_api::ErrorKind::InvalidInput) a job id that
    /// no directory of the medium can have. Touches nothing.
    fn check_job_id(&self, job: &JobId) -> Result<()>;

    /// The whole path or URL of a file, or of the directory, for people.
    fn describe(&self, directory: Directory<'_>, file_name: Option<&str>) -> String;

    /// What lies in a directory, in any order; nothing if there is no such directory.
    ///
    /// `start_after` allows an implementation to leave out what sorts before it byte by byte, which
    /// saves pages where the medium lists in that order.
    async fn list(
        &self,
        directory: Directory<'_>,
        start_after: Option<&str>,
    ) -> Result<Vec<FileEntry>>;

    /// What lies in a job's directory: all of it, or of a long listing that is in order of the names
    /// only the end, as much as `is_enough`. `now_ms`, the time in milliseconds since 1970, tells
    /// about where the end is.
    async fn list_newest(
        &self,
        job: &JobId,
        _now_ms: u64,
        _is_enough: IsEnough<'_>,
    ) -> Result<Vec<FileEntry>> {
        self.list(Directory::Job(job), None).await
    }

    /// The jobs that have a checkpoint, in any order.
    async fn jobs(&self) -> Result<Vec<JobId>> {
        let mut jobs = Vec::new();
        for entry in self.list(Directory::Namespace, None).await? {
            if let (FileType::Directory, Ok(job)) = (entry.file_type, JobId::new(entry.name)) {
                let files = self.list(Directory::Job(&job), None).await?;
                if files.iter().any(FileEntry::is_checkpoint) {
                    jobs.push(job);
                }
            }
        }
        Ok(jobs)
    }

    /// Writes a checkpoint and makes it visible at once and whole. Returns once it is durable.
    /// [`AlreadyExists`](checkpoint_storage_api::ErrorKind::AlreadyExists) leaves what is there as
    /// it is. After an error whose outcome is not unknown, nothing of it is ever visible.
    async fn publish(&self, job: &JobId, name: &CheckpointName, body: Encoded) -> Result<()>;

    /// Begins what [`publish`](Self::publish) does in one go, for `total_len` bytes to come.
    async fn begin_publish(
        &self,
        job: &JobId,
        name: &CheckpointName,
        total_len: u64,
    ) -> Result<Box<dyn Upload>>;

    /// Reads a file whole; checks what the medium itself keeps for that purpose.
    async fn read(&self, job: &JobId, name: &CheckpointName) -> Result<Bytes>;

    /// Opens a file for reading in chunks.
    async fn open(&self, job: &JobId, name: &CheckpointName) -> Result<Box<dyn ChunkReader>>;

    /// Deletes files and what the medium keeps beside them, for good. One answer per name, in
    /// their order: whether the file existed (a medium that cannot tell says that it did), or why
    /// it is still there. An error only if none of them could be tried.
    async fn delete(&self, job: &JobId, names: &[CheckpointName]) -> Result<Vec<Result<bool>>>;

    /// Removes a job's directory if nothing is in it; says whether it did.
    async fn remove_directory(&self, job: &JobId) -> Result<bool>;

    /// Renames a checkpoint to [`naming::quarantined`]; never replaces one that is there. Returns
    /// the new place as [`describe`](Self::describe) gives it.
    async fn quarantine(&self, job: &JobId, name: &CheckpointName) -> Result<String>;

    /// What is known about the writers of temporary files, one answer per name in their order.
    async fn writers(&self, _directory: Directory<'_>, names: &[&str]) -> Result<Vec<Writer>> {
        Ok(vec![Writer::Unknown; names.len()])
    }

    /// What was begun and is not a file, such as multipart uploads: of one job or of all. Their
    /// names are only good for [`reclaim`](Self::reclaim).
    async fn uploads(&self, _job: Option<&JobId>) -> Result<Vec<(JobId, FileEntry)>> {
        Ok(Vec::new())
    }

    /// Removes something unfinished, an upload, or a sidecar without its checkpoint. Says whether
    /// it did: not if it is gone, if its writer turns out to be [`Writer::Alive`], or if the
    /// sidecar has a checkpoint by now.
    async fn reclaim(&self, directory: Directory<'_>, name: &str) -> Result<bool>;

    /// Tries the medium step by step.
    async fn health(&self, options: HealthOptions) -> Result<Vec<HealthStep>>;

    /// Which optional operations the medium allows.
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    /// Waits for what cancelled calls left running and frees what is held. Nothing is called after
    /// it but itself.
    async fn close(&self) -> Result<()>;
}

impl FileEntry {
    /// Whether it is a checkpoint.
    pub fn is_checkpoint(&self) -> bool {
        self.file_type == FileType::Regular && naming::is_checkpoint(&self.name)
    }
}

/// A checkpoint that is being written in chunks. Dropped unfinished, it is abandoned: nothing of
/// it becomes visible, and what it took is given back.
#[async_trait]
pub trait Upload: Send {
    /// Adds the bytes that follow. After an error or a cancelled call the upload is of no use.
    async fn write(&mut self, chunk: Bytes) -> Result<()>;

    /// Publishes what was written, as [`FileSystem::publish`] does.
    async fn finish(self: Box<Self>) -> Result<()>;
}

/// A file that is being read in chunks.
#[async_trait]
pub trait ChunkReader: Send {
    /// How many bytes the file has.
    fn file_len(&self) -> u64;

    /// The next bytes, at least one and at most `max_len`, or `None` at the end of the file: then
    /// what the medium itself keeps for checking has been checked. A cancelled call skips nothing.
    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>>;
}

/// The subject of errors about a checkpoint.
pub(crate) fn subject_of<F: FileSystem + ?Sized>(
    file_system: &F,
    job: &JobId,
    name: &CheckpointName,
) -> String {
    file_system.describe(Directory::Job(job), Some(&name.to_string()))
}

/// The error of a checkpoint with this defect.
pub(crate) fn defective(operation: &'static str, subject: &str, defect: &Defect) -> Error {
    corrupt(operation, subject, defect).with_misplaced(defect.is_misplaced)
}

/// The error of a checkpoint whose bytes are wrong.
pub(crate) fn corrupt(operation: &'static str, subject: &str, reason: impl fmt::Display) -> Error {
    Error::new(checkpoint_storage_api::ErrorKind::Corrupt, operation, reason.to_string())
        .with_subject(subject)
        .with_advice("restore an older checkpoint and quarantine this one")
}
