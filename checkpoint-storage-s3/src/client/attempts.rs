//! What became of the attempts at one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_s3::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;

use crate::failure::is_unsent;

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
        let is_open = match context.response().map(|response| response.status().as_u16()) {
            Some(status) => is_open(status),
            None => !is_unsent(error),
        };
        if is_open {
            self.leave_open();
        }
        Ok(())
    }
}

/// Whether an answer of this status leaves open what the server did: a success whose body broke
/// off, or an error within the server. A server that is busy has done nothing.
fn is_open(status: u16) -> bool {
    matches!(status, 200..=299 | 500 | 502 | 504..=599)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_that_settles_it_settles_it() {
        for (status, expected) in [
            (200, true),
            (400, false),
            (403, false),
            (409, false),
            (412, false),
            (500, true),
            (501, false),
            (502, true),
            (503, false),
            (504, true),
        ] {
            assert_eq!(is_open(status), expected, "{status}");
        }
    }
}
