//! Keystores of Hadoop's own shell, read through the public interface.
//!
//! `default-password.jceks` was made by `hadoop credential create` without a password given;
//! `mixed-entries.jceks` by the same under `hush-password`, with entries of other kinds added by
//! `keytool`.

use std::path::{Path, PathBuf};

use hadoop_configuration::{CredentialProviders, Error, ErrorKind, KeystorePassword};
use secrecy::{ExposeSecret, SecretString};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn uri(file: &Path) -> String {
    format!("jceks://file{}", file.display())
}

fn password(text: &str) -> KeystorePassword {
    KeystorePassword::locate(Some(text.into()), None).expect("a password")
}

fn default_password() -> KeystorePassword {
    KeystorePassword::locate(None, None).expect("a password")
}

fn open(path_list: &str, password: &KeystorePassword) -> CredentialProviders {
    CredentialProviders::open(path_list, password).expect("keystores")
}

fn failure(path_list: &str, password: &KeystorePassword) -> Error {
    CredentialProviders::open(path_list, password).expect_err("an error")
}

/// Fails without showing what was found.
fn assert_secret(found: Result<Option<SecretString>, Error>, expected: Option<&str>) {
    let found = found.expect("readable");
    assert!(found.as_ref().map(ExposeSecret::expose_secret) == expected, "another secret");
}

#[test]
fn secrets_are_read_under_the_default_password() {
    let file = data("default-password.jceks");
    let providers = open(&uri(&file), &default_password());
    assert_secret(providers.get("fs.s3a.access.key"), Some("hush-access"));
    assert_secret(providers.get("FS.S3A.Secret.Key"), Some("hush-first"));
    assert_secret(providers.get("fs.s3a.session.token"), None);
    assert_eq!(providers.describe(), file.display().to_string());
}

#[test]
fn the_first_keystore_that_has_an_alias_wins() {
    let directory = tempfile::tempdir().expect("a directory");
    let (missing, first) = (directory.path().join("a"), data("mixed-entries.jceks"));
    let list = format!(" {} ,, {}", uri(&missing), uri(&first));
    let providers = open(&list, &password("hush-password"));
    assert_eq!(providers.missing_files(), [missing]);
    assert_eq!(providers.describe(), first.display().to_string());
    assert_secret(providers.get("fs.s3a.secret.key"), Some("hush-schlüssel-密😀"));
    assert_secret(providers.get("fs.s3a.access.key"), None);
    assert_secret(open("", &default_password()).get("fs.s3a.access.key"), None);
}

#[test]
fn an_entry_that_is_no_secret_fails_for_who_asks_for_it() {
    let file = data("mixed-entries.jceks");
    let providers = open(&uri(&file), &password("hush-password"));
    let cases = [
        ("aes", ErrorKind::Unsupported, "holds a key, not a secret"),
        ("other", ErrorKind::WrongPassword, "opens the keystore, but not this entry"),
    ];
    for (alias, kind, reason) in cases {
        let error = providers.get(alias).expect_err("an error");
        assert_eq!(error.kind(), kind);
        assert_eq!(error.subject(), format!("{alias} in {}", file.display()));
        assert!(error.reason().contains(reason), "{error}");
        assert!(error.advice().contains("`hadoop credential create`"), "{error}");
    }
    assert_secret(providers.get("server"), None);
}

#[test]
fn a_wrong_password_says_which_one_was_tried_and_how_to_give_the_right_one() {
    let file = data("mixed-entries.jceks");
    let directory = tempfile::tempdir().expect("a directory");
    let password_file = directory.path().join("password");
    std::fs::write(&password_file, "hush-other\n").expect("written");
    let in_file = KeystorePassword::locate(None, Some(&password_file)).expect("a password");
    let cases = [
        (default_password(), "hadoop's default password", "in HADOOP_CREDSTORE_PASSWORD"),
        (password("hush-other"), "HADOOP_CREDSTORE_PASSWORD", "made with"),
        (in_file, &*password_file.display().to_string(), "made with"),
    ];
    for (password, tried, advice) in cases {
        let error = failure(&uri(&file), &password);
        assert_eq!(error.kind(), ErrorKind::WrongPassword);
        assert_eq!(error.subject(), file.display().to_string());
        let expected = "wrong password, or the file was tampered with";
        assert!(error.reason().starts_with(expected), "{error}");
        assert!(error.reason().contains(tried), "{error}");
        assert!(error.advice().contains(advice), "{error}");
    }
}

#[test]
fn a_file_that_was_tampered_with_is_told_from_a_wrong_password() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("keystore");
    let mut bytes = std::fs::read(data("mixed-entries.jceks")).expect("readable");
    *bytes.last_mut().expect("a digest") ^= 1;
    std::fs::write(&file, &bytes).expect("written");
    let error = failure(&uri(&file), &password("hush-password"));
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.reason().contains("is right, but the file was tampered with"), "{error}");

    std::fs::write(&file, &bytes[..100]).expect("written");
    let error = failure(&uri(&file), &password("hush-password"));
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.reason().contains("damaged at byte"), "{error}");
}

#[test]
fn what_is_no_keystore_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let error = failure(&uri(directory.path()), &default_password());
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert_eq!(error.reason(), "it is a directory");
    assert!(std::error::Error::source(&error).is_some());

    let file = directory.path().join("keystore");
    for (content, reason) in [("", "empty"), ("hush-text", "no jceks keystore")] {
        std::fs::write(&file, content).expect("written");
        let error = failure(&uri(&file), &default_password());
        assert_eq!(error.kind(), ErrorKind::Damaged);
        assert!(error.reason().contains(reason), "{error}");
    }
}

#[test]
fn nothing_secret_is_shown() {
    let providers = open(&uri(&data("mixed-entries.jceks")), &password("hush-password"));
    let shown = format!("{providers:?} {:?} {}", password("hush-x"), password("hush-x"));
    assert!(!shown.contains("hush"), "a secret");
    assert!(shown.contains("mixed-entries.jceks"), "{shown}");
}
