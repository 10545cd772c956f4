//! s3s-fs: S3 over a folder, in this process.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;

mod mended;

use super::loopback::Loopback;
use super::server::S3Server;
use mended::Mended;

/// The server in this process, the same for all tests in it.
pub fn in_process() -> &'static S3Server {
    static SERVER: OnceLock<(S3Server, Loopback, RemovedAtExit)> = OnceLock::new();
    let (server, ..) = SERVER.get_or_init(|| {
        let folder = RemovedAtExit::new();
        let secret_key = format!("hush-{:016x}", fastrand::u64(..));
        let files = s3s_fs::FileSystem::new(&folder.path).expect("a folder to serve");
        let mut service = S3ServiceBuilder::new(Mended::new(files));
        service.set_auth(SimpleAuth::from_single("in-process", secret_key.as_str()));
        let listener = Loopback::http(service.build());
        let endpoint = listener.url();
        let access_key = "in-process".to_owned();
        (S3Server { endpoint, access_key, secret_key }, listener, folder)
    });
    server
}

/// A temporary folder for what is never dropped: a shell removes it when this process is gone,
/// however it ended.
struct RemovedAtExit {
    path: PathBuf,
    /// Its standard input closes with this process.
    _shell: Child,
}

impl RemovedAtExit {
    fn new() -> Self {
        let path = tempfile::Builder::new().prefix("checkpoint-storage-s3s-").tempdir();
        let path = path.expect("a temporary folder").keep();
        let shell = Command::new("sh")
            .args(["-c", "cat; rm -rf \"$1\"", "sh"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What interrupts the tests does not reach it.
            .process_group(0)
            .spawn()
            .expect("a shell");
        Self { path, _shell: shell }
    }
}
