//! What became of the attempts at one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_s3::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;

use crate::failure::{answer_leaves_open, is_unsent};

/// Watches the attempts at one request, which the SDK makes by itself: whether any that failed may
/// have been carried out all the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attempts(Arc<AtomicBool>);

impl Attempts {
    /// Whether the server may have done what was asked, although no answer says so.
    pub(crate) fn may_have_succeeded(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Says so of an answer that the SDK took for a good one.
    pub(crate) fn leave_open(&self) {
        self.0.store(true, Ordering::Relaxed);
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
        if context.response().map_or_else(|| !is_unsent(error), answer_leaves_open) {
            self.leave_open();
        }
        Ok(())
    }
}
