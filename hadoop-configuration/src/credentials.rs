//! The keystores of a provider path, asked in order.

use std::fmt;
use std::io;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::error::Error;
use crate::jceks::Keystore;
use crate::password::KeystorePassword;
use crate::{file, provider};

/// Bytes; a secret takes some 500 of them.
const LONGEST_KEYSTORE: u64 = 16 * 1024 * 1024;
const READABLE: &str =
    "let the provider path name a keystore that the user of this process may read";

/// The keystores that `hadoop.security.credential.provider.path` names, each read once.
pub struct CredentialProviders {
    password: KeystorePassword,
    keystores: Vec<(PathBuf, Keystore)>,
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
    /// [`InvalidPath`] or [`Unsupported`] for a URI; [`Unreadable`], [`Damaged`] or
    /// [`WrongPassword`] for a file.
    ///
    /// [`InvalidPath`]: crate::ErrorKind::InvalidPath
    /// [`Unsupported`]: crate::ErrorKind::Unsupported
    /// [`Unreadable`]: crate::ErrorKind::Unreadable
    /// [`Damaged`]: crate::ErrorKind::Damaged
    /// [`WrongPassword`]: crate::ErrorKind::WrongPassword
    pub fn open(path_list: &str, password: &KeystorePassword) -> Result<Self, Error> {
        let mut opened =
            Self { password: password.clone(), keystores: Vec::new(), missing: Vec::new() };
        for path in provider::files(path_list)? {
            match file::read(&path, LONGEST_KEYSTORE) {
                Ok(bytes) => {
                    let keystore = Keystore::read(&bytes, password.expose())
                        .map_err(|fault| fault.error(path.display().to_string(), password))?;
                    opened.keystores.push((path, keystore));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => opened.missing.push(path),
                Err(error) => return Err(file::unreadable(&path, error, READABLE)),
            }
        }
        Ok(opened)
    }

    /// The secret under `alias`, in whatever case it is written, of the first keystore that has
    /// one; `None` if none has.
    ///
    /// It is decrypted by this call, which takes the processor for some 50 ms: in asynchronous code
    /// make it where that is allowed.
    ///
    /// # Errors
    ///
    /// [`WrongPassword`] for an entry that was sealed under a password of its own, [`Unsupported`]
    /// for one that holds a key instead of a text.
    ///
    /// [`Unsupported`]: crate::ErrorKind::Unsupported
    /// [`WrongPassword`]: crate::ErrorKind::WrongPassword
    pub fn get(&self, alias: &str) -> Result<Option<SecretString>, Error> {
        self.keystores
            .iter()
            .find_map(|(path, keystore)| {
                let subject = || format!("{alias} in {}", path.display());
                let secret = keystore.get(alias, self.password.expose())?;
                Some(secret.map_err(|fault| fault.error(subject(), &self.password)))
            })
            .transpose()
    }

    /// The keystores that do not exist, and so hold nothing.
    pub fn missing_files(&self) -> &[PathBuf] {
        &self.missing
    }

    /// The files of the keystores that exist, in order, for messages.
    pub fn describe(&self) -> String {
        let paths = self.keystores.iter().map(|(path, _)| path.display().to_string());
        paths.collect::<Vec<_>>().join(", ")
    }
}

/// Shows which files, nothing of what is in them.
impl fmt::Debug for CredentialProviders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keystores: Vec<_> = self.keystores.iter().map(|(path, _)| path).collect();
        f.debug_struct("CredentialProviders")
            .field("keystores", &keystores)
            .field("missing", &self.missing)
            .finish()
    }
}
