//! Kerberos: a realm for this process.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::service::Service;
use crate::skip;

/// The folder of the realm, in a process that has one.
const REALM: &str = "CHECKPOINT_STORAGE_REALM";
/// What the libraries of Kerberos read, once for each process.
const CONFIGURATION: &str = "KRB5_CONFIG";
/// What of the user's they would read beside it.
const OF_THE_USER: [&str; 3] = ["KRB5CCNAME", "KRB5_KTNAME", "KRB5_CLIENT_KTNAME"];

/// Who is in the realm, with a keytab of his own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// The one who stores.
    Client,
    /// Somebody else.
    Other,
    /// One whose tickets expire after 30 s.
    Short,
}

impl User {
    /// The name by which HDFS knows him.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Other => "other",
            Self::Short => "short",
        }
    }
}

/// A realm and its KDC, which ends with this process.
pub struct Kdc {
    service: Service,
    folder: PathBuf,
}

/// The realm of this process. Where there can be none, `None` after the test was reported as
/// skipped.
///
/// The libraries of Kerberos find a realm by the process's environment alone, and Rust can only set
/// that safely for another process. So the first test that asks ends what runs here: the process
/// begins again, as it was called, in an environment that names the realm. Tests that ask are best
/// kept in a binary of their own. Its children inherit the environment.
pub fn kdc() -> Option<&'static Kdc> {
    static KDC: OnceLock<Result<Kdc, String>> = OnceLock::new();
    let kdc = KDC.get_or_init(|| {
        // Only the first of several tests gets here.
        let folder = std::env::var_os(REALM).unwrap_or_else(begin_again);
        Kdc::start(folder.into())
    });
    kdc.as_ref().map_err(|reason| skip(reason)).ok()
}

fn begin_again() -> OsString {
    let folder = tempfile::Builder::new().prefix("checkpoint-storage-realm-").tempdir();
    // It is removed with the realm.
    let folder = folder.expect("a temporary directory").keep();
    let this = std::env::current_exe().expect("the tests are a program");
    let mut command = Command::new(this);
    command.args(std::env::args_os().skip(1));
    command.env(REALM, &folder).env(CONFIGURATION, folder.join("krb5.conf"));
    for variable in OF_THE_USER {
        command.env_remove(variable);
    }
    panic!("the tests cannot begin again: {}", command.exec());
}

impl Kdc {
    fn start(folder: PathBuf) -> Result<Self, String> {
        let arguments = ["kdc".to_owned(), format!("--folder={}", folder.display())];
        let service = Service::start(&arguments).map_err(|reason| format!("no KDC: {reason}"))?;
        Ok(Self { service, folder })
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A user's principal.
    pub fn principal(&self, user: User) -> String {
        format!("{}@{}", user.name(), self.realm())
    }

    /// A user's keytab.
    pub fn keytab(&self, user: User) -> PathBuf {
        self.folder.join(format!("{}.keytab", user.name()))
    }

    /// The principal of NameNodes and DataNodes.
    pub fn service(&self) -> String {
        format!("hdfs/localhost@{}", self.realm())
    }

    /// Ends the KDC: nobody gets tickets any more.
    pub fn stop(&self) {
        self.command("stop");
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.command("start");
    }

    fn realm(&self) -> &str {
        self.service.told()["realm"].as_str().expect("`cargo xtask kdc` tells of it")
    }

    fn command(&self, command: &str) {
        self.service.ask(command).unwrap_or_else(|error| panic!("{command}: {error}"));
    }
}
