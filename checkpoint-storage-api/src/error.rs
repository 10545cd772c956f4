//! The one error type of storages and plugins.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// The result of every storage operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in terms a caller can act on.
///
/// Kinds cross the plugin boundary as numbers; one that this side does not know arrives as
/// [`ErrorKind::Unexpected`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was named does not exist.
    NotFound,
    /// Stored bytes are not what was written, or contradict their name.
    Corrupt,
    /// The caller named something that this storage cannot hold.
    InvalidInput,
    /// The storage's configuration is wrong.
    InvalidConfig,
    /// The medium refuses access with these credentials or modes.
    PermissionDenied,
    /// The medium, or a quota on it, is full.
    NoSpace,
    /// The storage was opened read-only, or its medium is.
    ReadOnly,
    /// The name to write is taken; what is stored there was left as it was.
    AlreadyExists,
    /// The storage cannot do this at all.
    Unsupported,
    /// The medium cannot be reached or does not answer properly.
    Unavailable,
    /// The call did not end within its time.
    TimedOut,
    /// The storage was closed before the call.
    Closed,
    /// The plugin panicked or broke the interface's rules.
    PluginFault,
    /// Anything else.
    Unexpected,
}

impl ErrorKind {
    const ALL: [(Self, u32, &'static str); 14] = [
        (Self::Unexpected, 0, "unexpected"),
        (Self::NotFound, 1, "not-found"),
        (Self::Corrupt, 2, "corrupt"),
        (Self::InvalidInput, 3, "invalid-input"),
        (Self::InvalidConfig, 4, "invalid-config"),
        (Self::PermissionDenied, 5, "permission-denied"),
        (Self::NoSpace, 6, "no-space"),
        (Self::ReadOnly, 7, "read-only"),
        (Self::AlreadyExists, 8, "already-exists"),
        (Self::Unsupported, 9, "unsupported"),
        (Self::Unavailable, 10, "unavailable"),
        (Self::TimedOut, 11, "timed-out"),
        (Self::Closed, 12, "closed"),
        (Self::PluginFault, 13, "plugin-fault"),
    ];

    /// The kind's name in machine-readable output, such as `not-found`.
    pub fn as_str(self) -> &'static str {
        Self::row(|row| row.0 == self).2
    }

    /// The number that stands for the kind at the plugin boundary.
    pub fn code(self) -> u32 {
        Self::row(|row| row.0 == self).1
    }

    /// The kind that a number stands for; [`ErrorKind::Unexpected`] for one that is not known here.
    pub fn from_code(code: u32) -> Self {
        Self::row(|row| row.1 == code).0
    }

    fn row(wanted: impl Fn(&(Self, u32, &'static str)) -> bool) -> (Self, u32, &'static str) {
        *Self::ALL.iter().find(|row| wanted(row)).unwrap_or(&Self::ALL[0])
    }

    /// Whether a later attempt at the same call can succeed without anyone changing it.
    fn usually_retryable(self) -> bool {
        matches!(self, Self::NoSpace | Self::Unavailable | Self::TimedOut)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of an operation that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Outcome {
    /// Nothing was changed that a reader could see.
    #[default]
    NotApplied,
    /// The change may or may not have taken effect: look before deciding.
    Unknown,
}

impl Outcome {
    /// The outcome's name in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotApplied => "not-applied",
            Self::Unknown => "unknown",
        }
    }
}

/// Why an operation failed: kind, operation, what it concerned, reason, and what to do next.
///
/// Messages are in lower case and never contain the value of a configuration key.
pub struct Error(Box<Details>);

struct Details {
    kind: ErrorKind,
    operation: Cow<'static, str>,
    subject: String,
    reason: String,
    advice: Option<String>,
    outcome: Outcome,
    retryable: bool,
    misplaced: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `operation` (a verb phrase such as `"store"`) for `reason`.
    pub fn new(
        kind: ErrorKind,
        operation: impl Into<Cow<'static, str>>,
        reason: impl Into<String>,
    ) -> Self {
        Self(Box::new(Details {
            kind,
            operation: operation.into(),
            subject: String::new(),
            reason: reason.into(),
            advice: None,
            outcome: Outcome::NotApplied,
            retryable: kind.usually_retryable(),
            misplaced: false,
            source: None,
        }))
    }

    /// The error of an optional operation that this storage does not offer.
    pub fn unsupported(operation: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unsupported, operation, "this storage does not support it")
    }

    /// Names what the operation concerned: a file, a job, a key.
    #[must_use]
    pub fn with_subject(mut self, subject: impl fmt::Display) -> Self {
        self.0.subject = subject.to_string();
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// Says what became of the operation; [`Outcome::NotApplied`] unless said otherwise.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.0.outcome = outcome;
        self
    }

    /// Says whether the same call can succeed later; by default the kind decides.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Says that what was found is a checkpoint of another job, pipeline or id than its place says.
    #[must_use]
    pub fn with_misplaced(mut self, misplaced: bool) -> Self {
        self.0.misplaced = misplaced;
        self
    }

    /// Keeps the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed, as a verb phrase.
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// What the operation concerned; empty if it concerned the storage as a whole.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The reason, without operation and subject.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }

    /// What became of the operation.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Whether the same call can succeed later.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Of what is [corrupt](ErrorKind::Corrupt), whether it is a checkpoint of another place.
    pub fn is_misplaced(&self) -> bool {
        self.0.misplaced
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.operation)?;
        if !self.0.subject.is_empty() {
            write!(f, " {}", self.0.subject)?;
        }
        write!(f, ": {}", self.0.reason)?;
        if self.0.outcome == Outcome::Unknown {
            f.write_str(" (it may have taken effect all the same)")?;
        }
        match &self.0.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("operation", &self.0.operation)
            .field("subject", &self.0.subject)
            .field("reason", &self.0.reason)
            .field("advice", &self.0.advice)
            .field("outcome", &self.0.outcome)
            .field("retryable", &self.0.retryable)
            .field("misplaced", &self.0.misplaced)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_of_kinds_are_distinct_and_lead_back() {
        for (kind, code, name) in ErrorKind::ALL {
            assert_eq!(ErrorKind::from_code(code), kind);
            assert_eq!((kind.code(), kind.as_str()), (code, name));
            assert_eq!(ErrorKind::ALL.iter().filter(|row| row.2 == name).count(), 1);
        }
        assert_eq!(ErrorKind::from_code(4_000_000_000), ErrorKind::Unexpected);
    }

    #[test]
    fn the_message_says_what_where_why_and_what_to_do() {
        let error = Error::new(ErrorKind::NoSpace, "store", "no space left on the device")
            .with_subject("/data/1/x.ser")
            .with_advice("free space there");
        assert_eq!(
            error.to_string(),
            "store /data/1/x.ser: no space left on the device; free space there"
        );
        assert!(error.is_retryable());
        let unknown = error.with_outcome(Outcome::Unknown).to_string();
        assert!(unknown.contains("it may have taken effect all the same"), "{unknown}");
    }
}
