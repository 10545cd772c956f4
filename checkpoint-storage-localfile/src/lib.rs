//! Checkpoints on a local disk: the plugin `localfile`, and what `type: hdfs` with
//! `storage-type: local` stands for.
//!
//! Namespace, names and bytes are the Java engine's, those of its `localfile` plugin and of its
//! `hdfs` plugin on a local disk alike.
//!
//! # Guarantees
//!
//! By the numbers of the [interface's contracts](checkpoint_storage_api#guarantees):
//!
//! - 1: an acknowledged checkpoint survives a power cut: its data is synced before it is renamed
//!   into place, its directory after that, and so is every directory above it that was created for
//!   it (`sync: false` leaves all of this to the operating system).
//! - 2: what is being written has a hidden name and never replaces anything. What a writer that
//!   was killed left is removed by the next writer of the job; a file whose writer is alive is
//!   left alone: the writer holds a lock on it (`flock`).
//! - 3: the `.crc` sidecars of the Java engine are checked where they exist, and never outlive
//!   or contradict their file.
//! - 8: a dropped call stops writing at the next chunk and takes its temporary file away.
//! - 10: no link is followed below the namespace, and nothing there can stall a reader.
//! - Files are `0600`, directories `0700`, whatever the umask, unless configured otherwise.
//!
//! # What it does not guarantee
//!
//! A disk that acknowledges a sync and loses the data cannot be helped. Where a file system has no
//! locks, or keeps them from other machines that share it, dead writers are told from living ones
//! by the age of their files, or not at all. Files are not encrypted.
//!
//! # Map
//!
//! - `config`, `factory`: from keys to a storage
//! - `file_system`: the [`FileSystem`](checkpoint_storage_filesystem::FileSystem), each call on a
//!   thread that may block (`workers`)
//! - `disk`: the blocking operations, one module each; `directory`: what they build upon
//! - `sidecar`: the Java engine's checksums
//! - `failure`: what an error number means and what to do about it

mod config;
mod directory;
mod disk;
mod factory;
mod failure;
mod file_system;
mod sidecar;
mod workers;

pub use factory::LocalFileFactory;

#[cfg(feature = "plugin")]
checkpoint_storage_api::export_plugin! {
    name: "localfile",
    factory: LocalFileFactory,
    storage_types: ["local"],
    schemes: ["file"],
    deprecated: "write `type: hdfs` with `storage-type: local` instead",
}
