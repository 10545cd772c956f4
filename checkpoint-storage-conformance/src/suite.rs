//! Runs cases, one after the other, each on a thread of its own.

use std::any::Any;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::case::{Case, Needs};
use crate::cases;
use crate::check::Failure;
use crate::context::Context;
use crate::report::{CaseReport, Report, Verdict};
use crate::subject::Subject;

/// Enough for states of 64 MiB on a slow disk.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Which cases are run, and how.
#[derive(Debug, Clone)]
pub struct Suite {
    cases: Vec<Case>,
    time_limit: Duration,
}

impl Suite {
    /// Every case.
    pub fn all() -> Self {
        Self { cases: cases::all(), time_limit: TIME_LIMIT }
    }

    /// Only the cases whose ids begin with one of `prefixes`, such as `c5` or `c5-02`.
    #[must_use]
    pub fn only(mut self, prefixes: &[&str]) -> Self {
        let begins_with = |id: &str, prefix: &str| {
            id.strip_prefix(prefix)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
        };
        self.cases.retain(|case| prefixes.iter().any(|prefix| begins_with(case.id(), prefix)));
        self
    }

    /// How long one case may take.
    #[must_use]
    pub fn with_time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// The cases, in the order in which they are run.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// Runs the cases and tells `ended` of each. Blocks the thread; the cases have runtimes of
    /// their own.
    pub fn run(&self, subject: Arc<dyn Subject>, mut ended: impl FnMut(&CaseReport)) -> Report {
        let mut report = Report::default();
        for case in &self.cases {
            let began = Instant::now();
            let verdict = self.run_apart(*case, Arc::clone(&subject));
            let case = CaseReport { case: *case, verdict, elapsed: began.elapsed() };
            ended(&case);
            report.cases.push(case);
        }
        report
    }

    /// On its own thread a case may panic or block for ever: then the thread is left behind.
    fn run_apart(&self, case: Case, subject: Arc<dyn Subject>) -> Verdict {
        let time_limit = self.time_limit;
        let (done, verdict) = channel();
        let body = move || {
            // Nobody listens any more if it took too long.
            let _ = done.send(run(case, subject, time_limit));
        };
        let thread = match thread::Builder::new().name(case.id().to_owned()).spawn(body) {
            Ok(thread) => thread,
            Err(error) => return Verdict::Failed(format!("no thread can be started: {error}")),
        };
        // A case that has run out of time gets as much again to give back what it holds.
        match verdict.recv_timeout(time_limit * 2) {
            Ok(verdict) => verdict,
            Err(RecvTimeoutError::Timeout) => Verdict::Failed(format!(
                "it did not end within {time_limit:?} and blocks its thread"
            )),
            Err(RecvTimeoutError::Disconnected) => {
                let panic = thread.join().err();
                Verdict::Failed(format!("it panicked: {}", panic.as_deref().map_or("", message)))
            }
        }
    }
}

impl Default for Suite {
    fn default() -> Self {
        Self::all()
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "no message",
    }
}

fn run(case: Case, subject: Arc<dyn Subject>, time_limit: Duration) -> Verdict {
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return Verdict::Failed(format!("no runtime can be started: {error}")),
        };
    let verdict = runtime.block_on(async {
        match tokio::time::timeout(time_limit, attempt(case, subject)).await {
            Ok(Ok(())) => Verdict::Passed,
            Ok(Err(Failure::Failed(reason))) => Verdict::Failed(reason),
            Ok(Err(Failure::Unsupported(reason))) => Verdict::Unsupported(reason),
            Err(_) => Verdict::Failed(format!("it did not end within {time_limit:?}")),
        }
    });
    // What a dropped call left running does not hold up the next case.
    runtime.shutdown_background();
    verdict
}

async fn attempt(case: Case, subject: Arc<dyn Subject>) -> Result<(), Failure> {
    let context = Context::new(subject).await?;
    if case.needs() != Needs::default() {
        let offered = context.offered().await?;
        if let Some(lacking) = case.needs().lacking(offered) {
            return Err(Failure::Unsupported(lacking));
        }
    }
    case.run(&context).await
}

#[cfg(test)]
mod tests;
