//! Checkpoints on S3 and on what speaks its protocol: the plugin `s3`, and what `type: hdfs` with
//! `storage-type: s3` stands for.
//!
//! Keys, names and bytes are those that the Java engine writes by way of Hadoop's S3A, and so are
//! the keys of the configuration.
//!
//! # Guarantees
//!
//! By the numbers of the [interface's contracts](checkpoint_storage_api#guarantees):
//!
//! - 1: an acknowledged checkpoint is one that S3 has acknowledged: one request, or a multipart
//!   upload that was completed.
//! - 2: nothing is visible before that. Names are created, never replaced, where the server knows
//!   `If-None-Match`; elsewhere the name is looked at first where it was not made for this store.
//! - 3: what comes is as long as the server says, a connection that breaks is taken up where it
//!   broke, and only in the same object. The checksum within the file is checked at the end.
//! - 6: many names are deleted in one request, and each has its own answer.
//! - 8: an answer that was lost is settled by reading back what is there. Where that does not
//!   settle it the error says that the outcome is unknown. A dropped call aborts its upload in the
//!   background; [`close`](checkpoint_storage_api::CheckpointStorage::close) waits for that.
//! - 9: storages share no connections, no retries, no credentials.
//! - 10: a job id whose keys would be too long is refused before anything is sent. Every key begins
//!   with the namespace.
//! - States are sent from the caller's memory, and read into memory once.
//!
//! # What it does not guarantee
//!
//! A server that acknowledges and forgets, or lists what it has with delay or out of order, cannot be
//! helped: a directory bucket of S3 Express is such a one. One that knows no `If-None-Match` and does
//! not say so may let a writer replace the object of another that chose the very same name. Parts of
//! uploads whose writer was killed stay until leftovers are reclaimed: a rule of the bucket that
//! aborts incomplete uploads does the same.
//!
//! # Map
//!
//! - `config`, `factory`: from keys to a storage
//! - `client`: the SDK's client: HTTP, credentials, retries
//! - `file_system`: the [`FileSystem`](checkpoint_storage_filesystem::FileSystem)
//! - `bucket`: the operations, one module each
//! - `keyspace`, `body`: names of objects, bytes of requests
//! - `failure`: what an answer means and what to do about it
//! - `clock`, `waits`: what time it is at the server, how long is waited for it

mod body;
mod bucket;
mod client;
mod clock;
mod config;
mod factory;
mod failure;
mod file_system;
mod keyspace;
mod waits;

pub use factory::S3Factory;

#[cfg(feature = "plugin")]
checkpoint_storage_api::export_plugin! {
    name: "s3",
    factory: S3Factory,
    storage_types: ["s3"],
    schemes: ["s3a", "s3n", "s3"],
}
