//! Secrets in keystores that Hadoop's own shell makes.

use checkpoint_storage_tests::java::{CredentialShell, PasswordFrom};
use checkpoint_storage_tests::run;

use crate::place::{ACCESS_KEY, CONFIGURATION, FAILED, Place, SECRET_KEY};

const PATH: &str = "hadoop.security.credential.provider.path";
const S3_PATH: &str = "fs.s3a.security.credential.provider.path";
const PASSWORD_FILE: &str = "hadoop.security.credstore.java-keystore-provider.password-file";
const PASSWORD: &str = "HADOOP_CREDSTORE_PASSWORD";

/// A place with a keystore, and Hadoop's shell to fill it with.
struct Store {
    place: Place,
    shell: CredentialShell,
}

impl Store {
    /// `None` where the test is to be skipped.
    fn new() -> Option<Self> {
        Some(Self { shell: CredentialShell::new()?, place: Place::new()? })
    }

    fn file(&self) -> String {
        self.place.path("s3.jceks").display().to_string()
    }

    fn uri(&self) -> String {
        format!("jceks://file{}", self.file())
    }

    /// Puts a secret into the keystore; without a password, under Hadoop's own.
    fn create(&self, alias: &str, secret: &str, password: Option<&str>) {
        let password = password.map_or(PasswordFrom::Hadoop, PasswordFrom::Environment);
        self.shell.create(&self.uri(), password, alias, secret);
    }

    /// The access key in the configuration, and its secret in the keystore that `path` names.
    fn configure(&self, path: (&str, &str), more: &[(&str, &str)]) {
        let id = (ACCESS_KEY, self.place.server().access_key.as_str());
        self.place.configure(&[&[id, path], more].concat());
    }
}

#[test]
fn a_secret_lies_in_a_keystore() {
    let Some(store) = Store::new() else { return };
    let secret = store.place.server().secret_key.clone();
    store.create(SECRET_KEY, &secret, Some("hush-password"));
    store.configure((PATH, &store.uri()), &[]);
    let password = [(PASSWORD, "hush-password")];
    store.place.stores(&password);
    run(&mut store.place.command(&["config", "check", "--strict"], &password));

    let file = store.place.path("password");
    std::fs::write(&file, "hush-password\n").expect("written");
    let file = file.to_str().expect("UTF-8");
    store.configure((PATH, &store.uri()), &[(PASSWORD_FILE, file)]);
    store.place.stores(&[]);
}

#[test]
fn an_alias_of_the_bucket_comes_before_the_general_one() {
    let Some(store) = Store::new() else { return };
    let secret = store.place.server().secret_key.clone();
    store.create(SECRET_KEY, "hush-general", None);
    store.configure((S3_PATH, &store.uri()), &[]);
    store.place.refused(&[], FAILED, &["SignatureDoesNotMatch"]);
    store.create(&format!("fs.s3a.bucket.{}.secret.key", store.place.bucket()), &secret, None);
    store.place.stores(&[]);
}

#[test]
fn what_is_wrong_with_a_keystore_is_told_with_its_file() {
    let Some(store) = Store::new() else { return };
    let file = store.file();
    store.configure((PATH, &store.uri()), &[]);
    store.place.refused(&[], CONFIGURATION, &[&file, "does not exist", "`fs.s3a.secret-key`"]);

    store.create("fs.s3a.other.key", "hush-other", Some("hush-password"));
    let password = [(PASSWORD, "hush-password")];
    let parts = ["`fs.s3a.secret-key`", &file, "hadoop credential create fs.s3a.secret.key"];
    store.place.refused(&password, CONFIGURATION, &parts);

    let parts = [&*file, "wrong password", PASSWORD];
    store.place.refused(&[], CONFIGURATION, &parts);
    store.place.refused(&[(PASSWORD, "hush-wrong")], CONFIGURATION, &parts);

    let mut bytes = std::fs::read(&file).expect("readable");
    let at = bytes.windows(5).position(|window| window == b"other").expect("the alias");
    bytes[at] ^= 1;
    std::fs::write(&file, &bytes).expect("written");
    let parts = [&*file, "tampered with", "restore the file"];
    store.place.refused(&password, CONFIGURATION, &parts);
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&file, &bytes).expect("written");
    store.configure((S3_PATH, &store.uri()), &[]);
    let parts = [&*file, "damaged", "restore the file", S3_PATH];
    store.place.refused(&password, CONFIGURATION, &parts);

    store.configure((PATH, "jceks://hdfs@namenode/s3.jceks"), &[]);
    store.place.refused(&[], CONFIGURATION, &["hdfs@namenode", "jceks://file/PATH", PATH]);
    store.configure((PATH, &store.uri()), &[(PASSWORD_FILE, "/no/such/file")]);
    store.place.refused(&[], CONFIGURATION, &["/no/such/file", PASSWORD_FILE]);
}
