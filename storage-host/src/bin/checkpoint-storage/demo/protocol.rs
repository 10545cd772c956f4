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
    /// A snapshot was taken and is being stored.
    StoreBegan { pipeline: PipelineId, checkpoint: CheckpointId },
    /// The store was acknowledged.
    Stored { pipeline: PipelineId, checkpoint: CheckpointId },
    /// A checkpoint failed or expired; the pipeline goes on.
    CheckpointFailed { pipeline: PipelineId, checkpoint: CheckpointId },
    /// So many old checkpoints were deleted.
    Pruned { count: usize },
    /// More checkpoints failed in a row than is tolerated: the job ends.
    JobFailed { error: String },
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
