//! Servers that speak S3, what stands between them and a plugin, and what the plugin finds on them.
//!
//! - `server`: a server, a bare client of it, and a plugin's keys for it
//! - `setup`: a bucket with a configuration file, for the command line
//! - `minio`: MinIO, as `cargo xtask` builds and starts it
//! - `in_process`: s3s-fs, a second opinion that needs nothing installed
//! - `places`: namespaces on a server, for the conformance suite
//! - `proxy`: refuses requests, cuts connections and loses answers
//! - `imds`: hands out credentials as a cloud machine's metadata service does
//! - `temporary`: keys that MinIO's own token service hands out
//! - `relay`: passes requests on, except for those that it answers itself
//! - `loopback`, `http`: what the servers of this process listen with, and speak

pub mod http;
mod imds;
mod in_process;
mod loopback;
mod minio;
mod places;
mod proxy;
mod relay;
mod server;
mod setup;
mod temporary;

pub use imds::{Asked, ImdsServer};
pub use in_process::in_process;
pub use loopback::{Loopback, Nobody};
pub use minio::minio;
pub use places::S3Places;
pub use proxy::{FaultyProxy, Shares, Troubles};
pub use relay::Relay;
pub use server::{IN_PARTS, Keys, S3Server};
pub use setup::S3Setup;
pub use temporary::TemporaryKeys;

/// The server in this process, and MinIO where it can be had.
pub fn servers() -> impl Iterator<Item = &'static S3Server> {
    [Some(in_process()), minio()].into_iter().flatten()
}
