//! MinIO, as `cargo xtask` builds and starts it.

use std::sync::OnceLock;

use serde_json::Value;

use super::server::S3Server;
use crate::service::Service;
use crate::skip;

/// What `cargo xtask minio` prints, where `cargo xtask test` has started one for all tests.
const SERVER: &str = "CHECKPOINT_STORAGE_MINIO";
/// Why there is none, where `cargo xtask test` could not.
const WITHOUT: &str = "CHECKPOINT_STORAGE_WITHOUT_MINIO";

/// MinIO; where there is none, `None` after the test was reported as skipped.
pub fn minio() -> Option<&'static S3Server> {
    static MINIO: OnceLock<Result<(S3Server, Option<Service>), String>> = OnceLock::new();
    match MINIO.get_or_init(find) {
        Ok((server, _)) => Some(server),
        Err(reason) => {
            skip(&format!("no MinIO: {reason}"));
            None
        }
    }
}

/// The server, and what keeps it running where it was started for this process alone; or why there
/// is none.
fn find() -> Result<(S3Server, Option<Service>), String> {
    if let Ok(reason) = std::env::var(WITHOUT) {
        return Err(reason);
    }
    // What is told holds a secret, which no message must show.
    let (told, service): (Value, _) = match std::env::var(SERVER) {
        Ok(line) => (serde_json::from_str(&line).expect("`cargo xtask minio` prints JSON"), None),
        Err(_) => {
            let service = Service::start(&["minio".to_owned()])?;
            (service.told().clone(), Some(service))
        }
    };
    let text =
        |key: &str| told[key].as_str().expect("`cargo xtask minio` tells of a server").to_owned();
    let server = S3Server {
        endpoint: text("endpoint"),
        access_key: text("access_key"),
        secret_key: text("secret_key"),
    };
    Ok((server, service))
}
