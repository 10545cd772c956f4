//! Telling the world: events to the engine, metrics to whoever collects them, warnings to the log.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use checkpoint_storage_api::{JobId, PipelineId};
use tokio::sync::broadcast;
use tokio::time::{Instant, MissedTickBehavior};

use super::event::{CheckpointOf, Event, EventStream};
use super::metrics;

/// How often ages are told.
const AGE_INTERVAL: Duration = Duration::from_secs(1);

/// Tells what happens to one job's checkpoints.
#[derive(Clone)]
pub(super) struct Reporter {
    job: JobId,
    events: broadcast::Sender<Event>,
    /// When each pipeline last completed a checkpoint, or began.
    completed: Arc<Mutex<BTreeMap<PipelineId, Instant>>>,
}

impl Reporter {
    /// Keeps so many events for streams that are read slowly.
    pub(super) fn new(
        job: JobId,
        pipelines: impl Iterator<Item = PipelineId>,
        capacity: usize,
    ) -> Self {
        let now = Instant::now();
        let completed = pipelines.map(|pipeline| (pipeline, now)).collect();
        let events = broadcast::Sender::new(capacity);
        Self { job, events, completed: Arc::new(Mutex::new(completed)) }
    }

    pub(super) fn subscribe(&self) -> EventStream {
        EventStream(self.events.subscribe())
    }

    pub(super) fn report(&self, event: Event) {
        metrics::record(&self.job, &event);
        self.log(&event);
        if let Event::Completed(completed) = &event {
            self.completed().insert(completed.of.pipeline, Instant::now());
        }
        // Nobody has to listen.
        let _ = self.events.send(event);
    }

    pub(super) fn pending(&self, pipeline: PipelineId, count: usize) {
        metrics::pending(&self.job, pipeline, count);
    }

    /// Tells how long ago each pipeline completed a checkpoint, for ever.
    pub(super) async fn tell_ages(self) {
        let mut ticks = tokio::time::interval(AGE_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            for (pipeline, completed) in &*self.completed() {
                metrics::age(&self.job, *pipeline, completed.elapsed());
            }
        }
    }

    fn completed(&self) -> std::sync::MutexGuard<'_, BTreeMap<PipelineId, Instant>> {
        self.completed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn log(&self, event: &Event) {
        let job = &self.job;
        match event {
            Event::Failed { of: CheckpointOf { pipeline, checkpoint, .. }, error, consecutive } => {
                tracing::warn!(%job, pipeline, checkpoint, consecutive, %error, "a checkpoint failed");
            }
            Event::Expired {
                of: CheckpointOf { pipeline, checkpoint, .. },
                error,
                consecutive,
            } => {
                tracing::warn!(%job, pipeline, checkpoint, consecutive, %error, "a checkpoint expired");
            }
            Event::Completed(done) => {
                let CheckpointOf { pipeline, checkpoint, .. } = done.of;
                tracing::debug!(%job, pipeline, checkpoint, name = %done.name, size = done.size, "a checkpoint completed");
            }
            Event::Subsumed { of: CheckpointOf { pipeline, checkpoint, .. }, by } => {
                tracing::debug!(%job, pipeline, checkpoint, by, "a checkpoint was subsumed");
            }
            Event::Pruned { deleted, failed } => {
                tracing::debug!(%job, deleted = deleted.len(), failed = failed.len(), "old checkpoints were pruned");
                for (name, error) in failed {
                    tracing::warn!(%job, %name, %error, "an old checkpoint could not be deleted");
                }
            }
            Event::PruneFailed { error } => {
                tracing::warn!(%job, %error, "old checkpoints could not be pruned");
            }
            Event::JobFailed { error, .. } => tracing::error!(%job, %error, "the job failed"),
            Event::Triggered(_) | Event::Storing { .. } | Event::Aborted(_) | Event::Missed(_) => {}
        }
    }
}
