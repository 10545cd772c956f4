//! MinIO, as `cargo xtask` builds and starts it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use super::server::S3Server;
use crate::{cargo, repository, skip};

/// What `cargo xtask minio` prints, where `cargo xtask test` has started one for all tests.
const SERVER: &str = "CHECKPOINT_STORAGE_MINIO";
/// Why there is none, where `cargo xtask test` could not.
const WITHOUT: &str = "CHECKPOINT_STORAGE_WITHOUT_MINIO";

enum Minio {
    At(S3Server),
    /// Started for this process alone: it ends when its standard input closes.
    Own(S3Server, #[expect(dead_code, reason = "it holds the standard input")] Child),
    Without(String),
}

/// MinIO; where there is none, `None` after the test was reported as skipped.
pub fn minio() -> Option<&'static S3Server> {
    static MINIO: OnceLock<Minio> = OnceLock::new();
    match MINIO.get_or_init(find) {
        Minio::At(server) | Minio::Own(server, _) => Some(server),
        Minio::Without(reason) => {
            skip(&format!("no MinIO: {reason}"));
            None
        }
    }
}

fn find() -> Minio {
    if let Ok(reason) = std::env::var(WITHOUT) {
        return Minio::Without(reason);
    }
    match std::env::var(SERVER) {
        Ok(line) => match told(&line) {
            Ok(server) => Minio::At(server),
            Err(reason) => Minio::Without(reason),
        },
        Err(_) => start(),
    }
}

fn start() -> Minio {
    let mut process = cargo()
        .current_dir(repository())
        .args(["run", "--quiet", "--locked", "--package=xtask", "--", "minio"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // What interrupts the tests does not reach it: it ends by itself.
        .process_group(0)
        .spawn()
        .expect("cargo can be run");
    let output = process.stdout.take().expect("piped");
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).expect("readable");
    match told(&line) {
        Ok(server) => Minio::Own(server, process),
        Err(reason) => Minio::Without(reason),
    }
}

/// The server that a line of `cargo xtask minio` tells of, or why there is none.
fn told(line: &str) -> Result<S3Server, String> {
    // The line holds a secret, which no message must show.
    let told: Value = serde_json::from_str(line).expect("`cargo xtask minio` prints JSON");
    let text = |key: &str| told[key].as_str().map(str::to_owned);
    if let Some(reason) = text("without") {
        return Err(reason);
    }
    let text = |key: &str| text(key).expect("`cargo xtask minio` tells of a server");
    Ok(S3Server {
        endpoint: text("endpoint"),
        access_key: text("access_key"),
        secret_key: text("secret_key"),
    })
}
