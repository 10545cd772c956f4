//! Checkpoints on HDFS: the plugin `hdfs`, and what `type: hdfs` with a `fs.defaultFS` of
//! `hdfs://…` stands for.
//!
//! Namespace, names and bytes are those that the Java engine writes by way of Hadoop's own client.
//!
//! # Guarantees
//!
//! By the numbers of the [interface's contracts](checkpoint_storage_api#guarantees):
//!
//! - 1: an acknowledged checkpoint was written, closed (which syncs the last packet of each block)
//!   and renamed.
//! - 2: what is being written has a hidden name, and no rename replaces anything.
//! - 8: every step of a call ends in a third of its time, 8 s at the most, so that something else can be tried: another
//!   NameNode, or the whole file under another temporary name. A rename whose answer was lost is
//!   settled by reading back what is there; where that does not settle it the error says so.
//! - 9: storages share no client, no connection to a NameNode, and no login.
//!
//! # What it does not guarantee
//!
//! A store is acknowledged with fewer replicas than configured, down to one, where DataNodes fail that
//! the NameNode still counts on: see `docs/hdfs.md`. A block that is corrupt on every DataNode is
//! reported as DataNodes that fail, not as [`Corrupt`](checkpoint_storage_api::ErrorKind::Corrupt).
//! Whether a writer is alive cannot be told: what it left unfinished is reclaimed by its age. Files
//! in an encryption zone cannot be read or written.
//!
//! # Map
//!
//! - `config`, `factory`: from keys and Hadoop's files to a storage
//! - `cluster`, `contact`: the client, and whether NameNodes answer
//! - `deadline`, `retries`: how long a call may take, and when it is tried again
//! - `file_system`: the [`FileSystem`](checkpoint_storage_filesystem::FileSystem)
//! - `files`: the operations
//! - `failure`: what an error means and what to do about it

mod cluster;
mod config;
mod contact;
mod deadline;
mod factory;
mod failure;
mod file_system;
mod files;
mod retries;

pub use factory::HdfsFactory;

#[cfg(feature = "plugin")]
checkpoint_storage_api::export_plugin! {
    name: "hdfs",
    factory: HdfsFactory,
    storage_types: [],
    schemes: ["hdfs", "viewfs"],
}
