//! Blocking work off the async threads.

use std::fmt;

use checkpoint_storage_api::{Error, ErrorKind, Outcome, Result};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Span;

/// Runs blocking work and knows what is still running.
#[derive(Clone, Default)]
pub(crate) struct Workers(TaskTracker);

impl Workers {
    /// Runs `work` on a thread that may block. Dropping the future cancels the token that the work
    /// is given; the work itself decides where it stops.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&CancellationToken) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let runtime = Handle::try_current().map_err(|error| {
            Error::new(ErrorKind::Unexpected, operation, "it was called outside a tokio runtime")
                .with_advice("call it from a task of a tokio runtime")
                .with_source(error)
        })?;
        let cancelled = CancellationToken::new();
        let _cancel_on_drop = cancelled.clone().drop_guard();
        let span = Span::current();
        let work = move || {
            // It may have waited for a thread longer than its caller did for it.
            check_cancelled(&cancelled, operation)?;
            span.in_scope(|| work(&cancelled))
        };
        let task = self.0.spawn_blocking_on(work, &runtime);
        task.await.unwrap_or_else(|error| {
            Err(if error.is_panic() {
                Error::new(ErrorKind::PluginFault, operation, "it panicked")
                    .with_outcome(Outcome::Unknown)
            } else {
                Error::new(ErrorKind::Unavailable, operation, "the runtime is shutting down")
            })
        })
    }

    /// Drops what may block while it is dropped.
    pub(crate) fn discard<T: Send + 'static>(&self, value: T) {
        match Handle::try_current() {
            Ok(runtime) => drop(self.0.spawn_blocking_on(move || drop(value), &runtime)),
            Err(_) => drop(value),
        }
    }

    /// Waits for what is still running, calls that were dropped included.
    pub(crate) async fn finish(&self) {
        self.0.close();
        self.0.wait().await;
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Workers({} running)", self.0.len())
    }
}

/// The answer to a caller that no longer listens.
pub(crate) fn check_cancelled(token: &CancellationToken, operation: &'static str) -> Result<()> {
    if token.is_cancelled() {
        return Err(Error::new(ErrorKind::Unexpected, operation, "the caller dropped the call"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn work_learns_that_its_caller_is_gone_and_is_waited_for() {
        let workers = Workers::default();
        let (started, has_started) = mpsc::channel();
        let (release, is_released) = mpsc::channel();
        let (report, reported) = mpsc::channel();
        {
            let mut call = pin!(workers.run("store", move |cancelled| {
                started.send(cancelled.is_cancelled()).expect("heard");
                is_released.recv().expect("released");
                report.send(cancelled.is_cancelled()).expect("heard");
                Ok(())
            }));
            let mut context = Context::from_waker(Waker::noop());
            assert!(call.as_mut().poll(&mut context).is_pending());
            assert_eq!(has_started.recv(), Ok(false));
        }
        release.send(()).expect("heard");
        workers.finish().await;
        assert_eq!(reported.try_recv(), Ok(true));
    }

    #[tokio::test]
    async fn a_panic_is_the_plugin_s_fault() {
        let failed = Workers::default().run::<()>("store", |_| panic!("on purpose")).await;
        let error = failed.expect_err("panicked");
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::PluginFault, Outcome::Unknown));
    }
}
