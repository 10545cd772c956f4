//! Finds checkpoint storage plugins, loads them, and opens the storage that a `seatunnel.yaml`
//! describes: the small kernel between engines and backends. It knows no backend.
//!
//! # Guarantees
//!
//! - Looking for plugins runs none of their code; one bad file never hides the good ones.
//! - A plugin is loaded only if its file is whole, of this machine, and of an API that fits.
//! - Every call on a [`ManagedStorage`] ends within its time-out and says what became of it
//!   (contract 8); what is made of several calls, such as a restore, within one for each, and an
//!   import for as long as it goes on.
//! - A storage that was opened read-only changes nothing.
//! - A restore takes the latest checkpoint, or fails (contract 4); which ones retention deletes is a
//!   pure function of what is stored (contract 7).
//! - All that is wrong with a configuration is told at once, with its place, and no secret.
//! - Storages with different configurations live side by side.
//!
//! # What it does not guarantee
//!
//! A plugin is native code in this process: what it does beside the interface is not contained.
//! Plugins are never unloaded, and their threads run until the process ends: with Kerberos, a process
//! that ends by way of exit handlers can abort in them, after all is done; [`exit`] runs none. A
//! plugin's log reaches the `tracing` subscriber that was set for the whole process, not one that was
//! set for a thread. Only ELF platforms are supported.
//!
//! # Map
//!
//! - `discover`, `inspect`: what lies in the plugins directory
//! - `resolve`: which plugin a configuration asks for
//! - `load`: the only module with `unsafe` code
//! - `plugin`: one that was loaded
//! - `host`, `managed`: open storages
//! - `restore`: what a job goes on from
//! - [`coordinator`](mod@coordinator): when checkpoints are taken, and what becomes of them
//! - [`config`](mod@config): `seatunnel.yaml`
//! - [`verify`](mod@verify), `read_back`: whether what is stored is what was written
//! - [`retention`](mod@retention): which checkpoints to keep, and the deletion of the others
//! - `error`: the error type

pub mod config;
pub mod coordinator;
mod discover;
mod error;
mod host;
mod inspect;
mod load;
mod managed;
mod plugin;
mod read_back;
mod resolve;
mod restore;
pub mod retention;
pub mod verify;

pub use checkpoint_storage_api::ffi::Manifest;
pub use config::{CheckpointConfig, OnCorrupt, StorageConfig, StorageSettings};
pub use coordinator::{Coordinator, CoordinatorSettings, Shutdown};
pub use discover::{Finding, Verdict};
pub use error::{Error, ErrorKind, Result};
pub use host::StorageHost;
pub use load::exit;
pub use managed::ManagedStorage;
pub use plugin::LoadedPlugin;
pub use restore::{restore_job, restore_pipeline};
