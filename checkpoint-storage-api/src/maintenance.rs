//! What an operator's tools ask of a storage beside checkpoints: everything that lies in the
//! namespace, what dead writers left, and whether the medium works.

use std::time::Duration;

use bitflags::bitflags;

use crate::{CheckpointName, Error, JobId};

bitflags! {
    /// Which optional operations a storage offers; the others answer
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported). Bits that this side does not know
    /// are kept and mean nothing here.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Capabilities: u64 {
        /// [`open_reader`](crate::CheckpointStorage::open_reader).
        const READER = 1;
        /// [`import`](crate::CheckpointStorage::import).
        const IMPORT = 1 << 1;
        /// [`scan`](crate::CheckpointStorage::scan).
        const SCAN = 1 << 2;
        /// [`quarantine`](crate::CheckpointStorage::quarantine).
        const QUARANTINE = 1 << 3;
        /// [`reclaim_leftovers`](crate::CheckpointStorage::reclaim_leftovers).
        const RECLAIM = 1 << 4;
        /// [`health`](crate::CheckpointStorage::health).
        const HEALTH = 1 << 5;
        /// [`store`](crate::CheckpointStorage::store) of a [savepoint](crate::CheckpointKind).
        const SAVEPOINT = 1 << 6;
        /// [`delete_names`](crate::CheckpointStorage::delete_names) and the like tell what was
        /// [missing](crate::DeleteReport::missing); without it, it is reported as deleted.
        const TELLS_MISSING = 1 << 7;
        const _ = !0;
    }
}

/// What kind of thing lies in the namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScanKind {
    /// A checkpoint.
    Checkpoint(CheckpointName),
    /// What a writer that may be alive is writing.
    InProgress,
    /// What a dead writer left: an unfinished file or upload, a sidecar without its checkpoint.
    Leftover,
    /// A corrupt checkpoint that was moved aside.
    Quarantined,
    /// Anything else: never touched.
    Foreign,
}

impl ScanKind {
    /// The name in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checkpoint(_) => "checkpoint",
            Self::InProgress => "in-progress",
            Self::Leftover => "leftover",
            Self::Quarantined => "quarantined",
            Self::Foreign => "foreign",
        }
    }
}

/// One thing in the namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanItem {
    /// Where it lies, relative to the namespace.
    pub path: String,
    /// The job in whose directory it lies.
    pub job_id: Option<JobId>,
    /// What it is.
    pub kind: ScanKind,
    /// Its size in bytes.
    pub size: u64,
}

/// Which leftovers to reclaim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReclaimOptions {
    /// Where the medium cannot tell a dead writer from a living one, only what is older than this
    /// counts as a leftover.
    pub older_than: Duration,
    /// Report what would be removed and remove nothing.
    pub dry_run: bool,
}

impl Default for ReclaimOptions {
    fn default() -> Self {
        Self { older_than: Duration::from_secs(24 * 60 * 60), dry_run: false }
    }
}

/// What reclaiming did.
#[derive(Debug, Default)]
pub struct ReclaimReport {
    /// What was removed, relative to the namespace.
    pub reclaimed: Vec<String>,
    /// What could not be removed, and why.
    pub failed: Vec<(String, Error)>,
}

/// What a health check may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HealthOptions {
    /// Also write, publish and delete something that no reader takes for a checkpoint.
    pub write: bool,
}

/// How one step of a health check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HealthStatus {
    /// It works.
    Passed,
    /// It works, but an operator should know something.
    Warned,
    /// It does not work.
    Failed,
    /// It was not tried.
    Skipped,
}

impl HealthStatus {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Passed, "passed"),
        (Self::Warned, "warned"),
        (Self::Failed, "failed"),
        (Self::Skipped, "skipped"),
    ];

    /// The name in machine-readable output.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).map_or("skipped", |row| row.1)
    }

    /// The status that a name stands for; [`HealthStatus::Skipped`] for one not known here.
    pub fn from_name(name: &str) -> Self {
        Self::ALL.iter().find(|row| row.1 == name).map_or(Self::Skipped, |row| row.0)
    }
}

/// One step of a health check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthStep {
    /// What was tried, such as `write`.
    pub name: String,
    /// How it ended.
    pub status: HealthStatus,
    /// What was seen.
    pub detail: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// How long it took.
    pub elapsed: Duration,
}
