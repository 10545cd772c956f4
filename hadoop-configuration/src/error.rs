//! Why a secret cannot be had.

use std::error::Error as StdError;
use std::fmt;

/// What went wrong, in terms a caller can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A provider, or an entry of a keystore, is of a kind that is not supported.
    Unsupported,
    /// What should be a provider's URI is none, or names no file.
    InvalidPath,
    /// A file cannot be read.
    Unreadable,
    /// The password is not the keystore's, or cannot be any keystore's.
    WrongPassword,
    /// A file is no keystore, or not as it was written.
    Damaged,
}

/// An error of a keystore or of its password: kind, what it concerned, reason, and what to do next.
///
/// Messages are in lower case and hold neither secrets nor passwords.
pub struct Error(Box<Details>);

struct Details {
    kind: ErrorKind,
    subject: String,
    reason: String,
    advice: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(
        kind: ErrorKind,
        subject: impl Into<String>,
        reason: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self(Box::new(Details {
            kind,
            subject: subject.into(),
            reason: reason.into(),
            advice: advice.into(),
            source: None,
        }))
    }

    #[must_use]
    pub(crate) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What it concerned: a file, the provider's URI, an alias in a keystore.
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Why.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// What to do about it.
    pub fn advice(&self) -> &str {
        &self.0.advice
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.0.subject, self.0.reason, self.0.advice)
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
        self.0.source.as_deref().map(|source| source as _)
    }
}
