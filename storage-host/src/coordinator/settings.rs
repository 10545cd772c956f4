//! What of the configuration a coordinator acts on.

use std::time::Duration;

use crate::config::CheckpointConfig;

/// When and how a job's pipelines are checkpointed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoordinatorSettings {
    /// The time from one checkpoint's trigger to the next one's, by a clock that only goes forward.
    pub interval: Duration,
    /// How long one checkpoint may take, from its trigger until it is stored.
    pub timeout: Duration,
    /// How many checkpoints of a pipeline may be under way at once, at least one.
    pub max_concurrent: u32,
    /// How many checkpoints of a pipeline may fail in a row before the job does.
    pub tolerable_failure: u32,
    /// How many checkpoints of each pipeline to keep, at least one; savepoints do not count.
    pub max_retained: u32,
}

impl From<&CheckpointConfig> for CoordinatorSettings {
    fn from(config: &CheckpointConfig) -> Self {
        Self {
            interval: config.interval,
            timeout: config.timeout,
            max_concurrent: config.max_concurrent,
            tolerable_failure: config.tolerable_failure,
            max_retained: config.storage.max_retained,
        }
    }
}

impl Default for CoordinatorSettings {
    fn default() -> Self {
        Self::from(&CheckpointConfig::default())
    }
}
