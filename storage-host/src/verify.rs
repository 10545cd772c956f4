//! Reading everything back that is stored, and saying of each thing what it is.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use checkpoint_storage_api::{
    Capabilities, CheckpointName, CheckpointStorage, Error, ErrorKind, Integrity, JobId, ListQuery,
    Result, ScanItem, ScanKind,
};
use futures_util::StreamExt as _;

use crate::read_back::read_back;

/// What to read, and how much of it at once.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Only what belongs to these jobs; everything in the namespace if there are none.
    pub jobs: Vec<JobId>,
    /// How many checkpoints are read at once, a chunk of each in memory; one for zero.
    pub concurrency: usize,
    /// Move what is [damaged](Verdict::is_damage) aside, where no reader takes it for a checkpoint.
    pub quarantine: bool,
}

/// What was found at one place.
#[derive(Debug)]
pub struct Verification {
    /// Where it lies, relative to the namespace.
    pub path: String,
    /// The job that it is of.
    pub job: Option<JobId>,
    /// Its name, if that is a checkpoint's.
    pub name: Option<CheckpointName>,
    /// Its size in bytes.
    pub size: u64,
    /// What it is.
    pub verdict: Verdict,
    /// What became of an attempt to move it aside: where it lies now.
    pub quarantined: Option<Result<String>>,
}

/// What a thing in the namespace is.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// A checkpoint that is what was written.
    Whole,
    /// A checkpoint without a checksum, as the Java engine writes it: it has the form of one.
    NoChecksum,
    /// A checkpoint that is not what was written.
    Corrupt(Error),
    /// A checkpoint of another job, pipeline or id than its place says: no reader takes it.
    Misplaced(Error),
    /// A checkpoint that could not be read: nothing is known of it.
    Unreadable(Error),
    /// A checkpoint that was deleted before it was read.
    Vanished,
    /// Something else that is no checkpoint.
    Other(ScanKind),
}

impl Verdict {
    /// The name in machine-readable output.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Whole => "ok",
            Self::NoChecksum => "no-checksum",
            Self::Corrupt(_) => "corrupt",
            Self::Misplaced(_) => "misplaced",
            Self::Unreadable(_) => "unreadable",
            Self::Vanished => "vanished",
            Self::Other(kind) => kind.as_str(),
        }
    }

    /// Why it is corrupt or could not be read.
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Corrupt(error) | Self::Misplaced(error) | Self::Unreadable(error) => Some(error),
            _ => None,
        }
    }

    /// Whether it passes for a checkpoint and is none that anybody can read.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Corrupt(_) | Self::Misplaced(_))
    }

    /// What reading a checkpoint back came to.
    fn of(read: Result<Integrity>) -> Self {
        match read {
            Ok(Integrity::NoChecksum) => Self::NoChecksum,
            Ok(_) => Self::Whole,
            Err(error) => match error.kind() {
                ErrorKind::NotFound => Self::Vanished,
                ErrorKind::Corrupt if error.is_misplaced() => Self::Misplaced(error),
                ErrorKind::Corrupt => Self::Corrupt(error),
                _ => Self::Unreadable(error),
            },
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far a verification has come; shared with whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    found: AtomicUsize,
    bytes: AtomicU64,
    done: AtomicUsize,
    read: AtomicU64,
}

impl Progress {
    /// How many things there are, once they are known.
    pub fn found(&self) -> usize {
        self.found.load(Ordering::Relaxed)
    }

    /// How many bytes the checkpoints among them have.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many of them are done with.
    pub fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// How many bytes of states were read.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }
}

/// Reads every checkpoint back and says of everything in the namespace what it is, in the order of
/// the paths. Where the storage cannot [scan](CheckpointStorage::scan), only checkpoints are found.
/// What is stored or deleted meanwhile may be missed.
///
/// # Errors
///
/// What keeps it from seeing what there is. What is wrong with one thing is that one's verdict.
pub async fn verify(
    storage: &dyn CheckpointStorage,
    options: &Options,
    progress: &Progress,
) -> Result<Vec<Verification>> {
    let items = everything(storage, &options.jobs).await?;
    progress.found.store(items.len(), Ordering::Relaxed);
    let is_checkpoint = |item: &&ScanItem| matches!(item.kind, ScanKind::Checkpoint(_));
    let bytes = items.iter().filter(is_checkpoint).map(|item| item.size).sum();
    progress.bytes.store(bytes, Ordering::Relaxed);
    let verifications = futures_util::stream::iter(items)
        .map(|item| async {
            let verification = verify_one(storage, item, options.quarantine, progress).await;
            progress.done.fetch_add(1, Ordering::Relaxed);
            verification
        })
        .buffered(options.concurrency.max(1));
    Ok(verifications.collect().await)
}

async fn verify_one(
    storage: &dyn CheckpointStorage,
    item: ScanItem,
    quarantine: bool,
    progress: &Progress,
) -> Verification {
    let ScanItem { path, job_id: job, kind, size } = item;
    let (name, verdict) = match (kind, &job) {
        (ScanKind::Checkpoint(name), Some(job)) => {
            let read = read_back(storage, job, &name, |len| {
                progress.read.fetch_add(len as u64, Ordering::Relaxed);
            });
            (Some(name), Verdict::of(read.await))
        }
        (kind, _) => (None, Verdict::Other(kind)),
    };
    let quarantined = match (&verdict, &job, &name) {
        (damage, Some(job), Some(name)) if quarantine && damage.is_damage() => {
            Some(storage.quarantine(job, name).await)
        }
        _ => None,
    };
    Verification { path, job, name, size, verdict, quarantined }
}

async fn everything(storage: &dyn CheckpointStorage, jobs: &[JobId]) -> Result<Vec<ScanItem>> {
    let can_scan = storage.capabilities().contains(Capabilities::SCAN);
    if can_scan && jobs.is_empty() {
        return storage.scan(None).await;
    }
    let all = if jobs.is_empty() { storage.jobs().await? } else { jobs.to_vec() };
    let mut items = Vec::new();
    for job in all {
        if can_scan {
            items.extend(storage.scan(Some(&job)).await?);
            continue;
        }
        let entries = storage.list(&job, &ListQuery::all()).await?;
        items.extend(entries.into_iter().map(|entry| ScanItem {
            path: format!("{job}/{}", entry.name),
            job_id: Some(job.clone()),
            kind: ScanKind::Checkpoint(entry.name),
            size: entry.size,
        }));
    }
    Ok(items)
}
