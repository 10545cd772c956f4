//! What is stored: jobs, pipelines, checkpoints, and what a listing says of them.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::{CheckpointName, Error, ErrorKind, Result};

/// The id of a pipeline within its job.
pub type PipelineId = i32;

/// The id of a checkpoint within its pipeline.
pub type CheckpointId = i64;

/// The id of a job: any non-empty string that can be one segment of a path, kept as it is.
///
/// A backend may refuse more than this type does (what is too long for it, `:` on HDFS).
///
/// ```
/// use checkpoint_storage_api::JobId;
///
/// assert!(JobId::new("任务 1 %2F").is_ok());
/// assert!(JobId::new("../other").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(Arc<str>);

impl JobId {
    /// Takes `id` as it is, or refuses it with [`ErrorKind::InvalidInput`].
    pub fn new(id: impl Into<Arc<str>>) -> Result<Self> {
        let id = id.into();
        let problem = match &*id {
            "" => "it is empty",
            "." | ".." => "it names a directory of every directory",
            id if id.contains('/') => "it contains '/', which would leave the job's directory",
            id if id.contains('\0') => "it contains a NUL character",
            _ => return Ok(Self(id)),
        };
        Err(Error::new(ErrorKind::InvalidInput, "use job id", problem)
            .with_subject(format_args!("{id:?}"))
            .with_advice("a job id is one path segment: any other text without '/' and NUL"))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// What a checkpoint is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum CheckpointKind {
    /// To recover from a failure; a later one replaces it.
    #[default]
    Checkpoint,
    /// To be kept until somebody deletes it by name: retention never does.
    Savepoint,
}

impl CheckpointKind {
    const ALL: [(Self, &'static str); 2] =
        [(Self::Checkpoint, "checkpoint"), (Self::Savepoint, "savepoint")];

    /// The name in machine-readable output.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).map_or("checkpoint", |row| row.1)
    }

    /// The kind that a name stands for; [`CheckpointKind::Checkpoint`] for one not known here.
    pub fn from_name(name: &str) -> Self {
        Self::ALL.iter().find(|row| row.1 == name).map_or(Self::Checkpoint, |row| row.0)
    }
}

/// The states of one pipeline at one checkpoint: what an engine stores and restores.
#[derive(Clone, PartialEq, Eq)]
pub struct PipelineState {
    /// The job.
    pub job_id: JobId,
    /// The pipeline of the job.
    pub pipeline_id: PipelineId,
    /// The checkpoint of the pipeline.
    pub checkpoint_id: CheckpointId,
    /// The states as the engine serialized them, opaque here. The Java engine can write a
    /// checkpoint without any (`None`), which is not the same as empty states.
    pub states: Option<Bytes>,
    /// What it is stored as; the stored name says it.
    pub kind: CheckpointKind,
}

impl PipelineState {
    /// A state to store.
    pub fn new(
        job_id: JobId,
        pipeline_id: PipelineId,
        checkpoint_id: CheckpointId,
        states: impl Into<Bytes>,
    ) -> Self {
        let states = Some(states.into());
        Self { job_id, pipeline_id, checkpoint_id, states, kind: CheckpointKind::Checkpoint }
    }

    /// The same as a savepoint, which not every storage can keep: see
    /// [`Capabilities::SAVEPOINT`](crate::Capabilities::SAVEPOINT).
    #[must_use]
    pub fn as_savepoint(self) -> Self {
        Self { kind: CheckpointKind::Savepoint, ..self }
    }

    /// Refuses negative ids: the Java engine can write them but never finds them again.
    pub fn check_storable(&self) -> Result<()> {
        if self.pipeline_id >= 0 && self.checkpoint_id >= 0 {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            "store",
            "pipeline and checkpoint ids are 0 or greater",
        )
        .with_subject(format_args!(
            "job {} pipeline {} checkpoint {}",
            self.job_id, self.pipeline_id, self.checkpoint_id
        )))
    }
}

impl fmt::Debug for PipelineState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineState")
            .field("job_id", &self.job_id)
            .field("pipeline_id", &self.pipeline_id)
            .field("checkpoint_id", &self.checkpoint_id)
            .field("states_len", &self.states.as_ref().map(Bytes::len))
            .field("kind", &self.kind)
            .finish()
    }
}

/// What is known about the bytes of a stored checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Integrity {
    /// It was listed, not read.
    #[default]
    Unread,
    /// It was read whole and its checksum fits.
    Ok,
    /// It was read whole and carries no checksum, as what the Java engine writes.
    NoChecksum,
    /// It was read and is not what was written.
    Corrupt,
}

impl Integrity {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Unread, "unread"),
        (Self::Ok, "ok"),
        (Self::NoChecksum, "no-checksum"),
        (Self::Corrupt, "corrupt"),
    ];

    /// The name in machine-readable output.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).map_or("unread", |row| row.1)
    }

    /// The integrity that a name stands for; [`Integrity::Unread`] for one that is not known here.
    pub fn from_name(name: &str) -> Self {
        Self::ALL.iter().find(|row| row.1 == name).map_or(Self::Unread, |row| row.0)
    }
}

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointEntry {
    /// The job.
    pub job_id: JobId,
    /// The stored name: pipeline, checkpoint and place in the order.
    pub name: CheckpointName,
    /// How many bytes are stored for it, including what is not states.
    pub size: u64,
    /// What is known about them.
    pub integrity: Integrity,
}

/// A checkpoint that was read whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// What a listing would say of it, with [`Integrity::Ok`] or [`Integrity::NoChecksum`].
    pub entry: CheckpointEntry,
    /// The states, or `None` if it was stored without any.
    pub states: Option<Bytes>,
}

impl Checkpoint {
    /// The state as an engine restores it.
    pub fn into_state(self) -> PipelineState {
        PipelineState {
            job_id: self.entry.job_id,
            pipeline_id: self.entry.name.pipeline_id,
            checkpoint_id: self.entry.name.checkpoint_id,
            states: self.states,
            kind: self.entry.name.kind(),
        }
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("entry", &self.entry)
            .field("states_len", &self.states.as_ref().map(Bytes::len))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_id_is_one_path_segment() {
        for id in ["1", " ", "a b", "%2F;x😀", "任务-1", "...", "-", "\u{7f}"] {
            assert_eq!(JobId::new(id).expect(id).as_str(), id);
        }
        for id in ["", ".", "..", "/", "a/b", "/etc", "a\0b"] {
            let error = JobId::new(id).expect_err(id);
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn negative_ids_are_not_stored() {
        let job = JobId::new("1").expect("valid");
        for (pipeline, checkpoint, storable) in [(0, 0, true), (-1, 5, false), (3, -1, false)] {
            let state = PipelineState::new(job.clone(), pipeline, checkpoint, Bytes::new());
            assert_eq!(state.check_storable().is_ok(), storable);
        }
    }

    #[test]
    fn integrity_names_lead_back() {
        for (integrity, name) in Integrity::ALL {
            assert_eq!(integrity.as_str(), name);
            assert_eq!(Integrity::from_name(name), integrity);
        }
        assert_eq!(Integrity::from_name("new in 1.7"), Integrity::Unread);
    }
}
