//! A Kerberos realm on this machine, for the tests: its own database, its own KDC on loopback, and
//! keytabs for who takes part. Nothing of the system's is read or changed.
//!
//! Whoever needs it runs `cargo xtask kdc` as a child: a [service](crate::service).

mod realm;

use std::fs::File;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::ports;
use crate::process::{Context, Error, Result, tied};
use crate::service::{refuse, serve};
use crate::tools::{self, KERBEROS};
pub(crate) use realm::Realm;

const START_LIMIT: Duration = Duration::from_secs(30);

/// Serves until standard input closes. `stop` and `start` end the KDC and let it go on.
pub(crate) fn run(folder: Option<PathBuf>) -> Result<()> {
    if let Some(reason) = missing() {
        return refuse(reason);
    }
    let temporary = || tempfile::Builder::new().prefix("checkpoint-storage-kdc-").tempdir();
    let folder = match folder {
        Some(folder) => folder,
        None => temporary().context("a temporary folder")?.keep(),
    };
    let folder = Removed(folder);
    let mut kdc = Kdc::start(&folder.0)?;
    serve(&kdc.realm.told(), |line| {
        match line {
            "stop" => kdc.stop(),
            "start" => kdc.listen()?,
            other => return Err(Error::new(format!("there is no command `{other}`"))),
        }
        Ok(String::new())
    })
}

/// What is missing, if there can be no realm.
pub(crate) fn missing() -> Option<String> {
    (!KERBEROS.is_there()).then(|| format!("{} is missing", KERBEROS.name))
}

fn program(name: &str) -> Result<PathBuf> {
    tools::program(name).ok_or_else(|| Error::new(format!("there is no {name}")))
}

/// A folder that is not left behind, whoever made it.
struct Removed(PathBuf);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A realm and the server that gives out its tickets, which ends when this is dropped.
pub(crate) struct Kdc {
    pub(crate) realm: Realm,
    port: u16,
    process: Option<Child>,
}

impl Kdc {
    /// Makes the realm in a folder and starts the server.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let port = ports::free(1)?[0];
        let realm = Realm::create(folder, port)?;
        let mut kdc = Self { realm, port, process: None };
        kdc.listen()?;
        Ok(kdc)
    }

    fn listen(&mut self) -> Result<()> {
        let log = self.realm.folder().join("krb5kdc.log");
        let output = File::options().create(true).append(true).open(&log).context(log.display())?;
        let mut command = tied(program("krb5kdc")?);
        self.realm.set_environment(&mut command);
        let process = command
            .args(["-n", "-r", realm::NAME])
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("the log")?)
            .stderr(output)
            .spawn()
            .context("krb5kdc")?;
        let process = self.process.insert(process);
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            let ended = process.try_wait().context("krb5kdc")?;
            if ended.is_some() || began.elapsed() > START_LIMIT {
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                return Err(Error::new(format!("krb5kdc does not listen\n{log}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Drop for Kdc {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Realm {
    /// What tests and users need to know of it.
    pub(crate) fn told(&self) -> Value {
        json!({
            "realm": realm::NAME,
            "krb5_conf": self.krb5_conf(),
            "keytabs": self.folder(),
        })
    }
}
