//! The coordinator's metrics, through the [`metrics`] facade: whatever recorder the engine has
//! installed gets them, and without one they cost next to nothing.
//!
//! `docs/coordination.md` lists them with their labels.

use std::time::Duration;

use checkpoint_storage_api::{JobId, PipelineId};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use super::event::{CheckpointOf, Event};

/// Counter: checkpoints that began.
pub const TRIGGERED: &str = "checkpoint_triggered_total";
/// Counter: checkpoints that ended, by outcome.
pub const ENDED: &str = "checkpoint_ended_total";
/// Histogram: how long snapshots took that were then stored.
pub const SNAPSHOT_SECONDS: &str = "checkpoint_snapshot_seconds";
/// Histogram: how long stores took that were acknowledged.
pub const STORE_SECONDS: &str = "checkpoint_store_seconds";
/// Histogram: how many bytes were stored for a checkpoint.
pub const SIZE_BYTES: &str = "checkpoint_size_bytes";
/// Gauge: checkpoints under way.
pub const PENDING: &str = "checkpoint_pending";
/// Gauge: checkpoints that failed in a row.
pub const CONSECUTIVE_FAILURES: &str = "checkpoint_consecutive_failures";
/// Gauge: the time since a checkpoint completed, or since the coordinator began; told every second.
pub const LAST_COMPLETED_AGE_SECONDS: &str = "checkpoint_last_completed_age_seconds";
/// Counter: checkpoints that retention deleted.
pub const PRUNED: &str = "checkpoint_pruned_total";
/// Counter: checkpoints that retention could not delete, and rounds that failed.
pub const PRUNE_FAILURES: &str = "checkpoint_prune_failures_total";

/// The name of every metric.
pub const NAMES: [&str; 10] = [
    TRIGGERED,
    ENDED,
    SNAPSHOT_SECONDS,
    STORE_SECONDS,
    SIZE_BYTES,
    PENDING,
    CONSECUTIVE_FAILURES,
    LAST_COMPLETED_AGE_SECONDS,
    PRUNED,
    PRUNE_FAILURES,
];

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
