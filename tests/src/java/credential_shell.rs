//! Hadoop's own shell for keystores of credentials.

use std::path::Path;
use std::process::Command;

use super::jars;

const PASSWORD: &str = "HADOOP_CREDSTORE_PASSWORD";
const PASSWORD_FILE: &str = "hadoop.security.credstore.java-keystore-provider.password-file";

/// Where Hadoop gets the password of a keystore from. It has no `Debug`, which would show it.
#[derive(Clone, Copy)]
pub enum PasswordFrom<'a> {
    /// The environment.
    Environment(&'a str),
    /// A file.
    File(&'a Path),
    /// Hadoop itself, which has one for who gives none.
    Hadoop,
}

/// The shell, from the jars that the engine's plugins bring.
pub struct CredentialShell {
    jars: &'static Path,
}

impl CredentialShell {
    /// `None`, and the reason shown, where the test is to be skipped.
    pub fn new() -> Option<Self> {
        Some(Self { jars: jars()? })
    }

    /// Puts a secret into the keystore that a provider's URI names, which is made where it does not
    /// exist.
    pub fn create(&self, uri: &str, password: PasswordFrom<'_>, alias: &str, secret: &str) {
        let mut shell = Command::new("java");
        // In the locale `C` a JVM cannot read most secrets from its arguments.
        shell.env("LC_ALL", "C.UTF-8").env_remove(PASSWORD);
        let mut class_path = vec![self.jars.join("*")];
        let mut options = Vec::new();
        match password {
            PasswordFrom::Environment(password) => drop(shell.env(PASSWORD, password)),
            PasswordFrom::File(file) => {
                // Hadoop looks for its name on the class path.
                class_path.push(file.parent().expect("a folder").to_owned());
                let name = file.file_name().expect("a name").display();
                options.extend(["-D".to_owned(), format!("{PASSWORD_FILE}={name}")]);
            }
            PasswordFrom::Hadoop => {}
        }
        shell
            .arg("-cp")
            .arg(std::env::join_paths(class_path).expect("no folder has a colon"))
            .arg("org.apache.hadoop.security.alias.CredentialShell")
            .args(options)
            .args(["create", alias, "-value", secret, "-provider", uri]);
        let output = shell.output().unwrap_or_else(|error| panic!("java: {error}"));
        let said = String::from_utf8_lossy(&output.stderr).replace(secret, "…");
        assert!(output.status.success(), "{alias} was not put into {uri}: {said}");
    }
}
