//! The coordinator's metrics, through the [`metrics`] facade: whatever recorder the engine has
//! installed gets them, and without one they cost next to nothing.
//!
//! | name | what | labels |
//! |---|---|---|
//! | [`TRIGGERED`] | counter: checkpoints that began | job, pipeline, kind |
//! | [`ENDED`] | counter: checkpoints that ended; outcome is `completed`, `failed`, `expired`, `subsumed` or `aborted` | job, pipeline, outcome |
//! | [`SNAPSHOT_SECONDS`] | histogram: how long snapshots took that were then stored | job |
//! | [`STORE_SECONDS`] | histogram: how long stores took that were acknowledged | job |
//! | [`SIZE_BYTES`] | histogram: how many bytes were stored for a checkpoint | job |
//! | [`PENDING`] | gauge: checkpoints under way | job, pipeline |
//! | [`CONSECUTIVE_FAILURES`] | gauge: checkpoints that failed in a row | job, pipeline |
//! | [`LAST_COMPLETED_AGE_SECONDS`] | gauge: the time since a checkpoint completed, or since the coordinator began; told every second | job, pipeline |
//! | [`PRUNED`] | counter: checkpoints that retention deleted | job |
//! | [`PRUNE_FAILURES`] | counter: checkpoints that retention could not delete, and rounds that failed | job |

use std::time::Duration;

use checkpoint_storage_api::{JobId, PipelineId};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use super::event::{CheckpointOf, Event};

/// Checkpoints that began.
pub const TRIGGERED: &str = "checkpoint_triggered_total";
/// Checkpoints that ended.
pub const ENDED: &str = "checkpoint_ended_total";
/// How long snapshots took.
pub const SNAPSHOT_SECONDS: &str = "checkpoint_snapshot_seconds";
/// How long stores took.
pub const STORE_SECONDS: &str = "checkpoint_store_seconds";
/// How many bytes were stored for a checkpoint.
pub const SIZE_BYTES: &str = "checkpoint_size_bytes";
/// Checkpoints under way.
pub const PENDING: &str = "checkpoint_pending";
/// Checkpoints that failed in a row.
pub const CONSECUTIVE_FAILURES: &str = "checkpoint_consecutive_failures";
/// The time since a checkpoint completed.
pub const LAST_COMPLETED_AGE_SECONDS: &str = "checkpoint_last_completed_age_seconds";
/// Checkpoints that retention deleted.
pub const PRUNED: &str = "checkpoint_pruned_total";
/// Checkpoints that retention could not delete, and rounds that failed.
pub const PRUNE_FAILURES: &str = "checkpoint_prune_failures_total";

/// Tells the recorder what each metric means and its unit; to be called once it is installed.
pub fn describe() {
    describe_counter!(TRIGGERED, "checkpoints that began");
    describe_counter!(ENDED, "checkpoints that ended, by outcome");
    describe_histogram!(SNAPSHOT_SECONDS, Unit::Seconds, "how long snapshots took");
    describe_histogram!(STORE_SECONDS, Unit::Seconds, "how long stores took");
    describe_histogram!(SIZE_BYTES, Unit::Bytes, "how many bytes were stored for a checkpoint");
    describe_gauge!(PENDING, "checkpoints under way");
    describe_gauge!(CONSECUTIVE_FAILURES, "checkpoints that failed in a row");
    describe_gauge!(
        LAST_COMPLETED_AGE_SECONDS,
        Unit::Seconds,
        "the time since a checkpoint completed, or since the coordinator began"
    );
    describe_counter!(PRUNED, "checkpoints that retention deleted");
    describe_counter!(PRUNE_FAILURES, "checkpoints that retention could not delete");
}

pub(super) fn record(job: &JobId, event: &Event) {
    match event {
        Event::Triggered(of) => {
            let labels = [
                ("job", job.to_string()),
                ("pipeline", of.pipeline.to_string()),
                ("kind", of.kind.as_str().to_owned()),
            ];
            counter!(TRIGGERED, &labels).increment(1);
        }
        Event::Completed(completed) => {
            ended(job, completed.of, "completed");
            failures(job, completed.of, 0);
            let labels = [("job", job.to_string())];
            histogram!(SNAPSHOT_SECONDS, &labels).record(completed.snapshot);
            histogram!(STORE_SECONDS, &labels).record(completed.store);
            histogram!(SIZE_BYTES, &labels).record(completed.size as f64);
            age(job, completed.of.pipeline, Duration::ZERO);
        }
        Event::Failed { of, consecutive, .. } => {
            ended(job, *of, "failed");
            failures(job, *of, *consecutive);
        }
        Event::Expired { of, consecutive, .. } => {
            ended(job, *of, "expired");
            failures(job, *of, *consecutive);
        }
        Event::Subsumed { of, .. } => ended(job, *of, "subsumed"),
        Event::Aborted(of) => ended(job, *of, "aborted"),
        Event::Pruned { deleted, failed } => {
            let labels = [("job", job.to_string())];
            counter!(PRUNED, &labels).increment(deleted.len() as u64);
            counter!(PRUNE_FAILURES, &labels).increment(failed.len() as u64);
        }
        Event::PruneFailed { .. } => {
            counter!(PRUNE_FAILURES, &[("job", job.to_string())]).increment(1);
        }
        Event::Storing { .. } | Event::JobFailed { .. } | Event::Missed(_) => {}
    }
}

pub(super) fn pending(job: &JobId, pipeline: PipelineId, count: usize) {
    gauge!(PENDING, &of_pipeline(job, pipeline)).set(count as f64);
}

pub(super) fn age(job: &JobId, pipeline: PipelineId, age: Duration) {
    gauge!(LAST_COMPLETED_AGE_SECONDS, &of_pipeline(job, pipeline)).set(age);
}

fn failures(job: &JobId, of: CheckpointOf, count: u32) {
    gauge!(CONSECUTIVE_FAILURES, &of_pipeline(job, of.pipeline)).set(count);
}

fn ended(job: &JobId, of: CheckpointOf, outcome: &'static str) {
    let labels = [
        ("job", job.to_string()),
        ("pipeline", of.pipeline.to_string()),
        ("outcome", outcome.to_owned()),
    ];
    counter!(ENDED, &labels).increment(1);
}

fn of_pipeline(job: &JobId, pipeline: PipelineId) -> [(&'static str, String); 2] {
    [("job", job.to_string()), ("pipeline", pipeline.to_string())]
}
