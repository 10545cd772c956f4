//! Keystores that Hadoop's own shell makes hold for us what it put into them.

use std::path::{Path, PathBuf};

use checkpoint_storage_tests::java::{CredentialShell, PasswordFrom};
use hadoop_configuration::{CredentialProviders, Error, ErrorKind, KeystorePassword};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

const SCHEMES: [&str; 2] = ["jceks", "localjceks"];
const PASSWORD: &str = "hush-password";

/// A folder for keystores, and Hadoop's shell to make them with.
struct Hadoop {
    shell: CredentialShell,
    folder: TempDir,
}

impl Hadoop {
    /// `None` where the test is to be skipped.
    fn new() -> Option<Self> {
        let shell = CredentialShell::new()?;
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(folder.path().join("password"), format!(" {PASSWORD}\n")).expect("written");
        Some(Self { shell, folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The provider's URI, `name` as it stands.
    fn uri(&self, scheme: &str, name: &str) -> String {
        format!("{scheme}://file{}", self.path(name).display())
    }
}

/// The password as this project finds it.
fn password(from: PasswordFrom<'_>) -> KeystorePassword {
    match from {
        PasswordFrom::Environment(password) => located(Some(password), None),
        PasswordFrom::File(file) => located(None, Some(file)),
        PasswordFrom::Hadoop => located(None, None),
    }
}

fn located(environment: Option<&str>, file: Option<&Path>) -> KeystorePassword {
    KeystorePassword::locate(environment.map(Into::into), file).expect("a password")
}

fn opened(path_list: &str, password: &KeystorePassword) -> CredentialProviders {
    CredentialProviders::open(path_list, password).expect("the keystores are read")
}

/// Fails without showing what was found.
fn assert_secret(found: Result<Option<SecretString>, Error>, expected: Option<&str>) {
    let found = found.expect("readable");
    assert!(found.as_ref().map(ExposeSecret::expose_secret) == expected, "another secret");
}

#[test]
fn what_the_shell_puts_in_is_found() {
    let Some(hadoop) = Hadoop::new() else { return };
    let file = hadoop.path("password");
    for scheme in SCHEMES {
        for (name, from) in [
            ("environment", PasswordFrom::Environment(PASSWORD)),
            ("file", PasswordFrom::File(&file)),
            ("default", PasswordFrom::Hadoop),
        ] {
            let uri = hadoop.uri(scheme, &format!("{scheme}-{name}"));
            hadoop.shell.create(&uri, from, "FS.S3A.Secret.Ключ", "hush-schlüssel 密 😀");

            let providers = opened(&uri, &password(from));
            assert_secret(providers.get("fs.S3A.secret.КЛЮЧ"), Some("hush-schlüssel 密 😀"));
            assert_secret(providers.get("fs.s3a.access.key"), None);
            assert!(providers.missing_files().is_empty());
        }
    }
}

#[test]
fn the_first_of_two_keystores_wins() {
    let Some(hadoop) = Hadoop::new() else { return };
    let (first, second) = (hadoop.uri("jceks", "first"), hadoop.uri("localjceks", "second"));
    hadoop.shell.create(&first, PasswordFrom::Hadoop, "fs.s3a.secret.key", "hush-first");
    hadoop.shell.create(&second, PasswordFrom::Hadoop, "fs.s3a.secret.key", "hush-second");
    hadoop.shell.create(&second, PasswordFrom::Hadoop, "fs.s3a.access.key", "hush-access");

    let password = password(PasswordFrom::Hadoop);
    let missing = hadoop.uri("jceks", "missing");
    for (list, secret) in [
        (format!("{missing},{first},{second}"), "hush-first"),
        (format!("{second}, {first}, {missing}"), "hush-second"),
    ] {
        let providers = opened(&list, &password);
        assert_secret(providers.get("fs.s3a.secret.key"), Some(secret));
        assert_secret(providers.get("fs.s3a.access.key"), Some("hush-access"));
        assert_eq!(providers.missing_files(), [hadoop.path("missing")]);
    }
}

#[test]
fn one_uri_names_one_file_for_hadoop_and_for_us() {
    let Some(hadoop) = Hadoop::new() else { return };
    for (scheme, name, file) in [
        ("jceks", "a%20b%2Cü+%2525", "a b,ü+%25"),
        ("jceks", "query?part#fragment", "query?part#fragment"),
        ("jceks", "no/where/../../up", "up"),
        // Decoded twice, as Hadoop does it.
        ("localjceks", "a%2520b%252C", "a b,"),
    ] {
        let uri = hadoop.uri(scheme, name);
        hadoop.shell.create(&uri, PasswordFrom::Hadoop, "alias", "hush-here");
        let providers = opened(&uri, &password(PasswordFrom::Hadoop));
        assert_secret(providers.get("alias"), Some("hush-here"));
        assert!(hadoop.path(file).exists(), "{uri}");
    }
}

#[test]
fn a_wrong_password_is_told_from_a_file_that_was_tampered_with() {
    let Some(hadoop) = Hadoop::new() else { return };
    let (uri, file) = (hadoop.uri("jceks", "keystore"), hadoop.path("keystore"));
    let from = PasswordFrom::Environment(PASSWORD);
    hadoop.shell.create(&uri, from, "fs.s3a.secret.key", "hush-secret");
    let right = password(from);
    let fails = |password: &KeystorePassword| {
        CredentialProviders::open(&uri, password).expect_err("an error")
    };

    for wrong in [located(None, None), located(Some("hush-other"), None)] {
        let error = fails(&wrong);
        assert_eq!(error.kind(), ErrorKind::WrongPassword);
        assert_eq!(error.subject(), file.display().to_string());
        assert!(
            error.reason().contains("wrong password, or the file was tampered with"),
            "{error}"
        );
    }

    let whole = std::fs::read(&file).expect("readable");
    let mut another_alias = whole.clone();
    let at = whole.windows(6).position(|window| window == b"secret").expect("the alias");
    another_alias[at] = b'S';
    std::fs::write(&file, &another_alias).expect("written");
    let error = fails(&right);
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.reason().contains("is right, but the file was tampered with"), "{error}");

    std::fs::write(&file, &whole[..whole.len() / 2]).expect("written");
    assert_eq!(fails(&right).kind(), ErrorKind::Damaged);

    std::fs::write(&file, &whole).expect("written");
    assert_secret(opened(&uri, &right).get("fs.s3a.secret.key"), Some("hush-secret"));
}
