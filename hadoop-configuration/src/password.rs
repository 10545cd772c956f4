//! The password of the keystores: where it is looked for.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, ErrorKind};
use crate::file;

/// The key that names the file of the password.
const FILE_KEY: &str = "hadoop.security.credstore.java-keystore-provider.password-file";
/// Hadoop's password where none was given.
const DEFAULT: &str = "none";
/// Bytes; a longer file holds something else.
const LONGEST_FILE: u64 = 64 * 1024;

/// The password that opens the keystores and every entry in them.
#[derive(Debug, Clone)]
pub struct KeystorePassword {
    text: SecretString,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    Environment,
    File(PathBuf),
    Default,
}

impl KeystorePassword {
    /// The environment variable that holds the password, before anything else is asked.
    pub const VARIABLE: &'static str = "HADOOP_CREDSTORE_PASSWORD";

    /// Takes the password from where Hadoop looks for it: the environment variable
    /// [`VARIABLE`](Self::VARIABLE) (`environment` is its value, an empty one counts too), else
    /// `password_file` without the white space around its text, else Hadoop's default, `none`.
    ///
    /// Hadoop finds the file on its class path; here it is a path, relative to the process's
    /// working directory unless absolute.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unreadable`] if the file is needed and is not there or is no text;
    /// [`ErrorKind::WrongPassword`] for characters that no keystore's password has.
    pub fn locate(
        environment: Option<SecretString>,
        password_file: Option<&Path>,
    ) -> Result<Self, Error> {
        let password = match (environment, password_file) {
            (Some(text), _) => Self { text, origin: Origin::Environment },
            (None, Some(path)) => Self { text: read(path)?, origin: Origin::File(path.to_owned()) },
            (None, None) => Self { text: DEFAULT.into(), origin: Origin::Default },
        };
        // Java derives the keys of entries from such characters only.
        if password.text.expose_secret().bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return Ok(password);
        }
        Err(Error::new(
            ErrorKind::WrongPassword,
            password.to_string(),
            "it has characters other than printable ascii, which java takes for no keystore's entries",
            "remove line ends and the like, or make the keystore anew under another password",
        ))
    }

    pub(crate) fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What to do when it is the wrong one.
    pub(crate) fn advice(&self) -> String {
        match self.origin {
            Origin::Environment | Origin::File(_) => {
                "give the password that the keystore was made with".to_owned()
            }
            Origin::Default => format!(
                "give the keystore's password in {}, or in a file that {FILE_KEY} names",
                Self::VARIABLE
            ),
        }
    }
}

/// Where the password came from, never the password.
impl fmt::Display for KeystorePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Environment => write!(f, "the password in {}", Self::VARIABLE),
            Origin::File(path) => write!(f, "the password in {}", path.display()),
            Origin::Default => f.write_str("hadoop's default password"),
        }
    }
}

fn read(path: &Path) -> Result<SecretString, Error> {
    let unreadable = |reason: &str, advice: &str| {
        Error::new(ErrorKind::Unreadable, path.display().to_string(), reason, advice)
    };
    let bytes = Zeroizing::new(file::read(path, LONGEST_FILE).map_err(|error| {
        let advice =
            format!("{FILE_KEY} is the path of the file that holds the keystores' password");
        file::unreadable(path, error, advice)
    })?);
    let text = std::str::from_utf8(&bytes).map_err(|_| {
        unreadable("it is not utf-8 text", "write the password into it, and nothing else")
    })?;
    // What Java's `String.trim` takes for white space.
    Ok(text.trim_matches(|c| c <= ' ').into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_of(content: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), content).expect("written");
        file
    }

    fn assert_located(environment: Option<&str>, file: Option<&Path>, expected: &str) {
        let password = KeystorePassword::locate(environment.map(Into::into), file);
        assert!(password.expect("a password").expose() == expected, "another password");
    }

    fn refused(environment: Option<&str>, file: Option<&Path>) -> Error {
        let password = KeystorePassword::locate(environment.map(Into::into), file);
        let error = password.expect_err("an error");
        assert!(!format!("{error}{error:?}").contains("hush"), "a secret is shown");
        error
    }

    #[test]
    fn it_is_looked_for_in_hadoop_s_order() {
        let file = file_of(b"hush-file");
        let missing = Path::new("/nowhere/password");
        assert_located(Some("hush-environment"), Some(file.path()), "hush-environment");
        assert_located(Some(""), Some(missing), "");
        assert_located(None, Some(file.path()), "hush-file");
        assert_located(None, None, "none");
    }

    #[test]
    fn white_space_around_a_file_s_password_is_not_part_of_it() {
        for content in ["hush it\n", "\t hush it\r\n\n", "\0hush it\0"] {
            assert_located(None, Some(file_of(content.as_bytes()).path()), "hush it");
        }
        assert_located(None, Some(file_of(b"\n").path()), "");
    }

    #[test]
    fn a_file_that_is_needed_must_be_there_and_hold_a_text() {
        let missing = Path::new("/nowhere/password");
        let error = refused(None, Some(missing));
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        assert_eq!(error.subject(), "/nowhere/password");
        assert!(error.advice().contains(FILE_KEY), "{error}");

        for content in [&b"hush\xff"[..], &[b'x'; 64 * 1024 + 1]] {
            let file = file_of(content);
            assert_eq!(refused(None, Some(file.path())).kind(), ErrorKind::Unreadable);
        }
    }

    #[test]
    fn what_can_be_no_keystore_s_password_is_refused_with_where_it_came_from() {
        for text in ["hush\n", "hush-ü"] {
            let error = refused(Some(text), None);
            assert_eq!(error.kind(), ErrorKind::WrongPassword);
            assert!(error.subject().contains(KeystorePassword::VARIABLE), "{error}");
        }
        let file = file_of("hush-密".as_bytes());
        let error = refused(None, Some(file.path()));
        assert!(error.subject().contains(&*file.path().display().to_string()), "{error}");
    }
}
