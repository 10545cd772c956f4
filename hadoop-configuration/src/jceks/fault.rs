//! What can be wrong with a keystore or with an entry of it.

use super::cursor::Malformed;
use crate::error::{Error, ErrorKind};
use crate::password::KeystorePassword;

/// Why a keystore, or an entry of it, cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The file has no bytes.
    Empty,
    /// It does not begin as a keystore does.
    NotAKeystore,
    /// It begins as a keystore does, and goes on otherwise.
    Malformed(Malformed),
    /// The digest is that of another password or of another content.
    WrongPasswordOrTampered,
    /// The digest is that of another content: the password opens an entry.
    Tampered,
    /// An entry was sealed under another password than the keystore's.
    OtherPassword,
    /// An entry holds something else than Hadoop puts into one.
    NotAText,
}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl Fault {
    /// The error about `subject`, a keystore's file or an alias in one.
    pub(crate) fn error(self, subject: impl Into<String>, password: &KeystorePassword) -> Error {
        let kind = match self {
            Self::Empty | Self::NotAKeystore | Self::Malformed(_) | Self::Tampered => {
                ErrorKind::Damaged
            }
            Self::WrongPasswordOrTampered | Self::OtherPassword => ErrorKind::WrongPassword,
            Self::NotAText => ErrorKind::Unsupported,
        };
        Error::new(kind, subject, self.reason(password), self.advice(password))
    }

    fn reason(self, password: &KeystorePassword) -> String {
        match self {
            Self::Empty => "the file is empty".to_owned(),
            Self::NotAKeystore => {
                "this is no jceks keystore, the only kind that hadoop's jceks providers have"
                    .to_owned()
            }
            Self::Malformed(Malformed { at, what }) => {
                format!("the keystore is damaged at byte {at}: {what}")
            }
            Self::WrongPasswordOrTampered => {
                format!("wrong password, or the file was tampered with; {password} was tried")
            }
            Self::Tampered => {
                format!("{password} is right, but the file was tampered with or damaged")
            }
            Self::OtherPassword => {
                format!("{password} opens the keystore, but not this entry")
            }
            Self::NotAText => "the entry holds a key, not a secret of hadoop's".to_owned(),
        }
    }

    fn advice(self, password: &KeystorePassword) -> String {
        let advice = match self {
            Self::Empty | Self::NotAKeystore => {
                "name a keystore that `hadoop credential create` made"
            }
            Self::Malformed(_) | Self::Tampered => {
                "trust no secret in it: restore the file, or make it anew with \
                 `hadoop credential create`"
            }
            Self::WrongPasswordOrTampered => return password.advice(),
            Self::OtherPassword | Self::NotAText => {
                "delete the entry, and make it anew with `hadoop credential create`"
            }
        };
        advice.to_owned()
    }
}
