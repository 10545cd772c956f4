//! The plugin's own tokio runtime: a library has its own copy of tokio's statics, so the host's
//! runtime cannot serve it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use async_ffi::{FfiFuture, FutureExt as _};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use super::log;
use super::types::FfiResult;
use super::unwind::{Guarded, drop_caught, panic_error};
use crate::{CheckpointEntry, CheckpointReader, Error, ErrorKind, Outcome, Result};

/// Enough that one blocking call does not stop the others.
const WORKER_THREADS: usize = 2;

fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(WORKER_THREADS)
            .thread_name("ckpt-plugin")
            .enable_all()
            .build()
    });
    runtime.as_ref().map_err(|error| {
        Error::new(ErrorKind::Unexpected, "start the plugin's runtime", error.to_string())
            .with_advice("check the limits on threads and open files of this process")
    })
}

/// Where the calls of a plugin run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calls {
    /// Polled once on the caller's thread: a call that needs to wait for nothing costs no change
    /// of threads. One that waits goes on on the plugin's runtime.
    Async,
    /// On the plugin's runtime from the start, because they block the thread they run on.
    Blocking,
}

/// A call as it crosses. It starts at its first poll, in the span it is polled in; dropping it
/// drops or aborts it.
pub(super) fn start<T: Send + 'static>(
    operation: &'static str,
    calls: Calls,
    call: impl Future<Output = Result<T>> + Send + 'static,
) -> FfiFuture<FfiResult<T>> {
    let call = async move {
        let runtime = runtime()?;
        let mut call = InRuntime::new(Box::pin(call));
        if calls == Calls::Async {
            let first = poll_fn(|cx| Poll::Ready(Pin::new(&mut call).poll(cx))).await;
            if let Poll::Ready(result) = first {
                return result;
            }
        }
        let mut task = AbortOnDrop(runtime.spawn(log::in_current_span(call)));
        match (&mut task.0).await {
            Ok(result) => result,
            Err(error) if error.is_panic() => Err(panic_error(operation, error.into_panic())),
            Err(error) => Err(Error::new(ErrorKind::Unexpected, operation, error.to_string())
                .with_outcome(Outcome::Unknown)),
        }
    };
    Guarded::new(operation, call).into_ffi()
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Something of the plugin's that the host's threads poll and drop: both happen inside the
/// plugin's runtime, and a panic while dropping goes no further.
pub(super) struct InRuntime<T>(Option<T>);

impl<T> InRuntime<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Some(value))
    }

    /// The value; `None` only while it is being dropped.
    pub(super) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T> Drop for InRuntime<T> {
    fn drop(&mut self) {
        let _entered = runtime().ok().map(Runtime::enter);
        drop_caught(self.0.take());
    }
}

impl<F: Future + Unpin> Future for InRuntime<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let _entered = runtime().ok().map(Runtime::enter);
        match &mut self.0 {
            Some(future) => Pin::new(future).poll(cx),
            None => Poll::Pending,
        }
    }
}

/// A reader of the plugin's that the host polls.
pub(super) struct EnteredReader {
    entry: CheckpointEntry,
    states_len: Option<u64>,
    reader: InRuntime<Box<dyn CheckpointReader>>,
}

impl EnteredReader {
    pub(super) fn new(reader: Box<dyn CheckpointReader>) -> Self {
        let (entry, states_len) = (reader.entry().clone(), reader.states_len());
        Self { entry, states_len, reader: InRuntime::new(reader) }
    }
}

#[async_trait]
impl CheckpointReader for EnteredReader {
    fn entry(&self) -> &CheckpointEntry {
        &self.entry
    }

    fn states_len(&self) -> Option<u64> {
        self.states_len
    }

    async fn next_chunk(&mut self, max_len: usize) -> Result<Option<Bytes>> {
        let next = self.reader.0.as_mut().map(|reader| InRuntime::new(reader.next_chunk(max_len)));
        match next {
            Some(next) => next.await,
            None => Err(Error::new(ErrorKind::Closed, "read the next chunk", "the reader is gone")),
        }
    }
}
