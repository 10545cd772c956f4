//! Which checkpoints to keep (contract 7): a pure choice over a listing.

use std::collections::BTreeMap;

use checkpoint_storage_api::{CheckpointEntry, CheckpointName, PipelineId};

/// What of `entries` retention deletes: everything but the `max_retained` newest of each pipeline,
/// oldest first. At least one of each pipeline stays, whatever `max_retained` says.
///
/// ```
/// use storage_host::retention::superfluous;
///
/// assert!(superfluous(&[], 3).is_empty());
/// ```
pub fn superfluous(entries: &[CheckpointEntry], max_retained: u32) -> Vec<CheckpointName> {
    let keep = usize::try_from(max_retained.max(1)).unwrap_or(usize::MAX);
    let mut by_pipeline: BTreeMap<PipelineId, Vec<CheckpointName>> = BTreeMap::new();
    for entry in entries {
        by_pipeline.entry(entry.name.pipeline_id).or_default().push(entry.name);
    }
    let mut superfluous: Vec<_> = by_pipeline
        .into_values()
        .flat_map(|mut names| {
            names.sort_unstable();
            names.truncate(names.len().saturating_sub(keep));
            names
        })
        .collect();
    superfluous.sort_unstable();
    superfluous
}

#[cfg(test)]
mod tests {
    use super::*;
    use checkpoint_storage_api::{Integrity, JobId};

    fn entries(names: &[(u64, i32)]) -> Vec<CheckpointEntry> {
        let entry = |&(timestamp_ms, pipeline_id): &(u64, i32)| CheckpointEntry {
            job_id: JobId::new("1").expect("valid"),
            name: CheckpointName { timestamp_ms, random: 0, pipeline_id, checkpoint_id: 1 },
            size: 1,
            integrity: Integrity::Unread,
        };
        names.iter().map(entry).collect()
    }

    fn deleted(names: &[(u64, i32)], max_retained: u32) -> Vec<u64> {
        let superfluous = superfluous(&entries(names), max_retained);
        superfluous.iter().map(|name| name.timestamp_ms).collect()
    }

    #[test]
    fn the_newest_of_each_pipeline_stay_whatever_the_order_of_the_listing() {
        let names = [(5, 1), (1, 1), (4, 2), (3, 1), (2, 2)];
        assert_eq!(deleted(&names, 1), [1, 2, 3]);
        assert_eq!(deleted(&names, 2), [1]);
        assert_eq!(deleted(&names, 3), [] as [u64; 0]);
    }

    #[test]
    fn the_last_one_is_never_deleted() {
        assert_eq!(deleted(&[(1, 1), (2, 1)], 0), [1]);
        assert_eq!(deleted(&[(1, 1)], 0), [] as [u64; 0]);
    }
}
