//! Which checkpoints of a job a listing asks for, and pure choices over a listing.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use crate::{CheckpointEntry, CheckpointId, CheckpointName, Error, PipelineId};

/// Which checkpoints of a job to list.
///
/// ```
/// use checkpoint_storage_api::ListQuery;
///
/// let latest_of_pipeline_2 = ListQuery::all().of_pipeline(2).newest(1);
/// # let _ = latest_of_pipeline_2;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    pipeline: Option<PipelineId>,
    newest: Option<NonZeroUsize>,
}

impl ListQuery {
    /// Every checkpoint of the job.
    pub fn all() -> Self {
        Self::default()
    }

    /// Only those of one pipeline.
    #[must_use]
    pub fn of_pipeline(mut self, pipeline: PipelineId) -> Self {
        self.pipeline = Some(pipeline);
        self
    }

    /// At most the `count` newest of each pipeline, at least one: a backend with long listings can
    /// begin at their end.
    #[must_use]
    pub fn newest(mut self, count: usize) -> Self {
        self.newest = Some(NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN));
        self
    }

    /// The one pipeline asked for.
    pub fn pipeline(&self) -> Option<PipelineId> {
        self.pipeline
    }

    /// How many of each pipeline are asked for.
    pub fn newest_count(&self) -> Option<NonZeroUsize> {
        self.newest
    }

    /// What of `entries` the query asks for, oldest first.
    pub fn select(&self, mut entries: Vec<CheckpointEntry>) -> Vec<CheckpointEntry> {
        entries.retain(|entry| self.pipeline.is_none_or(|wanted| wanted == entry.name.pipeline_id));
        entries.sort_unstable_by_key(|entry| entry.name);
        if let Some(newest) = self.newest {
            let mut of_pipeline = BTreeMap::new();
            let mut chosen: Vec<_> = entries
                .into_iter()
                .rev()
                .filter(|entry| {
                    let count: &mut usize = of_pipeline.entry(entry.name.pipeline_id).or_default();
                    *count += 1;
                    *count <= newest.get()
                })
                .collect();
            chosen.reverse();
            entries = chosen;
        }
        entries
    }
}

/// The newest entry of each pipeline, by pipeline id (contract 4).
pub fn latest_per_pipeline(entries: &[CheckpointEntry]) -> BTreeMap<PipelineId, &CheckpointEntry> {
    let mut latest: BTreeMap<PipelineId, &CheckpointEntry> = BTreeMap::new();
    for entry in entries {
        let newest = latest.entry(entry.name.pipeline_id).or_insert(entry);
        if entry.name > newest.name {
            *newest = entry;
        }
    }
    latest
}

/// Every name that `(pipeline, checkpoint)` stands for, oldest first: ids may begin again, so there
/// can be several (contract 6).
pub fn names_with_ids(
    entries: &[CheckpointEntry],
    pipeline: PipelineId,
    checkpoints: &[CheckpointId],
) -> Vec<CheckpointName> {
    let mut names: Vec<_> = entries
        .iter()
        .map(|entry| entry.name)
        .filter(|name| name.pipeline_id == pipeline && checkpoints.contains(&name.checkpoint_id))
        .collect();
    names.sort_unstable();
    names
}

/// What a delete did, name by name; one that failed never stops the others (contract 6).
#[derive(Debug, Default)]
pub struct DeleteReport {
    /// What was there and is gone for good; without
    /// [`Capabilities::TELLS_MISSING`](crate::Capabilities::TELLS_MISSING) also what was not there.
    pub deleted: Vec<CheckpointName>,
    /// What was not there: no error.
    pub missing: Vec<CheckpointName>,
    /// What is still there, or may be, and why.
    pub failed: Vec<(CheckpointName, Error)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Integrity, JobId};

    fn entry(timestamp_ms: u64, pipeline_id: i32, checkpoint_id: i64) -> CheckpointEntry {
        CheckpointEntry {
            job_id: JobId::new("1").expect("valid"),
            name: CheckpointName { timestamp_ms, random: 0, pipeline_id, checkpoint_id },
            size: 1,
            integrity: Integrity::Unread,
        }
    }

    fn stamps(entries: &[CheckpointEntry]) -> Vec<u64> {
        entries.iter().map(|entry| entry.name.timestamp_ms).collect()
    }

    #[test]
    fn a_query_chooses_and_orders() {
        let entries = vec![entry(4, 2, 1), entry(1, 1, 9), entry(3, 1, 1), entry(2, 1, 2)];
        let chosen = |query: ListQuery| stamps(&query.select(entries.clone()));
        assert_eq!(chosen(ListQuery::all()), [1, 2, 3, 4]);
        assert_eq!(chosen(ListQuery::all().of_pipeline(1)), [1, 2, 3]);
        assert_eq!(chosen(ListQuery::all().newest(1)), [3, 4]);
        assert_eq!(chosen(ListQuery::all().newest(2)), [2, 3, 4]);
        assert_eq!(chosen(ListQuery::all().newest(0)), [3, 4]);
        assert_eq!(chosen(ListQuery::all().of_pipeline(7)), [] as [u64; 0]);
    }

    #[test]
    fn latest_goes_by_time_not_by_checkpoint_id() {
        let entries = [entry(1, 1, 9), entry(5, 1, 1), entry(3, 2, 4)];
        let latest = latest_per_pipeline(&entries);
        assert_eq!(latest[&1].name.checkpoint_id, 1);
        assert_eq!(latest[&2].name.checkpoint_id, 4);
    }

    #[test]
    fn ids_that_began_again_name_several() {
        let entries = [entry(5, 1, 1), entry(1, 1, 1), entry(2, 2, 1), entry(3, 1, 2)];
        let stamps = |ids: &[i64]| -> Vec<u64> {
            names_with_ids(&entries, 1, ids).iter().map(|name| name.timestamp_ms).collect()
        };
        assert_eq!(stamps(&[1]), [1, 5]);
        assert_eq!(stamps(&[1, 2]), [1, 3, 5]);
        assert_eq!(stamps(&[3]), [] as [u64; 0]);
    }
}
