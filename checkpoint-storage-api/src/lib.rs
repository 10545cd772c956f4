//! The interface between checkpoint storages and the engines that trust them with their recovery.
//!
//! A plugin implements [`CheckpointStorage`] and [`CheckpointStorageFactory`] in safe Rust and
//! exports itself with [`export_plugin!`] (feature `plugin`). An engine calls the same traits,
//! whether the storage is linked or was loaded from a plugin. Without features this crate brings
//! no runtime along.
//!
//! # Guarantees
//!
//! What every storage owes its callers, by the numbers that tests and documentation use:
//!
//! 1. `store` returns `Ok` only when the checkpoint is complete, durable and visible.
//! 2. A reader sees a whole checkpoint or none; nothing else is ever taken for one.
//! 3. Corruption is an error that says what and why, never "not found".
//! 4. The latest checkpoint of a pipeline is the newest complete one.
//! 5. Order is the order of [`CheckpointName`]; a writer's time stamps strictly increase per job
//!    and never fall behind what is stored, whatever the clock does.
//! 6. Delete is idempotent, takes exactly what was named, and reports name by name.
//! 7. Retention (the host's part) never fails a store and never deletes the last good one or a
//!    [savepoint](CheckpointKind::Savepoint).
//! 8. Every call can be cancelled; an error says whether a retry can help and
//!    [what became of the operation](Outcome).
//! 9. Storages with different configurations live side by side.
//! 10. A [`JobId`] is kept as it is or refused; nothing leaves the namespace.
//!
//! # What it does not guarantee
//!
//! Two writers of one job at once are not ordered among each other. A store that was cancelled, or
//! that failed with [`Outcome::Unknown`], may still appear: whole, and under its own name.
//! [`PluginConfig`] values are not encrypted in memory.
//!
//! # Map
//!
//! - `model`, `name`: what is stored, under which name, in which order
//! - `listing`: queries and pure choices over a listing
//! - `storage`, `background`: the traits
//! - `maintenance`: scan, leftovers, health
//! - `config`: what a factory is opened with
//! - `error`: the error type
//! - [`ffi`]: the stable ABI, the only module with `unsafe` code

mod background;
mod config;
mod error;
pub mod ffi;
mod listing;
mod maintenance;
mod model;
mod name;
mod storage;

pub use async_trait::async_trait;
pub use bytes::{self, Bytes};
pub use futures_util::future::BoxFuture;

pub use background::{Spawn, StoreHandle};
pub use config::{ConfigKey, OpenOptions, PluginConfig};
pub use error::{Error, ErrorKind, Outcome, Result};
pub use listing::{DeleteReport, ListQuery, latest_per_pipeline, names_with_ids};
pub use maintenance::{
    Capabilities, HealthOptions, HealthStatus, HealthStep, ReclaimOptions, ReclaimReport, ScanItem,
    ScanKind,
};
pub use model::{
    Checkpoint, CheckpointEntry, CheckpointId, CheckpointKind, Integrity, JobId, PipelineId,
    PipelineState,
};
pub use name::{CheckpointName, next_timestamp};
pub use storage::{CheckpointReader, CheckpointStorage, CheckpointStorageFactory, ImportOptions};
