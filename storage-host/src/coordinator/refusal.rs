//! Why a request gets no checkpoint.

use std::sync::Arc;

use checkpoint_storage_api::{
    CheckpointKind, CheckpointStorage, Error as StorageError, ErrorKind as StorageKind, JobId,
    PipelineId,
};

use crate::error::{Error, ErrorKind};
use crate::managed;

/// What an error calls a pipeline.
pub(super) fn pipeline_subject(job: &JobId, pipeline: PipelineId) -> String {
    format!("job {job} pipeline {pipeline}")
}

/// Nobody takes checkpoints of the pipeline any more.
pub(super) fn stopped(job: &JobId, pipeline: PipelineId) -> Arc<Error> {
    let reason = "checkpoints are no longer taken: the coordinator was shut down, or the pipeline \
                  has its final checkpoint";
    let subject = pipeline_subject(job, pipeline);
    Arc::new(Error::new(ErrorKind::CoordinatorStopped, subject, reason))
}

/// The coordinator does not have the pipeline.
pub(super) fn no_such_pipeline(job: &JobId, pipeline: PipelineId) -> Arc<Error> {
    let error = StorageError::new(
        StorageKind::InvalidInput,
        "trigger a checkpoint",
        "the coordinator has no such pipeline",
    );
    Arc::new(error.with_subject(pipeline_subject(job, pipeline)).into())
}

/// The storage cannot keep savepoints.
pub(super) fn check_savepoint(storage: &dyn CheckpointStorage) -> Result<(), Arc<Error>> {
    managed::check_savepoint(storage, CheckpointKind::Savepoint)
        .map_err(|error| Arc::new(error.into()))
}
