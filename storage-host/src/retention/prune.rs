//! Deleting what retention does not keep.

use std::collections::{BTreeMap, BTreeSet};

use checkpoint_storage_api::{
    CheckpointEntry, CheckpointName, CheckpointStorage, DeleteReport, ErrorKind, JobId, ListQuery,
    PipelineId, Result,
};

use super::superfluous;
use crate::read_back::read_back;

/// How many checkpoints one call deletes at most, so that it ends within its time-out.
const BATCH: usize = 500;

/// What pruning one job comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrunePlan {
    /// What retention deletes, oldest first.
    pub superfluous: Vec<CheckpointName>,
    /// The pipelines of which nothing is deleted, because none of their checkpoints can be read.
    pub unreadable: Vec<PipelineId>,
}

/// What retention would delete of a job, for somebody who did not just store its checkpoints: of
/// each pipeline it reads back, from the newest on, until one proves to be whole, so that the last
/// good one is never deleted.
pub async fn prune_plan(
    storage: &dyn CheckpointStorage,
    job: &JobId,
    max_retained: u32,
) -> Result<PrunePlan> {
    let mut of_pipelines: BTreeMap<PipelineId, Vec<CheckpointEntry>> = BTreeMap::new();
    for entry in storage.list(job, &ListQuery::all()).await? {
        of_pipelines.entry(entry.name.pipeline_id).or_default().push(entry);
    }
    let mut plan = PrunePlan::default();
    for (pipeline, entries) in of_pipelines {
        if superfluous(&entries, max_retained, &BTreeSet::new()).is_empty() {
            continue;
        }
        match newest_whole(storage, job, &entries).await? {
            Some(good) => {
                plan.superfluous.extend(superfluous(&entries, max_retained, &[good].into()));
            }
            None => plan.unreadable.push(pipeline),
        }
    }
    plan.superfluous.sort_unstable();
    Ok(plan)
}

async fn newest_whole(
    storage: &dyn CheckpointStorage,
    job: &JobId,
    entries: &[CheckpointEntry],
) -> Result<Option<CheckpointName>> {
    for entry in entries.iter().rev() {
        match read_back(storage, job, &entry.name, |_| ()).await {
            Ok(_) => return Ok(Some(entry.name)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                tracing::warn!(%job, name = %entry.name, %error, "it does not count as the last good one");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// Deletes by name, a bounded number with each call, and adds to `report` what became of each; a
/// call that fails as a whole ends it.
pub async fn delete_in_batches(
    storage: &dyn CheckpointStorage,
    job: &JobId,
    names: &[CheckpointName],
    report: &mut DeleteReport,
) -> Result<()> {
    for batch in names.chunks(BATCH) {
        let of_batch = storage.delete_names(job, batch).await?;
        report.deleted.extend(of_batch.deleted);
        report.missing.extend(of_batch.missing);
        report.failed.extend(of_batch.failed);
    }
    Ok(())
}
