//! The failure of a job: it happens once, and everybody hears of it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::error::Error;

/// Why the job failed, if it did. Clones are handles to the same.
#[derive(Debug, Clone)]
pub(super) struct JobFailure(Arc<watch::Sender<Option<Arc<Error>>>>);

impl JobFailure {
    pub(super) fn none() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }

    /// Whether this is the first failure.
    pub(super) fn set(&self, error: Arc<Error>) -> bool {
        self.0.send_if_modified(|failure| {
            let is_first = failure.is_none();
            failure.get_or_insert(error);
            is_first
        })
    }

    pub(super) fn get(&self) -> Option<Arc<Error>> {
        self.0.borrow().clone()
    }

    /// Waits for a failure.
    pub(super) async fn wait(&self) -> Arc<Error> {
        let mut failure = self.0.subscribe();
        loop {
            if let Some(error) = &*failure.borrow_and_update() {
                return Arc::clone(error);
            }
            if failure.changed().await.is_err() {
                std::future::pending().await
            }
        }
    }
}
