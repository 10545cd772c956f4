//! Why a command ends before it is done, and the exit code for it.

use std::fmt;
use std::io;

use checkpoint_storage_api::ErrorKind as StorageErrorKind;
use storage_host::config::Diagnostics;
use storage_host::{Error, ErrorKind};

const FAILED: u8 = 1;
const USAGE: u8 = 2;
const NOT_FOUND: u8 = 3;
const CORRUPT: u8 = 4;

/// Why a command ends before it is done.
pub(crate) enum Stop {
    /// The host or a storage failed.
    Failed(Error),
    /// What was typed cannot be done.
    Usage(String),
    /// The operation failed outside the storage: a file, the demo's own promise.
    Other(String),
    /// What was read is not what was written.
    Corrupt(String),
    /// Nobody reads the output any more: no error.
    ClosedPipe,
}

impl Stop {
    /// An input or output error outside the storage.
    pub(crate) fn io(what: impl fmt::Display, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Other(format!("{what}: {error}")),
        }
    }

    /// What was asked for is not stored.
    pub(crate) fn not_found(operation: &'static str, what: impl fmt::Display) -> Self {
        let error = checkpoint_storage_api::Error::new(
            StorageErrorKind::NotFound,
            operation,
            "no such checkpoint is stored",
        );
        error.with_subject(what).into()
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Usage(_) => USAGE,
            Self::Other(_) => FAILED,
            Self::Corrupt(_) => CORRUPT,
            Self::Failed(error) => match error.kind() {
                ErrorKind::Config
                | ErrorKind::PluginsDirectory
                | ErrorKind::PluginRejected
                | ErrorKind::PluginNotFound
                | ErrorKind::PluginAmbiguous
                | ErrorKind::Storage(StorageErrorKind::InvalidInput) => USAGE,
                ErrorKind::Storage(StorageErrorKind::NotFound) => NOT_FOUND,
                ErrorKind::Storage(StorageErrorKind::Corrupt) => CORRUPT,
                _ => FAILED,
            },
        }
    }

    /// What is wrong with the configuration, if that is the reason.
    pub(crate) fn diagnostics(&self) -> Option<&Diagnostics> {
        match self {
            Self::Failed(error) => error.diagnostics(),
            _ => None,
        }
    }

    /// The reason without the [diagnostics](Self::diagnostics).
    pub(crate) fn headline(&self) -> String {
        match self {
            Self::Failed(error) if error.diagnostics().is_some() => {
                format!("{}: {}", error.subject(), error.reason())
            }
            stop => stop.to_string(),
        }
    }

    /// The error's kind in machine-readable output.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Failed(error) => error.kind().as_str(),
            Self::Usage(_) => "usage",
            Self::Corrupt(_) => StorageErrorKind::Corrupt.as_str(),
            Self::Other(_) | Self::ClosedPipe => "failed",
        }
    }

    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self, Self::Failed(error) if error.is_retryable())
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => error.fmt(f),
            Self::Usage(message) | Self::Other(message) | Self::Corrupt(message) => {
                f.write_str(message)
            }
            Self::ClosedPipe => f.write_str("the output was closed"),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<checkpoint_storage_api::Error> for Stop {
    fn from(error: checkpoint_storage_api::Error) -> Self {
        Self::Failed(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_follow_the_kind() {
        let storage = |kind| {
            Stop::from(checkpoint_storage_api::Error::new(kind, "read", "reason")).exit_code()
        };
        assert_eq!(storage(StorageErrorKind::NotFound), 3);
        assert_eq!(storage(StorageErrorKind::Corrupt), 4);
        assert_eq!(storage(StorageErrorKind::InvalidInput), 2);
        assert_eq!(storage(StorageErrorKind::InvalidConfig), 2);
        assert_eq!(storage(StorageErrorKind::NoSpace), 1);
        assert_eq!(Stop::from(Error::config("x", "y")).exit_code(), 2);
        assert_eq!(Stop::from(Error::new(ErrorKind::PluginRejected, "x", "y")).exit_code(), 2);
        assert_eq!(Stop::from(Error::new(ErrorKind::PluginFailed, "x", "y")).exit_code(), 1);
        assert_eq!(Stop::Usage(String::new()).exit_code(), 2);
        assert_eq!(Stop::Corrupt(String::new()).exit_code(), 4);
        assert_eq!(Stop::io("x", io::ErrorKind::BrokenPipe.into()).exit_code(), 0);
        assert_eq!(Stop::io("x", io::ErrorKind::NotFound.into()).exit_code(), 1);
    }
}
