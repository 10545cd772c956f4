//! A running MinIO: on loopback, with a folder and a password of its own.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::BUCKET;
use crate::process::{Context, Error, Result};

/// The root user.
pub(super) const ACCESS_KEY: &str = "checkpoint-storage";

/// Enough for a machine that compiles at the same time.
const START_LIMIT: Duration = Duration::from_secs(60);

/// Ends, and what it stored is removed, when it is dropped.
pub(super) struct Server {
    pub(super) endpoint: String,
    pub(super) secret_key: String,
    process: Child,
    folder: TempDir,
}

impl Server {
    pub(super) fn start(program: &Path) -> Result<Self> {
        let mut attempts = 3;
        loop {
            attempts -= 1;
            let mut server = Self::spawn(program)?;
            match server.wait_until_ready() {
                // Another program may have taken the port.
                Err(_) if attempts > 0 && server.has_ended()?.is_some() => {}
                ready => return ready.map(|()| server),
            }
        }
    }

    fn spawn(program: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("checkpoint-storage-minio-").tempdir();
        let folder = folder.context("a temporary folder")?;
        let data = folder.path().join("data");
        // It takes a folder for a bucket.
        std::fs::create_dir_all(data.join(BUCKET)).context(data.display())?;
        let address = free_address()?;
        let secret_key = format!("hush-{:016x}", fastrand::u64(..));
        let log = folder.path().join("log");
        let log = File::create(&log).context(log.display())?;
        let process = Command::new(program)
            .args(["server", "--quiet", "--address", &address.to_string(), "--certs-dir"])
            .arg(folder.path().join("certs"))
            .arg(&data)
            .current_dir(folder.path())
            // Nothing of the user's changes what it does: neither variables nor files at home.
            .env_clear()
            .env("HOME", folder.path())
            .env("MINIO_ROOT_USER", ACCESS_KEY)
            .env("MINIO_ROOT_PASSWORD", &secret_key)
            // No console, which would listen on a port of its own.
            .env("MINIO_BROWSER", "off")
            .env("MINIO_UPDATE", "off")
            .env("MINIO_CALLHOME_ENABLE", "off")
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("the log")?)
            .stderr(log)
            .spawn()
            .context(program.display())?;
        Ok(Self { endpoint: format!("http://{address}"), secret_key, process, folder })
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let address = self.endpoint.trim_start_matches("http://").to_owned();
        let began = Instant::now();
        while began.elapsed() < START_LIMIT {
            // In this order: who answers after it has ended is another.
            let is_ready = is_ready(&address);
            match self.has_ended()? {
                Some(status) => return Err(self.failure(&format!("it ended ({status})"))),
                None if is_ready => return Ok(()),
                None => {}
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(self.failure(&format!("it did not answer within {START_LIMIT:?}")))
    }

    fn has_ended(&mut self) -> Result<Option<ExitStatus>> {
        self.process.try_wait().context("MinIO")
    }

    fn failure(&self, what: &str) -> Error {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let log = log.replace(&self.secret_key, "******");
        Error::new(format!("MinIO did not start: {what}\n{log}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a free port")?;
    listener.local_addr().context("a free port")
}

fn is_ready(address: &str) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(
            stream,
            "GET /minio/health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
        )?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        Ok::<_, std::io::Error>(&status == b"HTTP/1.1 200")
    };
    ask().unwrap_or(false)
}
