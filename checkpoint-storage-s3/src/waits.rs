//! How long is waited: for a connection, for credentials, before another try.

use std::time::Duration;

use aws_sdk_s3::config::retry::RetryConfig;
use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};

/// How long a connection may take to come about.
pub(crate) const CONNECTION: Duration = Duration::from_secs(10);
/// How long one source of credentials may take; a caller sees the reason before its own time is up.
pub(crate) const SOURCE: Duration = Duration::from_secs(10);
/// How long all sources of credentials may take together.
pub(crate) const CREDENTIALS: Duration = Duration::from_secs(30);

/// What precedes the second try at most; each later one has twice as much.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How the SDK tries a request; its pauses may be much shorter.
pub(crate) fn retries(attempts: u32) -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(attempts)
        .with_initial_backoff(FIRST_PAUSE)
        .with_max_backoff(LONGEST_PAUSE)
}

/// How long to wait before each further try of what the SDK does not try again.
pub(crate) fn pauses(attempts: u32) -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE / 2)
        .with_max_delay(LONGEST_PAUSE)
        .with_max_times(attempts.saturating_sub(1) as usize)
        .with_jitter()
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<_> = pauses(20).collect();
        assert_eq!(pauses.len(), 19);
        assert!((FIRST_PAUSE / 2..=FIRST_PAUSE).contains(&pauses[0]), "{pauses:?}");
        assert!(pauses.iter().all(|pause| *pause <= LONGEST_PAUSE * 2), "{pauses:?}");
        assert!(pauses[18] >= LONGEST_PAUSE, "{pauses:?}");
        assert_eq!(super::pauses(1).count(), 0);
    }
}
