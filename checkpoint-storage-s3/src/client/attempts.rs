//! What became of the attempts at one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use aws_sdk_s3::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;

use crate::failure::{answer_leaves_open, is_unsent};

/// Watches the attempts at one request, which the SDK makes by itself: whether any that failed may
/// have been carried out all the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attempts(Arc<State>);

#[derive(Debug, Default)]
struct State {
    may_have_succeeded: AtomicBool,
    /// How many of them failed after they were sent.
    failed: AtomicU32,
}

impl Attempts {
    /// Whether the server may have done what was asked, although no answer says so.
    pub(crate) fn may_have_succeeded(&self) -> bool {
        self.0.may_have_succeeded.load(Ordering::Relaxed)
    }

    /// Whether an attempt failed before the last one did: a server that stands before another, or
    /// is out of order, may have done what it said it had not.
    pub(crate) fn were_several(&self) -> bool {
        self.0.failed.load(Ordering::Relaxed) > 1
    }

    /// Says so of an answer that the SDK took for a good one.
    pub(crate) fn leave_open(&self) {
        self.0.may_have_succeeded.store(true, Ordering::Relaxed);
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Err(error)) = context.output_or_error() else { return Ok(()) };
        if !is_unsent(error) {
            self.0.failed.fetch_add(1, Ordering::Relaxed);
        }
        if context.response().map_or_else(|| !is_unsent(error), answer_leaves_open) {
            self.leave_open();
        }
        Ok(())
    }
}
