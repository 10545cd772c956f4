//! What the worker tells the supervisor: a JSON document per line on its standard output.

use checkpoint_storage_api::{CheckpointId, PipelineId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub(super) enum Message {
    /// The storage is open.
    Opened { plugin_file: String, plugin: String },
    /// A pipeline begins, from a checkpoint if there is one.
    Restored { pipeline: PipelineId, from: Option<RestoredFrom> },
    /// A pipeline has read so many events.
    Progress { pipeline: PipelineId, events: u64 },
    /// A store was called.
    StoreBegan { pipeline: PipelineId, checkpoint: CheckpointId },
    /// It was acknowledged.
    Stored { pipeline: PipelineId, checkpoint: CheckpointId, name: String, size: u64 },
    /// It failed; the pipeline goes on.
    StoreFailed { pipeline: PipelineId, checkpoint: CheckpointId, error: String },
    /// The pipeline has read everything and stored its last checkpoint.
    Finished { pipeline: PipelineId },
}

/// Where a pipeline began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RestoredFrom {
    pub(super) name: String,
    pub(super) checkpoint: CheckpointId,
    pub(super) events: u64,
}
