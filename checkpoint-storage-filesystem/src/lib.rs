//! A whole [`CheckpointStorage`](checkpoint_storage_api::CheckpointStorage) over a small
//! [`FileSystem`] trait: what the backends that keep one file per checkpoint have in common.
//!
//! A backend says how its medium publishes, reads, lists and deletes files;
//! [`FileSystemStorage`] adds names, wire format, checksums and order, byte-compatible with the
//! Java engine's `{namespace}/{jobId}/{timestamp}-{random}-{pipelineId}-{checkpointId}.ser`.
//!
//! # Guarantees
//!
//! By the numbers of the [interface's contracts](checkpoint_storage_api#guarantees):
//!
//! - 2: only a regular file whose name is a checkpoint's is ever taken for one, and nothing else
//!   that this crate writes has a name that ends in `ser`, which is what the Java engine lists.
//! - 3: whatever a file holds, reading it ends in the states that were stored or in an error that
//!   says at which byte it is wrong; states are never copied on the way.
//! - 5: a writer's time stamps strictly increase per job and exceed those that it finds stored.
//! - 6: delete takes what was named; a job's foreign and quarantined files outlive the job.
//! - After close, and where a storage was opened read-only, nothing is touched any more.
//!
//! # What it does not guarantee
//!
//! Durability, atomicity and verdicts on living writers are the [`FileSystem`]'s. Files that the
//! Java engine wrote carry no checksum: only damage that their form shows is found in them.
//! Checksums are computed where the call is polled (64 MiB take a few milliseconds), those of
//! large states not in its first poll. No runtime is started and none is needed, unless the
//! [`FileSystem`] needs one.
//!
//! # Map
//!
//! - [`naming`]: which file is what, by its name
//! - [`codec`]: the bytes of a checkpoint
//! - [`health`]: what trying a medium saw, step by step
//! - `sequence`: time stamps (contract 5)
//! - `environment`: clock and random numbers; `clock` compares clocks
//! - `filesystem`: the trait that a backend implements
//! - `storage`: the storage; its parts are `store`, `delete`, `import`, `reader`, `leftover`,
//!   `maintenance`, `gate`

mod clock;
pub mod codec;
mod delete;
mod environment;
mod filesystem;
mod gate;
pub mod health;
mod import;
mod leftover;
mod maintenance;
pub mod naming;
mod reader;
mod sequence;
mod storage;
mod store;

pub use clock::ClockDifference;
pub use environment::Environment;
pub use filesystem::{
    CAPABILITIES, ChunkReader, Directory, FileEntry, FileSystem, FileType, IsEnough, Upload, Writer,
};
pub use storage::{FileSystemStorage, StorageOptions};
