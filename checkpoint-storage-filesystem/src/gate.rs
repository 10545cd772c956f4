//! Who may still enter: nobody after close, and close waits for those inside.

use std::sync::atomic::{AtomicBool, Ordering};

use checkpoint_storage_api::{Error, ErrorKind, Result};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

#[derive(Debug, Default)]
pub(crate) struct Gate {
    closed: AtomicBool,
    calls: TaskTracker,
}

impl Gate {
    /// Lets a call in; it is inside until the result is dropped.
    pub(crate) fn enter(&self, operation: &'static str) -> Result<TaskTrackerToken> {
        // Counted before it looks, so that a close that this call does not see waits for it.
        let inside = self.calls.token();
        if self.closed.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Closed, operation, "the storage was closed")
                .with_advice("open it again"));
        }
        Ok(inside)
    }

    /// Lets nobody in any more and waits until nobody is inside.
    pub(crate) async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.calls.close();
        self.calls.wait().await;
    }
}
