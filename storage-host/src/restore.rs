//! What a job goes on from after a failure (contract 4).

use std::collections::BTreeMap;

use checkpoint_storage_api::{
    Checkpoint, CheckpointStorage, Error, ErrorKind, JobId, ListQuery, PipelineId, Result,
    latest_per_pipeline,
};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::config::OnCorrupt;

/// How many pipelines are restored at once.
const CONCURRENCY: usize = 16;

/// Reads the checkpoint that a pipeline restores from, `None` if it has none: the latest, or, with
/// [`OnCorrupt::Previous`], the newest that can be read, with a warning for each that cannot.
pub async fn restore_pipeline(
    storage: &dyn CheckpointStorage,
    on_corrupt: OnCorrupt,
    job: &JobId,
    pipeline: PipelineId,
) -> Result<Option<Checkpoint>> {
    match storage.latest_of_pipeline(job, pipeline).await {
        Err(error) if error.kind() == ErrorKind::Corrupt && on_corrupt == OnCorrupt::Previous => {
            newest_readable(storage, job, pipeline, error).await
        }
        latest => latest,
    }
}

/// Reads the checkpoint that each pipeline of a job restores from, as [`restore_pipeline`] does;
/// empty if nothing is stored. One pipeline that cannot be restored is an error.
pub async fn restore_job(
    storage: &dyn CheckpointStorage,
    on_corrupt: OnCorrupt,
    job: &JobId,
) -> Result<BTreeMap<PipelineId, Checkpoint>> {
    let entries = storage.list(job, &ListQuery::all().newest(1)).await?;
    let pipelines: Vec<_> = latest_per_pipeline(&entries).into_keys().collect();
    let restore = |pipeline| async move {
        let restored = restore_pipeline(storage, on_corrupt, job, pipeline).await?;
        Ok(restored.map(|checkpoint| (pipeline, checkpoint)))
    };
    let restored = stream::iter(pipelines).map(restore).buffered(CONCURRENCY);
    restored.try_filter_map(|restored| async { Ok(restored) }).try_collect().await
}

async fn newest_readable(
    storage: &dyn CheckpointStorage,
    job: &JobId,
    pipeline: PipelineId,
    mut last: Error,
) -> Result<Option<Checkpoint>> {
    let entries = storage.list(job, &ListQuery::all().of_pipeline(pipeline)).await?;
    for entry in entries.iter().rev() {
        match storage.read(job, &entry.name).await {
            Ok(checkpoint) => return Ok(Some(checkpoint)),
            // Deleted since it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                tracing::warn!(%job, pipeline, name = %entry.name, %error,
                    "a checkpoint cannot be read; trying the one before it");
                last = error;
            }
            Err(error) => return Err(error),
        }
    }
    Err(last)
}
