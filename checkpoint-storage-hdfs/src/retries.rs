//! Whether to try again after a failure, and when.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

use crate::deadline::Deadline;
use crate::failure::{Cause, Class};

/// How long to retry a NameNode that was never reached: its address may be wrong.
const FIRST_CONTACT: Duration = Duration::from_secs(5);

/// The tries of one call.
pub(crate) struct Retries {
    deadline: Deadline,
    pauses: ExponentialBackoff,
    began: Instant,
    /// How many ended without an answer.
    unanswered: usize,
}

impl Retries {
    pub(crate) fn new(deadline: Deadline) -> Self {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(1))
            .without_max_times()
            .with_jitter()
            .build();
        Self { deadline, pauses, began: Instant::now(), unanswered: 0 }
    }

    /// Waits until the next try; `false`, at once, where there is none. `uncontacted` is the number of
    /// NameNodes as long as none has ever answered.
    pub(crate) async fn again(&mut self, cause: &Cause, uncontacted: Option<usize>) -> bool {
        let pause = self.pauses.next().unwrap_or_default();
        self.again_after(pause, cause, uncontacted).await
    }

    /// The same with a pause of the caller's choice.
    pub(crate) async fn again_after(
        &mut self,
        pause: Duration,
        cause: &Cause,
        uncontacted: Option<usize>,
    ) -> bool {
        self.unanswered += usize::from(cause.class == Class::TimedOut);
        let is_hopeless = uncontacted.is_some_and(|namenodes| match cause.class {
            Class::Unreached => self.began.elapsed() + pause >= FIRST_CONTACT,
            Class::TimedOut => self.unanswered >= namenodes,
            _ => false,
        });
        cause.is_transient() && !is_hopeless && self.deadline.pause(pause).await
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use hdfs_native::HdfsError;

    use super::*;
    use crate::deadline::Limits;

    fn refused() -> Cause {
        Cause::of(&HdfsError::IOError(io::ErrorKind::ConnectionRefused.into()))
    }

    fn retries() -> Retries {
        Retries::new(Limits::new(None).begin())
    }

    #[tokio::test]
    async fn what_passes_is_tried_again_and_what_does_not_is_not() {
        assert!(retries().again(&refused(), None).await);
        let missing = Cause::of(&HdfsError::FileNotFound(String::new()));
        assert!(!retries().again(&missing, None).await);
        let late = Limits::new(Some(Duration::ZERO)).begin();
        assert!(!Retries::new(late).again(&refused(), None).await);
    }

    #[tokio::test]
    async fn each_namenode_that_nobody_has_met_is_waited_for_once() {
        let mut retries = retries();
        assert!(retries.again(&Cause::timed_out(), Some(2)).await);
        assert!(!retries.again(&Cause::timed_out(), Some(2)).await);
        assert!(retries.again(&Cause::timed_out(), None).await, "it may be back soon");
    }

    #[tokio::test]
    async fn an_address_that_nobody_has_reached_is_not_tried_for_ever() {
        let mut retries = retries();
        assert!(retries.again(&refused(), Some(1)).await);
        assert!(!retries.again_after(FIRST_CONTACT, &refused(), Some(1)).await);
    }
}
