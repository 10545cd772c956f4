//! How long a call may take, and each of its steps.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use hdfs_native::HdfsError;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

use crate::failure::Cause;

/// What a caller waits for where it does not say.
const DEFAULT_LIMIT: Duration = Duration::from_secs(30);
/// What is left for answering before the caller gives up.
const MARGIN: Duration = Duration::from_millis(500);
/// No step takes longer: one that does is assumed to hang.
const LONGEST_STEP: Duration = Duration::from_secs(8);

/// How long calls may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    call: Duration,
    step: Duration,
    steps_block: bool,
}

/// When a call must have ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    step: Duration,
    steps_block: bool,
}

impl Limits {
    /// `time_limit` is how long the caller waits.
    pub(crate) fn new(time_limit: Option<Duration>) -> Self {
        let limit = time_limit.unwrap_or(DEFAULT_LIMIT);
        let call = limit.saturating_sub(MARGIN.min(limit / 10));
        // So that something else can be tried after a step that does not end.
        Self { call, step: LONGEST_STEP.min(call / 3), steps_block: false }
    }

    /// The same of a client that can block the thread that polls it, as one that logs in does: the
    /// library of Kerberos waits for KDCs.
    pub(crate) fn of_blocking_steps(self, steps_block: bool) -> Self {
        Self { steps_block, ..self }
    }

    /// How long one node is waited for, so that three can be within a step.
    pub(crate) fn node_timeout(self) -> Duration {
        self.step / 4
    }

    /// The deadline of a call that begins now.
    pub(crate) fn begin(self) -> Deadline {
        Deadline { at: Instant::now() + self.call, step: self.step, steps_block: self.steps_block }
    }
}

impl Deadline {
    /// How much time is left.
    pub(crate) fn left(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// The same, of steps that take a quarter as long.
    pub(crate) fn in_short_steps(self) -> Self {
        Self { step: self.step / 4, ..self }
    }

    /// Waits for one step, at most as long as a step may take and time is left. The client's panics
    /// are failures.
    pub(crate) fn step<T>(
        self,
        step: impl Future<Output = Result<T, HdfsError>>,
    ) -> impl Future<Output = Result<T, Cause>> {
        self.step_within(self.step, step)
    }

    /// The same, at most for this time.
    pub(crate) fn step_within<T>(
        self,
        time: Duration,
        step: impl Future<Output = Result<T, HdfsError>>,
    ) -> impl Future<Output = Result<T, Cause>> {
        let step = self.polled(step);
        async move {
            // Unwind safe: after a panic the caller discards the client or the writer.
            let step = AssertUnwindSafe(step).catch_unwind();
            match tokio::time::timeout(time.min(self.left()), step).await {
                Ok(Ok(result)) => result.map_err(|error| Cause::of(&error)),
                Ok(Err(_)) => Err(Cause::panicked()),
                Err(_) => Err(Cause::timed_out()),
            }
        }
    }

    /// A future of the client's, fit to be polled.
    pub(crate) fn polled<F: Future>(self, step: F) -> Step<F> {
        // Boxed because the client's futures are large: nested, they would overflow a stack.
        Step { step: Box::pin(step), blocks: self.steps_block }
    }

    /// Waits before another try; `false`, at once, if there is no time for one.
    pub(crate) async fn pause(self, time: Duration) -> bool {
        if self.left() <= time {
            return false;
        }
        tokio::time::sleep(time).await;
        true
    }
}

/// A future of the client's.
pub(crate) struct Step<F> {
    step: Pin<Box<F>>,
    blocks: bool,
}

impl<F: Future> Future for Step<F> {
    type Output = F::Output;

    /// Where it blocks, other tasks of the runtime move to another thread.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let has_threads = || {
            let runtime = Handle::try_current();
            runtime.is_ok_and(|it| it.runtime_flavor() == RuntimeFlavor::MultiThread)
        };
        match self.blocks && has_threads() {
            true => block_in_place(|| self.step.as_mut().poll(cx)),
            false => self.step.as_mut().poll(cx),
        }
    }
}
