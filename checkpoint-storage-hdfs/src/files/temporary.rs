//! Temporary files, under names that nobody takes for a checkpoint's.

use std::sync::Arc;

use checkpoint_storage_api::CheckpointName;
use checkpoint_storage_filesystem::naming;
use tokio::runtime::Handle;
use tracing::warn;

use super::{Files, Target};

/// A temporary file; removed in the background unless it became something.
pub(super) struct Temporary {
    files: Arc<Files>,
    pub(super) target: Target,
    pub(super) is_there: bool,
    runtime: Handle,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_there {
            return;
        }
        let (files, target) = (Arc::clone(&self.files), self.target.clone());
        let remove = async move {
            if let Err(error) = files.delete(&target, files.deadline()).await {
                warn!(file = target.path(), %error, "a temporary file stays until it is reclaimed");
            }
        };
        self.files.background.spawn_on(remove, &self.runtime);
    }
}

impl Files {
    /// A name for a file that nobody takes for a checkpoint.
    pub(super) fn temporary(self: &Arc<Self>, target: &Target, name: &CheckpointName) -> Temporary {
        let name = naming::temporary(name, self.environment.token());
        Temporary {
            files: Arc::clone(self),
            target: target.beside(name),
            is_there: false,
            runtime: Handle::current(),
        }
    }
}
