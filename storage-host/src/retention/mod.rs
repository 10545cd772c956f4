//! Which checkpoints to keep (contract 7): a pure choice over a listing, and the deletion of the
//! others.

mod prune;

use std::collections::{BTreeMap, BTreeSet};

use checkpoint_storage_api::{CheckpointEntry, CheckpointKind, CheckpointName, PipelineId};

pub use prune::{PrunePlan, delete_in_batches, prune_plan};

/// What of `entries` retention deletes, oldest first.
///
/// It keeps, of each pipeline,
///
/// - the `max_retained` newest checkpoints, at least one whatever `max_retained` says;
/// - every savepoint, which does not count among them;
/// - the newest of `known_good` (those that were stored or read without an error), if none of it
///   is kept anyway.
///
/// ```
/// use std::collections::BTreeSet;
/// use storage_host::retention::superfluous;
///
/// assert!(superfluous(&[], 3, &BTreeSet::new()).is_empty());
/// ```
pub fn superfluous(
    entries: &[CheckpointEntry],
    max_retained: u32,
    known_good: &BTreeSet<CheckpointName>,
) -> Vec<CheckpointName> {
    let max_retained = usize::try_from(max_retained.max(1)).unwrap_or(usize::MAX);
    let mut of_pipelines: BTreeMap<PipelineId, Vec<CheckpointName>> = BTreeMap::new();
    for entry in entries {
        of_pipelines.entry(entry.name.pipeline_id).or_default().push(entry.name);
    }
    let mut superfluous: Vec<_> = of_pipelines
        .into_values()
        .flat_map(|names| superfluous_of_pipeline(names, max_retained, known_good))
        .collect();
    superfluous.sort_unstable();
    superfluous
}

fn superfluous_of_pipeline(
    mut names: Vec<CheckpointName>,
    max_retained: usize,
    known_good: &BTreeSet<CheckpointName>,
) -> Vec<CheckpointName> {
    names.sort_unstable();
    let (mut old, mut kept): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| name.kind() == CheckpointKind::Checkpoint);
    kept.extend(old.split_off(old.len().saturating_sub(max_retained)));
    let is_good = |name: &CheckpointName| known_good.contains(name);
    if !kept.iter().any(is_good)
        && let Some(last_good) = old.iter().rposition(is_good)
    {
        old.remove(last_good);
    }
    old
}

#[cfg(test)]
mod tests {
    use super::*;
    use checkpoint_storage_api::{Integrity, JobId};

    fn name(timestamp_ms: u64, pipeline_id: PipelineId) -> CheckpointName {
        CheckpointName { timestamp_ms, random: 0, pipeline_id, checkpoint_id: 1 }
    }

    fn savepoint(timestamp_ms: u64) -> CheckpointName {
        let random = CheckpointName::random_part(0, CheckpointKind::Savepoint);
        CheckpointName { random, ..name(timestamp_ms, 1) }
    }

    /// The time stamps of what is deleted.
    fn deleted(
        names: &[CheckpointName],
        max_retained: u32,
        known_good: &[CheckpointName],
    ) -> Vec<u64> {
        let entry = |name: &CheckpointName| CheckpointEntry {
            job_id: JobId::new("1").expect("valid"),
            name: *name,
            size: 1,
            integrity: Integrity::Unread,
        };
        let entries: Vec<_> = names.iter().map(entry).collect();
        let superfluous =
            superfluous(&entries, max_retained, &known_good.iter().copied().collect());
        superfluous.iter().map(|name| name.timestamp_ms).collect()
    }

    #[test]
    fn the_newest_of_each_pipeline_stay_whatever_the_order_of_the_listing() {
        let names = [name(5, 1), name(1, 1), name(4, 2), name(3, 1), name(2, 2)];
        assert_eq!(deleted(&names, 1, &[]), [1, 2, 3]);
        assert_eq!(deleted(&names, 2, &[]), [1]);
        assert_eq!(deleted(&names, 3, &[]), [] as [u64; 0]);
        assert_eq!(deleted(&names, u32::MAX, &[]), [] as [u64; 0]);
    }

    #[test]
    fn the_last_one_is_never_deleted() {
        assert_eq!(deleted(&[name(1, 1), name(2, 1)], 0, &[]), [1]);
        assert_eq!(deleted(&[name(1, 1)], 0, &[]), [] as [u64; 0]);
    }

    #[test]
    fn savepoints_stay_and_do_not_count() {
        let names = [savepoint(1), name(2, 1), name(3, 1), savepoint(4), name(5, 1)];
        assert_eq!(deleted(&names, 2, &[]), [2]);
        assert_eq!(deleted(&[savepoint(1), savepoint(2)], 1, &[]), [] as [u64; 0]);
    }

    #[test]
    fn the_newest_known_to_be_good_stays_if_no_good_one_does() {
        let names = [1, 2, 3, 4, 5].map(|at| name(at, 1));
        assert_eq!(deleted(&names, 2, &[name(1, 1), name(2, 1)]), [1, 3]);
        assert_eq!(deleted(&names, 2, &[name(2, 1), name(4, 1)]), [1, 2, 3]);
        assert_eq!(deleted(&names, 2, &[name(9, 1), name(2, 2)]), [1, 2, 3], "of others");
        let names = [name(1, 1), savepoint(2), name(3, 1)];
        assert_eq!(
            deleted(&names, 1, &[name(1, 1), savepoint(2)]),
            [1],
            "a good savepoint will do"
        );
    }
}
