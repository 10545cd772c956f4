//! Keystores that Hadoop's own shell makes hold for us what it put into them.

use std::path::{Path, PathBuf};
use std::process::Command;

use checkpoint_storage_tests::java::jars;
use hadoop_configuration::{CredentialProviders, Error, ErrorKind, KeystorePassword};
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;

const SCHEMES: [&str; 2] = ["jceks", "localjceks"];
const PASSWORD: &str = "hush-password";
const PASSWORD_FILE_KEY: &str = "hadoop.security.credstore.java-keystore-provider.password-file";

/// Where the password of a keystore comes from.
#[derive(Debug, Clone, Copy)]
enum PasswordFrom {
    Environment,
    File,
    /// Hadoop's own.
    Default,
}

/// A folder for keystores, and Hadoop's shell to make them with.
struct Hadoop {
    jars: &'static Path,
    folder: TempDir,
}

impl Hadoop {
    /// `None` where the test is to be skipped.
    fn new() -> Option<Self> {
        let jars = jars()?;
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(folder.path().join("password"), format!(" {PASSWORD}\n")).expect("written");
        Some(Self { jars, folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The provider's URI, `name` as it stands.
    fn uri(&self, scheme: &str, name: &str) -> String {
        format!("{scheme}://file{}", self.path(name).display())
    }

    /// Puts a secret into a keystore, which is made where it does not exist.
    fn create(&self, uri: &str, password: PasswordFrom, alias: &str, secret: &str) {
        let mut shell = Command::new("java");
        // Hadoop looks for the password's file on the class path.
        let class_path = [self.jars.join("*"), self.folder.path().to_owned()];
        shell
            // In the locale `C` a JVM cannot read most secrets from its arguments.
            .env("LC_ALL", "C.UTF-8")
            .env_remove("HADOOP_CREDSTORE_PASSWORD")
            .arg("-cp")
            .arg(std::env::join_paths(class_path).expect("no folder has a colon"))
            .arg("org.apache.hadoop.security.alias.CredentialShell");
        match password {
            PasswordFrom::Environment => shell.env("HADOOP_CREDSTORE_PASSWORD", PASSWORD),
            PasswordFrom::File => shell.arg("-D").arg(format!("{PASSWORD_FILE_KEY}=password")),
            PasswordFrom::Default => &mut shell,
        };
        shell.args(["create", alias, "-value", secret, "-provider", uri]);
        let output = shell.output().unwrap_or_else(|error| panic!("java: {error}"));
        let said = String::from_utf8_lossy(&output.stderr).replace(secret, "…");
        assert!(output.status.success(), "{alias} was not put into {uri}: {said}");
    }

    fn password(&self, from: PasswordFrom) -> KeystorePassword {
        let file = self.path("password");
        match from {
            PasswordFrom::Environment => located(Some(PASSWORD), None),
            PasswordFrom::File => located(None, Some(&file)),
            PasswordFrom::Default => located(None, None),
        }
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
    for scheme in SCHEMES {
        for from in [PasswordFrom::Environment, PasswordFrom::File, PasswordFrom::Default] {
            let uri = hadoop.uri(scheme, &format!("{scheme}-{from:?}"));
            hadoop.create(&uri, from, "FS.S3A.Secret.Ключ", "hush-schlüssel 密 😀");

            let providers = opened(&uri, &hadoop.password(from));
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
    hadoop.create(&first, PasswordFrom::Default, "fs.s3a.secret.key", "hush-first");
    hadoop.create(&second, PasswordFrom::Default, "fs.s3a.secret.key", "hush-second");
    hadoop.create(&second, PasswordFrom::Default, "fs.s3a.access.key", "hush-access");

    let password = hadoop.password(PasswordFrom::Default);
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
        hadoop.create(&uri, PasswordFrom::Default, "alias", "hush-here");
        let providers = opened(&uri, &hadoop.password(PasswordFrom::Default));
        assert_secret(providers.get("alias"), Some("hush-here"));
        assert!(hadoop.path(file).exists(), "{uri}");
    }
}

#[test]
fn a_wrong_password_is_told_from_a_file_that_was_tampered_with() {
    let Some(hadoop) = Hadoop::new() else { return };
    let (uri, file) = (hadoop.uri("jceks", "keystore"), hadoop.path("keystore"));
    hadoop.create(&uri, PasswordFrom::Environment, "fs.s3a.secret.key", "hush-secret");
    let right = hadoop.password(PasswordFrom::Environment);
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
