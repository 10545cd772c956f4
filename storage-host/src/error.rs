//! The host's error type.

use std::error::Error as StdError;
use std::fmt;

use crate::config::Diagnostics;

/// The result of every operation of the host.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in terms a caller can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration cannot be used.
    Config,
    /// The plugins directory cannot be read.
    PluginsDirectory,
    /// A file in the plugins directory is no plugin that this host can load.
    PluginRejected,
    /// No plugin serves what the configuration asks for.
    PluginNotFound,
    /// More than one plugin serves what the configuration asks for.
    PluginAmbiguous,
    /// A plugin could not be loaded or started.
    PluginFailed,
    /// A snapshot of a pipeline could not be taken.
    SnapshotFailed,
    /// A checkpoint was not stored within its time-out.
    CheckpointExpired,
    /// A newer checkpoint completed before this one.
    CheckpointSubsumed,
    /// A checkpoint was given up because its job ended.
    CheckpointAborted,
    /// More checkpoints in a row failed than is tolerated.
    JobFailed,
    /// The coordinator takes no checkpoints any more.
    CoordinatorStopped,
    /// A storage reported an error.
    Storage(checkpoint_storage_api::ErrorKind),
}

impl ErrorKind {
    /// The kind's name in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::PluginsDirectory => "plugins-directory",
            Self::PluginRejected => "plugin-rejected",
            Self::PluginNotFound => "plugin-not-found",
            Self::PluginAmbiguous => "plugin-ambiguous",
            Self::PluginFailed => "plugin-failed",
            Self::SnapshotFailed => "snapshot-failed",
            Self::CheckpointExpired => "checkpoint-expired",
            Self::CheckpointSubsumed => "checkpoint-subsumed",
            Self::CheckpointAborted => "checkpoint-aborted",
            Self::JobFailed => "job-failed",
            Self::CoordinatorStopped => "coordinator-stopped",
            Self::Storage(kind) => kind.as_str(),
        }
    }

    /// Whether what failed can succeed later, where no storage's error says it.
    fn usually_retryable(self) -> bool {
        matches!(self, Self::SnapshotFailed | Self::CheckpointExpired | Self::CheckpointSubsumed)
    }
}

/// Why the host failed: kind, what it concerned, reason, and what to do next.
pub struct Error(Box<Details>);

struct Details {
    kind: ErrorKind,
    subject: String,
    reason: String,
    advice: Option<String>,
    source: Option<checkpoint_storage_api::Error>,
    diagnostics: Option<Diagnostics>,
}

impl Error {
    /// An error that concerns `subject` (a file, a key, a plugin's name).
    pub fn new(kind: ErrorKind, subject: impl fmt::Display, reason: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            subject: subject.to_string(),
            reason: reason.into(),
            advice: None,
            source: None,
            diagnostics: None,
        }))
    }

    /// An error of the configuration.
    pub fn config(subject: impl fmt::Display, reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Config, subject, reason)
    }

    /// An error of a configuration with all that is wrong with it.
    pub(crate) fn of_diagnostics(diagnostics: Diagnostics) -> Self {
        let mut error = Self::config(diagnostics.origin(), diagnostics.summary());
        error.0.diagnostics = Some(diagnostics);
        error
    }

    /// Says what to do about it.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// An error of a plugin's, seen while the host dealt with `subject`.
    pub(crate) fn of_plugin(
        kind: ErrorKind,
        subject: impl fmt::Display,
        source: checkpoint_storage_api::Error,
    ) -> Self {
        let mut error = Self::new(kind, subject, source.reason());
        error.0.advice = source.advice().map(ToOwned::to_owned);
        error.0.source = Some(source);
        error
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What it concerned.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The reason alone.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }

    /// What is wrong with the configuration, place by place.
    pub fn diagnostics(&self) -> Option<&Diagnostics> {
        self.0.diagnostics.as_ref()
    }

    /// Whether the same call can succeed later without anyone changing anything.
    pub fn is_retryable(&self) -> bool {
        match &self.0.source {
            Some(source) => source.is_retryable(),
            None => self.0.kind.usually_retryable(),
        }
    }

    /// The storage's own error, where one is the cause.
    pub fn storage(&self) -> Option<&checkpoint_storage_api::Error> {
        self.0.source.as_ref()
    }
}

impl From<checkpoint_storage_api::Error> for Error {
    fn from(source: checkpoint_storage_api::Error) -> Self {
        let kind = match source.kind() {
            checkpoint_storage_api::ErrorKind::InvalidConfig => ErrorKind::Config,
            kind => ErrorKind::Storage(kind),
        };
        let mut error = Self::new(kind, "", "");
        error.0.source = Some(source);
        error
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Details { subject, reason, advice, source, diagnostics, .. } = &*self.0;
        if let Some(diagnostics) = diagnostics {
            return write!(f, "{subject}: {reason}\n\n{diagnostics}");
        }
        match source {
            Some(source) if reason.is_empty() => return source.fmt(f),
            _ if subject.is_empty() => f.write_str(reason)?,
            _ => write!(f, "{subject}: {reason}")?,
        }
        match advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("subject", &self.0.subject)
            .field("reason", &self.0.reason)
            .field("advice", &self.0.advice)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storage_s_error_is_shown_once_and_keeps_its_kind() {
        let source = checkpoint_storage_api::Error::new(
            checkpoint_storage_api::ErrorKind::NoSpace,
            "store",
            "the disk is full",
        );
        let text = source.to_string();
        let error = Error::from(source);
        assert_eq!(error.to_string(), text);
        assert_eq!((error.kind().as_str(), error.is_retryable()), ("no-space", true));
    }
}
