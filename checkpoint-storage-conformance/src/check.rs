//! How a case says what it found.

use checkpoint_storage_api::{Error, ErrorKind, Outcome, Result as StorageResult};
use tokio::task::JoinError;

/// How a case ends; `Ok` if the storage does what it owes.
pub(crate) type Check<T = ()> = Result<T, Failure>;

/// Why a case did not pass.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The storage does not do what it owes.
    Failed(String),
    /// What the case tries, the storage says that it does not offer.
    Unsupported(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Failed(format!("unexpected error ({}): {error}", error.kind()))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(format!("the files behind the storage cannot be used: {error}"))
    }
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Self {
        Self::Failed(format!("a task of the case ended early: {error}"))
    }
}

/// Ends the case unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($reason:tt)+) => {
        if !$condition {
            return Err($crate::check::Failure::Failed(format!($($reason)+)));
        }
    };
}

/// Ends the case unless two values are equal.
macro_rules! ensure_eq {
    ($found:expr, $expected:expr, $($what:tt)+) => {
        match (&$found, &$expected) {
            (found, expected) => ensure!(
                found == expected,
                "{}: expected {expected:?}, found {found:?}",
                format_args!($($what)+)
            ),
        }
    };
}

pub(crate) use {ensure, ensure_eq};

/// The error of a call that must fail with one of `kinds`, if it says what an error owes
/// (contract 8): operation, reason, whether a retry can help, what became of the operation.
pub(crate) fn refused<T>(
    result: StorageResult<T>,
    kinds: &[ErrorKind],
    what: &str,
) -> Check<Error> {
    let Err(error) = result else {
        return Err(Failure::Failed(format!("{what} succeeded; expected {}", listed(kinds))));
    };
    ensure!(
        kinds.contains(&error.kind()),
        "{what} answered {} ({error}); expected {}",
        error.kind(),
        listed(kinds)
    );
    ensure!(!error.operation().is_empty(), "{what}: the error names no operation: {error}");
    ensure!(!error.reason().is_empty(), "{what}: the error gives no reason: {error}");
    ensure!(!error.is_retryable(), "{what}: the error promises that a retry can help: {error}");
    ensure_eq!(error.outcome(), Outcome::NotApplied, "{what}: the outcome of {error}");
    Ok(error)
}

fn listed(kinds: &[ErrorKind]) -> String {
    kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(" or ")
}
